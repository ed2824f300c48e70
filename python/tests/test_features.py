# SPDX-License-Identifier: Apache-2.0
import gc
import json
import os
import pathlib
import pickle
import subprocess
import tempfile
import unittest

import numpy as np
from photographs import (
    equal,
    photograph,
    small_extractor,
    texture,
    write_pgm,
    write_ppm,
)

import tiepoint


class FeaturesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_shapes_types_and_order(self):
        f = tiepoint.extract(texture(200, 150), max_keypoints=100)
        n = len(f)
        self.assertGreater(n, 50)
        self.assertLessEqual(n, 100)
        self.assertEqual(f.image_size, (200, 150))
        self.assertEqual(f.preset, "default")
        self.assertEqual(f.keypoints.shape, (n, 2))
        self.assertEqual(f.descriptors.shape, (n, 128))
        for name in ("scales", "angles", "scores"):
            self.assertEqual(getattr(f, name).shape, (n,))
        for name in ("keypoints", "scales", "angles", "scores", "descriptors"):
            self.assertEqual(getattr(f, name).dtype, np.float32)
        self.assertTrue(np.all(np.diff(f.scores) <= 0))
        self.assertTrue(np.all(np.abs(f.angles) <= np.float32(np.pi)))
        self.assertTrue(np.all((f.keypoints >= -0.5) & (f.keypoints < (200, 150))))
        np.testing.assert_allclose(
            np.linalg.norm(f.descriptors, axis=1), 1, atol=1e-3
        )
        self.assertIn(f"{n} keypoints", repr(f))

    def test_an_array_gives_what_the_lossless_file_gives(self):
        gray = texture(160, 120)
        deep = (gray.astype(np.uint16) * 257 + 100).clip(0, 65535).astype(np.uint16)
        rgb = np.stack([gray, gray[::-1], gray[:, ::-1]], axis=2)
        write_pgm(self.folder / "gray.pgm", gray)
        write_pgm(self.folder / "deep.pgm", deep)
        write_ppm(self.folder / "rgb.ppm", rgb)
        # tilde looks at colours.
        for preset in ("default", "rootsift", "tilde"):
            extract = tiepoint.load_model(preset, max_keypoints=200)
            for name, pixels in (("gray.pgm", gray), ("deep.pgm", deep),
                                 ("rgb.ppm", rgb)):
                with self.subTest(preset=preset, name=name):
                    of_file = extract(self.folder / name)
                    self.assertGreater(len(of_file), 20)
                    self.assertTrue(equal(extract(pixels), of_file))
                    self.assertTrue(
                        equal(
                            extract(pixels, max_image_size=100),
                            extract(str(self.folder / name), max_image_size=100),
                        )
                    )
            self.assertTrue(
                equal(extract(rgb[:, :, ::-1], colour="bgr"),
                      extract(self.folder / "rgb.ppm"))
            )

    def test_float_samples_are_0_to_255(self):
        gray = texture(160, 120)
        extract = small_extractor()
        self.assertTrue(equal(extract(gray.astype(np.float32)), extract(gray)))

    def test_any_memory_layout(self):
        gray = texture(161, 121)
        extract = small_extractor()
        expected = extract(gray)
        wide = np.zeros((121, 400), np.uint8)
        wide[:, 17:178] = gray
        big_endian = (gray.astype(np.uint16) * 257).astype(">u2")
        layouts = {
            "a part of a larger array": wide[:, 17:178],
            "column by column": np.asfortranarray(gray),
            "backwards": np.ascontiguousarray(gray[::-1, ::-1])[::-1, ::-1],
            "every second": np.repeat(np.repeat(gray, 2, 0), 2, 1)[::2, ::2],
            "one channel": gray[:, :, None],
            "big-endian": big_endian,
            "read-only": np.frombuffer(gray.tobytes(), np.uint8).reshape(gray.shape),
            "broadcast colours": np.broadcast_to(gray[:, :, None], (121, 161, 3)),
        }
        for name, pixels in layouts.items():
            with self.subTest(name):
                self.assertTrue(equal(extract(pixels), expected))
        for shape in ((1, 40), (40, 1), (1, 40, 3), (40, 1, 3)):
            self.assertEqual(len(extract(np.zeros(shape, np.uint8))), 0)

    def test_the_program_finds_the_same(self):
        a, b = photograph("leuvenA.jpg"), photograph("leuvenB.jpg")
        out = self.folder / "out.json"
        subprocess.run(
            [os.environ["TIEPOINT_PROGRAM"], "match", a, b, "--json", out,
             "--descriptors", "--max-keypoints", "500", "--quiet"],
            check=True,
        )
        told = json.loads(out.read_text())
        f = tiepoint.extract(a, max_keypoints=500)
        rows = np.array(told["keypoints1"], np.float32)
        np.testing.assert_allclose(f.keypoints, rows[:, :2], rtol=1e-6)
        np.testing.assert_allclose(f.scales, rows[:, 2], rtol=1e-6)
        np.testing.assert_allclose(f.angles, rows[:, 3], rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(
            f.descriptors, np.load(self.folder / "out.descriptors1.npy")
        )

    def test_arrays_are_views_that_keep_the_memory(self):
        f = small_extractor()(texture(160, 120))
        for name in ("keypoints", "scales", "angles", "scores", "descriptors"):
            with self.subTest(name):
                view = getattr(f, name)
                self.assertFalse(view.flags.owndata)
                self.assertTrue(np.shares_memory(view, getattr(f, name)))
                self.assertFalse(view.flags.writeable)
                with self.assertRaises(ValueError):
                    view[0] = 0
                with self.assertRaises(ValueError):
                    view.flags.writeable = True
        view, copy = f.descriptors, f.descriptors.copy()
        del f
        gc.collect()
        litter = [np.full(len(copy) * 128, 7, np.float32) for _ in range(20)]
        np.testing.assert_array_equal(view, copy)
        self.assertEqual(len(litter), 20)

    def test_features_of_others(self):
        f = tiepoint.Features([[1, 2], [3, 4]], np.eye(2, 5), image_size=(640, 480))
        self.assertEqual(len(f), 2)
        np.testing.assert_array_equal(f.keypoints, [[1, 2], [3, 4]])
        np.testing.assert_array_equal(f.scales, [1, 1])
        np.testing.assert_array_equal(f.descriptors, np.eye(2, 5))
        self.assertEqual(f.image_size, (640, 480))
        self.assertEqual(len(tiepoint.Features([], np.zeros((0, 128)))), 0)

    def test_save_load_and_pickle(self):
        f = small_extractor()(texture(160, 120))
        path = self.folder / "features.npz"
        f.save(path)
        for again in (tiepoint.Features.load(path), pickle.loads(pickle.dumps(f))):
            self.assertTrue(equal(f, again))
            self.assertEqual(again.preset, "rootsift")

    def test_the_extractor_tells_what_it_is(self):
        extractor = tiepoint.load_model("sift", max_keypoints=7)
        self.assertEqual(extractor.steps, "sift/none/sift")
        self.assertEqual(extractor.max_keypoints, 7)
        self.assertIn("'sift'", repr(extractor))
        self.assertEqual(len(extractor.extract(texture(160, 120))), 7)
        self.assertIn("default", tiepoint.preset_names())


if __name__ == "__main__":
    unittest.main()
