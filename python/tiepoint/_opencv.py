# SPDX-License-Identifier: Apache-2.0
"""What code written for cv2.SIFT_create() calls."""

from __future__ import annotations

import importlib
from typing import Any, List, NamedTuple, Tuple

import numpy as np
from numpy.typing import NDArray

from ._features import Extractor, Features, load_model

_CV_32F = 5
_NORM_L2 = 4


class KeyPoint(NamedTuple):
    """cv2.KeyPoint where OpenCV's Python is not installed: `pt` in pixels,
    `size` is the diameter (2 sigma), `angle` degrees in [0, 360)."""

    pt: Tuple[float, float]
    size: float
    angle: float
    response: float
    octave: int = 0
    class_id: int = -1


def _key_point_type() -> Any:
    try:
        return importlib.import_module("cv2").KeyPoint
    except ImportError:
        return None


def _key_points(features: Features) -> List[Any]:
    cv2_key_point = _key_point_type()
    degrees = np.degrees(features.angles) % 360
    columns = zip(
        features.keypoints.tolist(),
        (2 * features.scales).tolist(),
        degrees.tolist(),
        features.scores.tolist(),
    )
    if cv2_key_point is None:
        return [KeyPoint((x, y), *rest) for (x, y), *rest in columns]
    return [cv2_key_point(x, y, *rest) for (x, y), *rest in columns]


class Feature2D:
    """Stands where an object of cv2.SIFT_create() stood; see create()."""

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor

    def detectAndCompute(
        self, image: NDArray[Any], mask: NDArray[Any] | None = None
    ) -> Tuple[List[Any], NDArray[np.float32]]:
        """Keypoints and descriptors of an image as cv2.imread gives it.

        image  H x W (gray) or H x W x 3 (blue, green, red), uint8, uint16 or
               float32 (0..255)
        mask   H x W: keypoints where it is 0 are dropped (after the choice of
               the strongest)

        Returns a list of N cv2.KeyPoint (tiepoint.KeyPoint without OpenCV),
        strongest first, `size` the diameter in pixels, `angle` in degrees; and
        an array N x 128 of float32 (ORB, AKAZE: one bit a number).
        """
        features = self._extractor(image, colour="bgr")
        key_points = _key_points(features)
        descriptors: NDArray[np.float32] = features.descriptors
        if mask is not None:
            mask = np.asarray(mask)
            width, height = features.image_size
            if mask.shape != (height, width):
                raise ValueError(f"mask: must be of shape ({height}, {width})")
            x, y = np.rint(features.keypoints).astype(int).T
            inside = mask[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] != 0
            key_points = [k for k, kept in zip(key_points, inside) if kept]
            descriptors = descriptors[inside]
        if not descriptors.flags.writeable:
            # As OpenCV's: the caller may change it.
            descriptors = descriptors.copy()
        return key_points, descriptors

    def detect(
        self, image: NDArray[Any], mask: NDArray[Any] | None = None
    ) -> List[Any]:
        """The keypoints alone."""
        return self.detectAndCompute(image, mask)[0]

    def descriptorSize(self) -> int:
        """Numbers in a descriptor."""
        descriptor = self._extractor.steps.rsplit("/", 1)[-1]
        return {"orb": 256, "akaze": 488, "none": 0}.get(descriptor, 128)

    def descriptorType(self) -> int:
        """cv2.CV_32F."""
        return _CV_32F

    def defaultNorm(self) -> int:
        """cv2.NORM_L2."""
        return _NORM_L2

    def empty(self) -> bool:
        return False

    def getDefaultName(self) -> str:
        return "Feature2D.Tiepoint"


def create(nfeatures: int = 2048, preset: str = "default") -> Feature2D:
    """In place of cv2.SIFT_create(nfeatures): an object with detectAndCompute.

    nfeatures  the strongest are kept, at most this many; 0: all
    preset     as for load_model()
    """
    return Feature2D(load_model(preset, max_keypoints=nfeatures))
