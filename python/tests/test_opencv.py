# SPDX-License-Identifier: Apache-2.0
import unittest
from unittest import mock

import numpy as np
from photographs import photograph, texture

import tiepoint

try:
    import cv2
except ImportError:
    cv2 = None


class Feature2DTest(unittest.TestCase):
    def setUp(self):
        self.gray = texture(200, 150)
        self.features = tiepoint.extract(self.gray, preset="rootsift",
                                         max_keypoints=100)
        self.drop_in = tiepoint.create(nfeatures=100, preset="rootsift")

    def check(self, key_points, descriptors):
        f = self.features
        self.assertEqual(len(key_points), len(f))
        np.testing.assert_array_equal(descriptors, f.descriptors)
        for k, xy, scale, angle, score in zip(
            key_points, f.keypoints, f.scales, f.angles, f.scores
        ):
            np.testing.assert_allclose(k.pt, xy)
            self.assertAlmostEqual(k.size, 2 * scale, places=4)
            self.assertTrue(0 <= k.angle < 360)
            turn = np.radians(k.angle) - angle
            self.assertAlmostEqual(np.cos(turn), 1, places=5)
            self.assertAlmostEqual(k.response, score, places=5)

    def test_without_opencv(self):
        with mock.patch.dict("sys.modules", {"cv2": None}):
            key_points, descriptors = self.drop_in.detectAndCompute(self.gray, None)
        self.assertIsInstance(key_points[0], tiepoint.KeyPoint)
        self.check(key_points, descriptors)

    def test_the_size_of_a_descriptor(self):
        for preset in ("default", "sift", "orb", "akaze", "sift/none/none"):
            drop_in = tiepoint.create(50, preset)
            _, descriptors = drop_in.detectAndCompute(self.gray)
            self.assertEqual(descriptors.shape[1], drop_in.descriptorSize(), preset)

    def test_mask(self):
        mask = np.zeros((150, 200), np.uint8)
        mask[:, :100] = 255
        key_points, descriptors = self.drop_in.detectAndCompute(self.gray, mask)
        inside = self.features.keypoints[:, 0] < 99.5
        self.assertTrue(0 < len(key_points) < len(self.features))
        np.testing.assert_array_equal(descriptors, self.features.descriptors[inside])
        with self.assertRaisesRegex(ValueError, "mask"):
            self.drop_in.detect(self.gray, mask[1:])

    @unittest.skipIf(cv2 is None, "needs OpenCV's Python module")
    def test_with_opencv(self):
        key_points, descriptors = self.drop_in.detectAndCompute(self.gray, None)
        self.assertIsInstance(key_points[0], cv2.KeyPoint)
        self.check(key_points, descriptors)
        self.assertEqual(self.drop_in.defaultNorm(), cv2.NORM_L2)
        self.assertEqual(self.drop_in.descriptorType(), cv2.CV_32F)
        self.assertEqual(self.drop_in.descriptorSize(), descriptors.shape[1])

    @unittest.skipIf(cv2 is None, "needs OpenCV's Python module")
    def test_opencv_works_on_what_it_gets(self):
        a, b = (cv2.imread(photograph(name)) for name in ("graf1.png", "graf3.png"))
        drop_in = tiepoint.create()
        (keys_a, of_a), (keys_b, of_b) = (
            drop_in.detectAndCompute(image, None) for image in (a, b)
        )
        matcher = cv2.BFMatcher(drop_in.defaultNorm(), crossCheck=True)
        matches = matcher.match(of_a, of_b)
        H, inliers = cv2.findHomography(
            np.float32([keys_a[m.queryIdx].pt for m in matches]),
            np.float32([keys_b[m.trainIdx].pt for m in matches]),
            cv2.RANSAC, 3.0,
        )
        self.assertGreater(int(inliers.sum()), 60)
        truth = cv2.FileStorage(photograph("H1to3p.xml"), cv2.FILE_STORAGE_READ)
        truth = truth.getFirstTopLevelNode().mat()
        places = np.float32([[[300, 200]], [[600, 250]], [[400, 450]]])
        np.testing.assert_allclose(
            cv2.perspectiveTransform(places, H),
            cv2.perspectiveTransform(places, truth), atol=4,
        )
        # The photograph as a path, read by Tiepoint itself.
        of_file = tiepoint.extract(photograph("graf1.png"))
        np.testing.assert_array_equal(of_a, of_file.descriptors)


if __name__ == "__main__":
    unittest.main()
