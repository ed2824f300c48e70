# SPDX-License-Identifier: Apache-2.0
"""Learned local features, matches and relative poses of photographs.

    import tiepoint

    f1 = tiepoint.extract("A.jpg")          # a path or a NumPy array
    f2 = tiepoint.extract("B.jpg")
    matches = tiepoint.match(f1, f2)
    camera = (640, 640, 375, 281)           # fx, fy, cx, cy in pixels
    pose = tiepoint.relative_pose(f1, f2, matches, camera, camera)
    print(pose.R, pose.t)                   # X2 = R X1 + t

Conventions: the centre of the first pixel is (0, 0), x to the right, y down.
Angles are radians from +x toward +y. Coordinates are pixels of the stored file
or array, whatever size the work was done at. Arrays that results hand out are
read-only views of the library's memory. Input that cannot be used raises
ValueError; "no answer" (no keypoints, no pose) is a result, not an error.
The interpreter's lock (GIL) is released while the library works, and Ctrl-C
stops it.
"""

from ._features import Extractor, Features, extract, load_model
from ._matching import Matches, RelativePose, match, relative_pose
from ._opencv import Feature2D, KeyPoint, create
from ._tiepoint import __version__, preset_names
from ._tiepoint import num_threads as _num_threads
from ._tiepoint import set_num_threads as _set_num_threads

__all__ = [
    "Extractor",
    "Feature2D",
    "Features",
    "KeyPoint",
    "Matches",
    "RelativePose",
    "__version__",
    "create",
    "extract",
    "load_model",
    "match",
    "num_threads",
    "preset_names",
    "relative_pose",
    "set_num_threads",
]


def set_num_threads(n: int) -> None:
    """Sets how many threads a call works on; 0: one for each core.

    Results do not depend on it. Set it before work begins.
    """
    if n < 0:
        raise ValueError("set_num_threads: must be 0 (all cores) or more")
    _set_num_threads(n)


def num_threads() -> int:
    """The number of threads that a call works on."""
    return _num_threads()
