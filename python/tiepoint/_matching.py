# SPDX-License-Identifier: Apache-2.0
"""Matches of two photographs, and how the camera moved between them."""

from __future__ import annotations

import dataclasses
import functools
import os
from typing import Any, Sequence, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _tiepoint
from ._features import Features, models_folder

# fx, fy, cx, cy in pixels, or the matrix K (3 x 3).
Camera = Union[Sequence[float], NDArray[Any]]


class Matches:
    """Mutual nearest neighbours among the descriptors of two photographs, each
    with a weight that says how right it is. Arrays are read-only views.

    The constructor takes matches of other programs:

    indices  M x 2: keypoint of the first, keypoint of the second photograph
    weights  M numbers from 0 (left out) to 1; None: all 1
    """

    __slots__ = ("_core",)

    def __init__(self, indices: ArrayLike, weights: ArrayLike | None = None) -> None:
        pairs = np.asarray(indices)
        if pairs.size == 0:
            pairs = pairs.reshape(0, 2).astype(np.int32)
        if pairs.dtype.kind not in "iu":
            raise ValueError(f"indices: must be integers, not {pairs.dtype}")
        if weights is None:
            weights = np.ones(len(pairs))
        self._core = _tiepoint.MatchSet(
            pairs.astype(np.int32), np.asarray(weights, dtype=np.float32)
        )

    @classmethod
    def _of(cls, core: _tiepoint.MatchSet) -> Matches:
        matches = cls.__new__(cls)
        matches._core = core
        return matches

    @property
    def indices(self) -> NDArray[np.int32]:
        """M x 2: keypoint of the first, keypoint of the second photograph."""
        return self._core.indices

    @property
    def weights(self) -> NDArray[np.float32]:
        """M: 0 (left out by the filter) to 1 (certainly right)."""
        return self._core.weights

    @property
    def kept(self) -> NDArray[np.bool_]:
        """M: the weight is above 0."""
        return self._core.weights > 0

    @property
    def similarity(self) -> NDArray[np.float32]:
        """M: 1 - d^2 / 2 of the descriptors' distance d (the cosine, for
        descriptors of length 1)."""
        return self._core.similarity

    @property
    def ratio(self) -> NDArray[np.float32]:
        """M: distance divided by that to the second nearest (Lowe); 1: none."""
        return self._core.ratio

    def __len__(self) -> int:
        return len(self._core)

    def __repr__(self) -> str:
        kept = np.count_nonzero(self.weights)
        return f"<Matches: {len(self)} mutual, {kept} kept>"


@dataclasses.dataclass(frozen=True, eq=False)
class RelativePose:
    """What relative_pose() found.

    success     is there an answer?
    reason      if not, why; else what the matches leave open
    model       "essential", "fundamental" or "homography"
    R           3 x 3, cam2_from_cam1: X2 = R X1 + t; None without a pose
    t           3, of length 1 (the true length cannot be known); None where the
                matches do not tell the direction of motion (pure rotation)
    E           3 x 3, x2' E x1 = 0 in normalised coordinates; None unless asked
    F           3 x 3, x2' F x1 = 0 in pixels; None unless asked
    H           3 x 3, x2 ~ H x1 in pixels; None unless asked
    inliers     M bool: the match is within max_error
    weights     M float32: of the matches, as the answer counts them
    scene       what the inliers show: "depth" (only an epipolar geometry
                explains them), "plane", "rotation", "unknown"
    confidence  with a pose: the probability that it is right within 5 degrees
    """

    success: bool
    reason: str
    model: str
    R: NDArray[np.float64] | None
    t: NDArray[np.float64] | None
    E: NDArray[np.float64] | None
    F: NDArray[np.float64] | None
    H: NDArray[np.float64] | None
    inliers: NDArray[np.bool_]
    weights: NDArray[np.float32]
    scene: str
    confidence: float

    @property
    def rotation_angle(self) -> float:
        """Of R, radians in [0, pi]; nan without a pose."""
        if self.R is None:
            return float("nan")
        return float(np.arccos(np.clip((np.trace(self.R) - 1) / 2, -1, 1)))

    def __repr__(self) -> str:
        count = f"{np.count_nonzero(self.inliers)} of {len(self.inliers)} inliers"
        if not self.success:
            return f"<RelativePose: no {self.model}: {self.reason}>"
        if self.R is None or self.t is None:
            return f"<RelativePose: {self.model}, {count}>"
        t = ", ".join(f"{x:+.3f}" for x in self.t)
        return (
            f"<RelativePose: {self.model}, {count}, rotation "
            f"{np.degrees(self.rotation_angle):.2f} degrees, t ({t}), "
            f"confidence {self.confidence:.2f}>"
        )


@functools.lru_cache(maxsize=2)
def _classifier(path: str) -> _tiepoint.Classifier:
    return _tiepoint.Classifier(path)


def _usual_ratio(preset: str) -> float:
    try:
        return _tiepoint.usual_ratio(preset)
    except ValueError:  # features of another program
        return 0.8


def _camera(camera: Camera | None) -> Tuple[float, float, float, float] | None:
    if camera is None:
        return None
    numbers = np.asarray(camera, dtype=np.float64)
    if numbers.shape == (3, 3):
        if numbers[0, 1] != 0 or np.any(numbers[2] != (0, 0, 1)):
            raise ValueError("camera: K must have no skew and a last row 0 0 1")
        numbers = numbers[[0, 1, 0, 1], [0, 1, 2, 2]]
    if numbers.shape != (4,):
        raise ValueError("camera: must be (fx, fy, cx, cy) or K (3 x 3), in pixels")
    fx, fy, cx, cy = (float(x) for x in numbers)
    return fx, fy, cx, cy


def match(
    f1: Features,
    f2: Features,
    filter: str = "learned",
    ratio: float | None = None,
    camera1: Camera | None = None,
    camera2: Camera | None = None,
    models: str | os.PathLike[str] | None = None,
) -> Matches:
    """Matches features of two photographs: mutual nearest neighbours, weighed.

    filter   what tells right matches from wrong ones: "learned" (a network that
             sees all matches at once), "ratio" (Lowe's), "gms", or "none"
    ratio    of filter "ratio": largest ratio of the nearest and the second
             distance, 0..1; None: the usual one of the features' preset
    camera1, camera2
             (fx, fy, cx, cy) in pixels or K (3 x 3), for "learned"; None:
             guessed from the size of the image
    models   folder of the weights, as for load_model()

    ValueError: descriptors of different lengths, an unknown filter, a camera
    that cannot be, or no size of the image where one is needed.
    """
    if ratio is None:
        ratio = _usual_ratio(f1.preset)
    elif not 0 < ratio <= 1:
        raise ValueError("ratio: must be above 0 and at most 1")
    classifier = None
    if filter == "learned":
        path = _tiepoint.find_model(models_folder(models), "correspondence")
        classifier = _classifier(path)
    return Matches._of(
        _tiepoint.match(
            f1._core,
            f2._core,
            filter,
            ratio,
            _camera(camera1),
            _camera(camera2),
            classifier,
        )
    )


def relative_pose(
    f1: Features,
    f2: Features,
    matches: Matches | ArrayLike,
    camera1: Camera | None = None,
    camera2: Camera | None = None,
    model: str | None = None,
    max_error: float = 1.5,
    confidence: float = 0.9999,
    max_iterations: int = 10000,
    seed: int = 0,
) -> RelativePose:
    """How the second camera stands to the first, from matches.

    matches     of match(), or an array M x 2 of indices; those of weight 0 are
                left out of the search, but may be inliers
    camera1, camera2
                (fx, fy, cx, cy) in pixels or K (3 x 3), without distortion
    model       "essential" (gives R and t; needs both cameras), "fundamental" or
                "homography"; None: essential with both cameras, else fundamental
    max_error   largest error of an inlier, pixels
    confidence  of the search: probability of having seen the best model
    max_iterations, seed
                of the search; the same seed gives the same answer

    No pose is a result (success, reason). ValueError: input that cannot be used.
    """
    if not isinstance(matches, Matches):
        matches = Matches(matches)
    first, second = _camera(camera1), _camera(camera2)
    if model is None:
        known = first is not None and second is not None
        model = "essential" if known else "fundamental"
    found = _tiepoint.relative_pose(
        f1._core,
        f2._core,
        matches._core,
        first,
        second,
        model,
        max_error,
        confidence,
        max_iterations,
        seed,
    )
    matrix = found.pop("matrix")
    found.update(dict.fromkeys("EFH"))
    found[model[0].upper()] = matrix
    return RelativePose(**found)
