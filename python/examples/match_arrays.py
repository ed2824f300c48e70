# SPDX-License-Identifier: Apache-2.0
"""match_arrays.py: a NumPy picture against itself turned by a quarter."""

import numpy as np

import tiepoint

random = np.random.default_rng(0)
picture = np.kron(random.integers(0, 256, (40, 60)), np.ones((8, 8))).astype(np.uint8)
turned = np.rot90(picture)  # not contiguous: no matter

extractor = tiepoint.load_model("default", max_keypoints=500)
f1, f2 = extractor(picture), extractor(turned)
matches = tiepoint.match(f1, f2)
i, j = matches.indices[matches.kept].T

# rot90 takes (x, y) to (y, width - 1 - x).
expected = np.column_stack(
    [f1.keypoints[i, 1], picture.shape[1] - 1 - f1.keypoints[i, 0]]
)
error = np.linalg.norm(f2.keypoints[j] - expected, axis=1)
right = np.count_nonzero(error < 3)
print(f"{len(i)} matches, {right} within 3 pixels of the truth")
assert right > 0.8 * len(i) > 0
