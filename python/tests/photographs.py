# SPDX-License-Identifier: Apache-2.0
"""What several tests need: pictures, and the photographs of the demonstration."""

import os
import pathlib

import numpy as np

import tiepoint

# The one that the street was taken with is not known; a guess.
LEUVEN_CAMERA = (640, 640, 375, 281)


def photograph(name):
    return str(pathlib.Path(os.environ["TIEPOINT_PHOTOS"]) / name)


def texture(width, height, seed=0):
    """Smooth noise at several scales, uint8."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width))
    for size in (4, 8, 16, 32):
        coarse = random.normal(size=(height // size + 2, width // size + 2))
        y, x = np.mgrid[:height, :width] / size
        i, j = y.astype(int), x.astype(int)
        v, u = y - i, x - j
        total += size**0.5 * (
            (1 - v) * ((1 - u) * coarse[i, j] + u * coarse[i, j + 1])
            + v * ((1 - u) * coarse[i + 1, j] + u * coarse[i + 1, j + 1])
        )
    total -= total.min()
    return (255 * total / total.max()).astype(np.uint8)


def write_pgm(path, gray):
    """A lossless file of a gray picture, uint8 or uint16."""
    height, width = gray.shape
    white = np.iinfo(gray.dtype).max
    with open(path, "wb") as file:
        file.write(f"P5\n{width} {height}\n{white}\n".encode())
        file.write(gray.astype(gray.dtype.newbyteorder(">")).tobytes())


def write_ppm(path, rgb):
    height, width, _ = rgb.shape
    with open(path, "wb") as file:
        file.write(f"P6\n{width} {height}\n255\n".encode())
        file.write(rgb.tobytes())


def equal(first, second):
    """Two features are the same to the last bit."""
    return first.image_size == second.image_size and all(
        np.array_equal(getattr(first, name), getattr(second, name))
        for name in ("keypoints", "scales", "angles", "scores", "descriptors")
    )


def small_extractor():
    """OpenCV's steps: fast, and without weights."""
    return tiepoint.load_model("rootsift", max_keypoints=300)
