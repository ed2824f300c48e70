# SPDX-License-Identifier: Apache-2.0
"""replace_sift.py A.jpg B.jpg: OpenCV's usual lines with another detector."""

import sys

try:
    import cv2
except ImportError:
    sys.exit(print("OpenCV's Python module is not installed (python3-opencv)"))

import tiepoint

a, b = (cv2.imread(path) for path in sys.argv[1:3])
sift = tiepoint.create(nfeatures=2048)  # was: cv2.SIFT_create(nfeatures=2048)
keypoints_a, descriptors_a = sift.detectAndCompute(a, None)
keypoints_b, descriptors_b = sift.detectAndCompute(b, None)
matcher = cv2.BFMatcher(sift.defaultNorm(), crossCheck=True)
matches = matcher.match(descriptors_a, descriptors_b)
print(len(keypoints_a), "and", len(keypoints_b), "keypoints,", len(matches), "matches")
picture = cv2.drawMatches(a, keypoints_a, b, keypoints_b, matches[:50], None)
print("a picture of", picture.shape)
