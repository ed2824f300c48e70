# SPDX-License-Identifier: Apache-2.0
# check_formats.py FOLDER: reads what formats_test.cc exported as other programs
# do (h5py, NumPy, sqlite3) and compares it with features.h5 and matches.h5.
import glob
import os
import sqlite3
import sys

import h5py
import numpy as np

folder = sys.argv[1]


def path(*parts):
    return os.path.join(folder, *parts)


def same(what, a, b, within=0.0):
    a, b = np.asarray(a, float), np.asarray(b, float)
    assert a.shape == b.shape, f"{what}: {a.shape}, not {b.shape}"
    worst = np.abs(a - b).max() if a.size else 0
    assert worst <= within, f"{what}: off by {worst}"


features = {}
with h5py.File(path("features.h5")) as file:
    def visit(name, item):
        if name.endswith("/keypoints"):
            group = item.parent
            features[name[: -len("/keypoints")]] = {
                k: np.array(v) for k, v in group.items() if hasattr(v, "shape")}
    file.visititems(visit)
assert len(features) >= 4, "features.h5 holds too little"


def sift_bytes(f):
    d = f["descriptors"].T.astype(float)
    d = d / np.linalg.norm(d, axis=1, keepdims=True)
    return np.clip(np.floor(512 * d + 0.5), 0, 255)


for name, f in features.items():
    count = len(f["keypoints"])
    npz = np.load(path("npz", name + ".npz"))
    same("npz", npz["keypoints"], f["keypoints"])
    same("npz", npz["descriptors"], f["descriptors"].T)
    for key in ("scales", "oris", "scores", "image_size"):
        same("npz " + key, npz[key], f[key])

    rows = open(path("vgg", name + ".vgg")).read().split("\n")
    assert int(rows[0]) == 128 and int(rows[1]) == count
    vgg = np.array([r.split() for r in rows[2:] if r], float).reshape(count, 133)
    # Text is the shortest that float32 is read back from.
    same("vgg", vgg[:, :2].astype(np.float32), f["keypoints"])
    same("vgg", vgg[:, 2] ** -0.5, f["scales"], 1e-5)
    same("vgg", vgg[:, 5:], f["descriptors"].T, 1e-7)

    words = open(path("lowe", name + ".key")).read().split()
    assert words[:2] == [str(count), "128"]
    lowe = np.array(words[2:], np.float32).reshape(count, 132)
    same("lowe", lowe[:, 1], f["keypoints"][:, 0])
    same("lowe", lowe[:, 0], f["keypoints"][:, 1])
    same("lowe", lowe[:, 3], -f["oris"], 1e-6)
    same("lowe", lowe[:, 4:], sift_bytes(f), 1)

    with h5py.File(path("hloc", "features.h5")) as file:
        for key, value in f.items():
            same("hloc " + key, file[name][key], value)
        assert file[name]["keypoints"].dtype == np.float32
        assert file[name]["descriptors"].shape == (128, count)

# Matches, named as hloc's find_pair looks for them.
matches = {}
with h5py.File(path("hloc", "matches.h5")) as file:
    names = sorted(features)
    for i, a in enumerate(names):
        for b in names[i + 1:]:
            group = file[a.replace("/", "-")][b.replace("/", "-")]
            found = np.array(group["matches0"])
            assert found.shape == (len(features[a]["keypoints"]),)
            assert group["matching_scores0"].shape == found.shape
            index = np.where(found != -1)[0]
            matches[a, b] = np.stack([index, found[index]], 1)

database = sqlite3.connect(path("colmap.db"))
ids = dict(database.execute("SELECT name, image_id FROM images"))
assert sorted(ids) == sorted(features)
for name, f in features.items():
    rows, cols, data = database.execute(
        "SELECT rows, cols, data FROM keypoints WHERE image_id = ?",
        (ids[name],)).fetchone()
    assert cols == 6 and rows == len(f["keypoints"])
    k = np.frombuffer(data, np.float32).reshape(rows, cols)
    same("colmap", k[:, :2], f["keypoints"] + 0.5, 1e-4)
    s, o = f["scales"], f["oris"]
    affine = np.stack([s * np.cos(o), -s * np.sin(o), s * np.sin(o),
                       s * np.cos(o)], 1)
    same("colmap affine", k[:, 2:], affine, 1e-5)
    found = database.execute(
        "SELECT rows, cols, data FROM descriptors WHERE image_id = ?",
        (ids[name],)).fetchone()
    assert found[:2] == (rows, 128)
    same("colmap descriptors",
         np.frombuffer(found[2], np.uint8).reshape(rows, 128), sift_bytes(f), 1)
for (a, b), expected in matches.items():
    i, j = ids[a], ids[b]
    if i > j:
        i, j, expected = j, i, expected[:, ::-1]
    for table in ("matches", "two_view_geometries"):
        rows, cols, data = database.execute(
            f"SELECT rows, cols, data FROM {table} WHERE pair_id = ?",
            (2147483647 * i + j,)).fetchone()
        found = np.frombuffer(data, np.uint32).reshape(rows, cols)
        if table == "matches":
            same("colmap matches", found[np.argsort(found[:, 0])],
                 expected[np.argsort(expected[:, 0])])
        else:
            assert rows > 0.8 * len(expected), "few inliers"
print("all agree")
