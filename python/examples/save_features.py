# SPDX-License-Identifier: Apache-2.0
"""save_features.py PHOTOGRAPH...: features of photographs, several at once, and
files of them."""

import concurrent.futures
import pathlib
import sys
import tempfile

import tiepoint

extractor = tiepoint.load_model(max_keypoints=1000)
folder = pathlib.Path(tempfile.mkdtemp())

# The library works without the interpreter's lock: threads are enough.
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for path, features in zip(sys.argv[1:], pool.map(extractor, sys.argv[1:])):
        file = folder / (pathlib.Path(path).stem + ".npz")
        features.save(file)
        print(file, tiepoint.Features.load(file))
        file.unlink()
folder.rmdir()
