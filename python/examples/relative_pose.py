# SPDX-License-Identifier: Apache-2.0
"""relative_pose.py A.jpg B.jpg: how the camera moved from A to B."""

import sys

import numpy as np

import tiepoint

f1, f2 = (tiepoint.extract(path) for path in sys.argv[1:3])
print(f1)

# fx, fy, cx, cy in pixels; here the focal length is a guess.
width, height = f1.image_size
camera = (0.85 * width, 0.85 * width, (width - 1) / 2, (height - 1) / 2)

matches = tiepoint.match(f1, f2, camera1=camera, camera2=camera)
print(matches)

pose = tiepoint.relative_pose(f1, f2, matches, camera, camera)
print(pose)
if not pose.success:
    sys.exit(f"no pose: {pose.reason}")

# X2 = R X1 + t: the second camera stands at -R' t in the frame of the first.
if pose.t is not None:
    print("centre of the second camera", np.round(-pose.R.T @ pose.t, 3))

# The matches that agree with the pose, as pixels.
i, j = matches.indices[pose.inliers].T
print(np.column_stack([f1.keypoints[i], f2.keypoints[j]])[:3])
