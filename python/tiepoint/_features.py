# SPDX-License-Identifier: Apache-2.0
"""Features of one photograph, and what extracts them."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _tiepoint

Image = Union[str, "os.PathLike[str]", NDArray[Any]]

_DEPTHS = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))


class Features:
    """Keypoints and descriptors of one photograph, strongest first.

    The arrays are read-only views of the library's memory: no copies, and the
    memory lives as long as an array that looks at it.

    The constructor takes features of other programs (arrays are copied):

    keypoints    N x 2, x and y in pixels; the centre of the first pixel is (0, 0)
    descriptors  N x D, one a row, compared by Euclidean distance
    scales       N, sigma in pixels (half of OpenCV's KeyPoint.size); None: 1
    angles       N, radians from +x toward +y; None: 0
    scores       N, larger is better; None: 0
    image_size   (width, height) in pixels; the filters of match() need it
    preset       what made the features; tells match() its usual ratio
    """

    __slots__ = ("_core", "_preset")

    def __init__(
        self,
        keypoints: ArrayLike,
        descriptors: ArrayLike,
        scales: ArrayLike | None = None,
        angles: ArrayLike | None = None,
        scores: ArrayLike | None = None,
        image_size: Tuple[int, int] = (0, 0),
        preset: str = "",
    ) -> None:
        points = np.asarray(keypoints, dtype=np.float32)
        if points.size == 0:
            points = points.reshape(0, 2)
        n = len(points)

        def column(values: ArrayLike | None, usual: float) -> NDArray[np.float32]:
            if values is None:
                return np.full(n, usual, dtype=np.float32)
            return np.asarray(values, dtype=np.float32)

        width, height = image_size
        self._core = _tiepoint.FeatureSet(
            points,
            column(scales, 1),
            column(angles, 0),
            column(scores, 0),
            np.asarray(descriptors, dtype=np.float32),
            int(width),
            int(height),
        )
        self._preset = preset

    @classmethod
    def _of(cls, core: _tiepoint.FeatureSet, preset: str) -> Features:
        features = cls.__new__(cls)
        features._core = core
        features._preset = preset
        return features

    @property
    def keypoints(self) -> NDArray[np.float32]:
        """N x 2: x and y in pixels."""
        return self._core.keypoints

    @property
    def scales(self) -> NDArray[np.float32]:
        """N: sigma in pixels (half of OpenCV's KeyPoint.size)."""
        return self._core.scales

    @property
    def angles(self) -> NDArray[np.float32]:
        """N: radians from +x toward +y (clockwise on the screen), [-pi, pi)."""
        return self._core.angles

    @property
    def scores(self) -> NDArray[np.float32]:
        """N: larger is better; comparable within one detector only."""
        return self._core.scores

    @property
    def descriptors(self) -> NDArray[np.float32]:
        """N x D (128 for the usual presets): one a row, Euclidean distance."""
        return self._core.descriptors

    @property
    def image_size(self) -> Tuple[int, int]:
        """(width, height) of the photograph in pixels."""
        return self._core.width, self._core.height

    @property
    def preset(self) -> str:
        """What made them; empty when not known."""
        return self._preset

    def __len__(self) -> int:
        return len(self._core)

    def __repr__(self) -> str:
        width, height = self.image_size
        made = f", preset {self._preset!r}" if self._preset else ""
        return (
            f"<Features: {len(self)} keypoints, descriptors of "
            f"{self.descriptors.shape[1]}, image {width} x {height}{made}>"
        )

    def __reduce__(self) -> Tuple[Any, ...]:
        return Features, (
            np.array(self.keypoints),
            np.array(self.descriptors),
            np.array(self.scales),
            np.array(self.angles),
            np.array(self.scores),
            self.image_size,
            self._preset,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a NumPy archive (.npz) with an array for each property."""
        with open(path, "wb") as file:
            np.savez(
                file,
                keypoints=self.keypoints,
                descriptors=self.descriptors,
                scales=self.scales,
                angles=self.angles,
                scores=self.scores,
                image_size=np.array(self.image_size),
                preset=np.array(self._preset),
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Features:
        """Reads what save() wrote."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                width, height = (int(n) for n in arrays["image_size"])
                return cls(
                    arrays["keypoints"],
                    arrays["descriptors"],
                    arrays["scales"],
                    arrays["angles"],
                    arrays["scores"],
                    (width, height),
                    str(arrays["preset"]),
                )
        except KeyError as error:
            raise ValueError(f"{os.fspath(path)}: no features: {error}") from None


def _pixels(image: Any, colour: str) -> NDArray[Any]:
    """`image` as an array that the library takes, copied only if it must be."""
    if colour not in ("rgb", "bgr"):
        raise ValueError(f'colour: "{colour}" is neither "rgb" nor "bgr"')
    pixels = np.asarray(image)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim != 2 and not (pixels.ndim == 3 and pixels.shape[2] == 3):
        raise ValueError(
            "image: must be a path or an array H x W or H x W x 3, "
            f"not of shape {pixels.shape}"
        )
    depth = pixels.dtype.newbyteorder("=")
    if depth not in _DEPTHS:
        raise ValueError(
            "image: samples must be uint8 (0..255), uint16 (0..65535) or "
            f"float32 (0..255), not {pixels.dtype}"
        )
    if pixels.shape[0] * pixels.shape[1] <= 1:
        raise ValueError(
            f"image: {pixels.shape[1]} x {pixels.shape[0]} pixels are too few"
        )
    if depth.kind == "f" and 0 < np.max(pixels) <= 1:
        raise ValueError(
            "image: float samples are 0..255, these look like 0..1; multiply by 255"
        )
    rows_are_whole = (
        pixels.dtype.isnative
        and pixels[0].flags.c_contiguous
        and (len(pixels) == 1 or pixels.strides[0] >= pixels[0].nbytes)
    )
    return pixels if rows_are_whole else np.ascontiguousarray(pixels, dtype=depth)


class Extractor:
    """Detector, orientation and descriptor with their weights, ready to run on
    any number of photographs, from several threads as well. Made by
    load_model()."""

    __slots__ = ("_core",)

    def __init__(self, core: _tiepoint.Extractor) -> None:
        self._core = core

    def __call__(
        self, image: Image, colour: str = "rgb", max_image_size: int = 0
    ) -> Features:
        """Features of one photograph; see tiepoint.extract."""
        if isinstance(image, (str, os.PathLike)):
            core = self._core.from_file(os.fspath(image), max_image_size)
        else:
            core = self._core.from_array(
                _pixels(image, colour), colour == "rgb", max_image_size
            )
        return Features._of(core, self.preset)

    extract = __call__

    @property
    def preset(self) -> str:
        """As it was asked for."""
        return self._core.preset

    @property
    def steps(self) -> str:
        """The same as "detector/orientation/descriptor"."""
        return self._core.steps

    @property
    def max_keypoints(self) -> int:
        """The strongest are kept, at most this many; 0: all."""
        return self._core.max_keypoints

    def __repr__(self) -> str:
        return (
            f"<Extractor: preset {self.preset!r} ({self.steps}), at most "
            f"{self.max_keypoints or 'all'} keypoints>"
        )


def models_folder(models: str | os.PathLike[str] | None) -> str:
    """`models`, else $TIEPOINT_MODELS, else the weights of this package."""
    if models is not None:
        return os.fspath(models)
    return os.environ.get("TIEPOINT_MODELS") or str(
        Path(__file__).parent / "models"
    )


def load_model(
    preset: str = "default",
    models: str | os.PathLike[str] | None = None,
    max_keypoints: int = 2048,
    precision: str = "fastest",
    memory: str = "2G",
) -> Extractor:
    """Loads the weights of a preset.

    preset         "default", "rootsift", ... (preset_names()), or
                   "detector/orientation/descriptor"
    models         folder of the weights, or several with ':' between
                   them; None: $TIEPOINT_MODELS, else those
                   that came with the package
    max_keypoints  the strongest are kept, at most this many; 0: all
    precision      "fastest", "int8", "bf16" or "f32", of networks on keypoints
    memory         bytes that the work may take ("2G", "500M"): large
                   photographs are worked on in strips, with the same features

    ValueError: no such preset, or weights that are missing or damaged.
    """
    return Extractor(
        _tiepoint.Extractor(
            preset, models_folder(models), max_keypoints, precision, memory
        )
    )


@functools.lru_cache(maxsize=4)
def _loaded(preset: str, max_keypoints: int, models: str) -> Extractor:
    return load_model(preset, models, max_keypoints)


def extract(
    image: Image,
    preset: str = "default",
    max_keypoints: int = 2048,
    colour: str = "rgb",
    max_image_size: int = 0,
) -> Features:
    """Features of one photograph.

    image           path of a JPEG, PNG, TIFF, PPM or WebP; or an array H x W
                    (gray) or H x W x 3, of uint8 (0..255), uint16 (0..65535)
                    or float32 (0..255), contiguous or not
    preset          as for load_model(); weights are loaded once and kept
    max_keypoints   the strongest are kept, at most this many; 0: all
    colour          order of an array's colours, "rgb" (imageio, PIL) or "bgr"
                    (OpenCV)
    max_image_size  work on the photograph reduced to this longer side, in
                    pixels (0: as it is); coordinates stay those of the original

    The gray that is worked on is 0.299 R + 0.587 G + 0.114 B, rounded for whole
    samples: an array gives the same features as the lossless file it came from.

    ValueError: the file or the array cannot be used, with the reason.
    """
    extractor = _loaded(preset, max_keypoints, models_folder(None))
    return extractor(image, colour, max_image_size)
