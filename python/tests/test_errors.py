# SPDX-License-Identifier: Apache-2.0
import pathlib
import tempfile
import unittest

import numpy as np
from photographs import small_extractor, texture

import tiepoint


class ErrorsTest(unittest.TestCase):
    def refuses(self, message, function, *arguments, **options):
        """One line of ValueError."""
        with self.assertRaisesRegex(ValueError, message) as caught:
            function(*arguments, **options)
        self.assertIs(type(caught.exception), ValueError)
        self.assertNotIn("\n", str(caught.exception))

    def test_images(self):
        extract = small_extractor()
        gray = texture(80, 60)
        bad = gray.astype(np.float32)
        bad[3, 4] = np.nan
        self.refuses("not finite", extract, bad)
        bad[3, 4] = np.inf
        self.refuses("not finite", extract, bad)
        self.refuses("0..1", extract, gray.astype(np.float32) / 255)
        self.refuses("too few", extract, np.zeros((0, 0), np.uint8))
        self.refuses("too few", extract, np.zeros((0, 5, 3), np.uint8))
        self.refuses("too few", extract, np.zeros((1, 1), np.uint8))
        for shape in ((), (5,), (5, 5, 2), (5, 5, 4), (1, 5, 5, 3)):
            self.refuses("shape", extract, np.zeros(shape, np.uint8))
        for kind in (np.float64, np.int32, np.bool_, np.complex64):
            self.refuses("uint8", extract, np.zeros((5, 5), kind))
        self.refuses("shape", extract, None)
        self.refuses("shape", extract, "text".encode())
        self.refuses("colour", extract, gray, colour="gbr")
        self.refuses("max_image_size", extract, gray, max_image_size=-1)
        huge = np.broadcast_to(np.zeros((1, 1), np.uint8), (2, 70000))
        self.refuses("too many pixels", extract, huge)

    def test_files(self):
        extract = small_extractor()
        self.refuses("nowhere.jpg", extract, "nowhere.jpg")
        self.refuses("directory", extract, pathlib.Path("/"))
        with tempfile.NamedTemporaryFile(suffix=".npz") as file:
            np.savez(file, other=np.zeros(3))
            file.flush()
            self.refuses("no features", tiepoint.Features.load, file.name)
            self.refuses("not an image", extract, file.name)

    def test_models(self):
        self.refuses("sifft", tiepoint.load_model, "sifft")
        self.refuses("max_keypoints", tiepoint.load_model, "sift", max_keypoints=-1)
        self.refuses("precision", tiepoint.load_model, precision="f8")
        self.refuses("memory", tiepoint.load_model, memory="much")
        with tempfile.TemporaryDirectory() as empty:
            self.refuses("not found in", tiepoint.load_model, models=empty)
        self.refuses("threads", tiepoint.set_num_threads, -1)

    def test_features(self):
        make = tiepoint.Features
        self.refuses("keypoints", make, np.zeros((3, 3)), np.zeros((3, 8)))
        self.refuses("descriptors", make, np.zeros((3, 2)), np.zeros((2, 8)))
        self.refuses("scales", make, np.zeros((3, 2)), np.zeros((3, 8)), [1, 2])
        self.refuses("finite", make, [[0, np.nan]], np.zeros((1, 8)))
        self.refuses("finite", make, [[0, 0]], [[np.inf]])

    def test_matches_and_poses(self):
        f = tiepoint.Features(np.zeros((2, 2)), np.eye(2, 8), image_size=(80, 60))
        g = tiepoint.Features(np.zeros((2, 2)), np.eye(2, 9), image_size=(80, 60))
        self.refuses("length|numbers|differ", tiepoint.match, f, g, "none")
        self.refuses("no filter", tiepoint.match, f, f, "best")
        self.refuses("ratio", tiepoint.match, f, f, "ratio", ratio=1.5)
        self.refuses("camera", tiepoint.match, f, f, camera1=(1, 2, 3))
        self.refuses("camera", tiepoint.match, f, f, camera1=(-1, 1, 0, 0))
        self.refuses("skew", tiepoint.match, f, f, camera1=np.ones((3, 3)))
        self.refuses("indices", tiepoint.Matches, [[1, 2, 3]])
        self.refuses("integers", tiepoint.Matches, [[0.5, 1]])
        self.refuses("weights", tiepoint.Matches, [[0, 1]], [2])
        self.refuses("weights", tiepoint.Matches, [[0, 1]], [1, 1])
        pose = tiepoint.relative_pose
        self.refuses("index", pose, f, f, [[0, 2]])
        self.refuses("index", pose, f, f, [[-1, 0]])
        self.refuses("camera1 and camera2", pose, f, f, [[0, 0]], model="essential")
        self.refuses("model", pose, f, f, [[0, 0]], model="affine")
        self.refuses("error", pose, f, f, [[0, 0]], max_error=-1)


if __name__ == "__main__":
    unittest.main()
