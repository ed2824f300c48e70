# SPDX-License-Identifier: Apache-2.0
# check_onnx_examples.py docs/onnx.md: runs its examples of Python, one after the
# other, in a folder with A.jpg, matches.json and its descriptors, and compares
# what they find with what the program found. Silent when all is well.
import re
import sys

import numpy as np

text = open(sys.argv[1]).read()
examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
assert len(examples) == 2
found = {}
for example in examples:
    exec(example, found)

truth = np.load("matches.descriptors1.npy")
keypoints = np.array(found["report"]["keypoints1"])
# The example samples patches a little more simply than the program.
cosines = (found["descriptor"] * truth).sum(1)
turns = np.angle(np.exp(1j * (found["angle"] - keypoints[:, 3])))
assert np.median(cosines) > 0.99, np.median(cosines)
assert np.mean(cosines > 0.95) > 0.95, np.mean(cosines > 0.95)
assert np.median(np.abs(turns)) < 0.02, np.median(np.abs(turns))

weights = np.array(found["report"]["weights"])
off = np.abs(found["weight"][:, 0] - weights)
assert off.max() < 1e-2 and np.median(off) < 1e-4, (off.max(), np.median(off))
