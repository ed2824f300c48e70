# SPDX-License-Identifier: Apache-2.0
"""Photographs of a corner of a room: two walls that carry photographs, and a
floor with blobs. What is seen of each plane is a homography of its picture."""
import cv2
import numpy as np

WIDTH, HEIGHT, FOCAL = 800, 600, 700.0
CAMERA = f"{FOCAL},{WIDTH / 2},{HEIGHT / 2},0"  # SIMPLE_RADIAL of COLMAP
_FINE = 2  # pixels are means of so many squared


def _floor():
    noise = np.random.default_rng(5).normal(0, 1, (640, 640, 1))
    noise = cv2.GaussianBlur(noise.astype(np.float32), (0, 0), 4)
    colour = np.array([90, 130, 170], np.float32)  # blue, green, red
    return np.clip(colour + noise[..., None] * 450, 0, 255).astype(np.uint8)


def _planes(photographs):
    """(picture, corner of its first pixel, its sides) in metres; z is up."""
    wall = np.array([[0.0, 0, 3.2], [4.0, 0, 0], [0, 0, -3.2]])
    return [
        (cv2.imread(f"{photographs}/graf1.png"), *wall),
        # The other wall runs toward the corner, so that nothing is mirrored.
        (cv2.imread(f"{photographs}/leuvenA.jpg"),
         np.array([0, 4.0, 3.2]), np.array([0, -4.0, 0]), wall[2]),
        (_floor(), np.array([0.0, 0, 0]), np.array([4.0, 0, 0]),
         np.array([0, 4.0, 0])),
    ]


def _camera(azimuth, height, distance):
    """World to camera: rotation and translation."""
    centre = np.array([distance * np.cos(azimuth), distance * np.sin(azimuth),
                       height])
    ahead = np.array([0.9, 0.9, 1.2]) - centre
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0, 0, 1])
    right /= np.linalg.norm(right)
    rotation = np.array([right, np.cross(ahead, right), ahead])
    return rotation, -rotation @ centre


def _photograph(planes, rotation, translation):
    size = (WIDTH * _FINE, HEIGHT * _FINE)
    focal = FOCAL * _FINE
    intrinsics = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2],
                           [0, 0, 1]])
    picture = np.full((size[1], size[0], 3), (205, 195, 185), np.uint8)
    for texture, first, right, down in planes:
        rows, columns = texture.shape[:2]
        homography = intrinsics @ np.column_stack([
            rotation @ right / columns, rotation @ down / rows,
            rotation @ first + translation])
        cv2.warpPerspective(texture, homography, size, picture,
                            borderMode=cv2.BORDER_TRANSPARENT)
    return cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def write_photographs(photographs, folder, count=8):
    """Writes 0.jpg, 1.jpg, ... to a folder."""
    planes = _planes(photographs)
    for k in range(count):
        azimuth = np.radians(45 + 26 * (2 * k / (count - 1) - 1))
        camera = _camera(azimuth, 1.5 + 0.5 * (k % 3), 6 + 0.4 * (k % 2))
        cv2.imwrite(f"{folder}/{k}.jpg", _photograph(planes, *camera))
