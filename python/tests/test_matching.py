# SPDX-License-Identifier: Apache-2.0
import unittest

import numpy as np
from photographs import LEUVEN_CAMERA, photograph, texture

import tiepoint


def two_views(num_points=200, seed=0):
    """Keypoints of points in space in two cameras, with R, t and their K."""
    random = np.random.default_rng(seed)
    points = random.uniform((-2, -2, 4), (2, 2, 8), (num_points, 3))
    a = 0.1
    R = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    t = np.array([0.8, 0.0, 0.6])
    K = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])

    def project(p):
        p = p @ K.T
        return p[:, :2] / p[:, 2:]

    descriptors = random.normal(size=(num_points, 128))
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    f1, f2 = (
        tiepoint.Features(project(p), descriptors, image_size=(640, 480))
        for p in (points, points @ R.T + t)
    )
    return f1, f2, R, t, K


class MatchTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.a = tiepoint.extract(photograph("leuvenA.jpg"))
        cls.b = tiepoint.extract(photograph("leuvenB.jpg"))

    def test_shapes_types_and_filters(self):
        kept = {}
        for name in ("learned", "ratio", "gms", "none"):
            with self.subTest(name):
                m = tiepoint.match(self.a, self.b, filter=name)
                self.assertEqual(m.indices.shape, (len(m), 2))
                self.assertEqual(m.indices.dtype, np.int32)
                for column in (m.weights, m.similarity, m.ratio):
                    self.assertEqual(column.shape, (len(m),))
                    self.assertEqual(column.dtype, np.float32)
                    self.assertFalse(column.flags.owndata)
                    self.assertFalse(column.flags.writeable)
                kept[name] = np.count_nonzero(m.kept)
                i, j = m.indices.T
                self.assertEqual(len(set(j)), len(m))
                distance = np.linalg.norm(
                    self.a.descriptors[i] - self.b.descriptors[j], axis=1
                )
                np.testing.assert_allclose(
                    m.similarity, 1 - distance**2 / 2, atol=1e-4
                )
        self.assertEqual(kept["none"], len(tiepoint.match(self.a, self.b, "none")))
        for name in ("learned", "ratio", "gms"):
            self.assertTrue(100 < kept[name] < kept["none"], kept)

    def test_the_ratio_of_the_caller(self):
        m = tiepoint.match(self.a, self.b, filter="ratio", ratio=0.6)
        np.testing.assert_array_equal(m.kept, m.ratio <= np.float32(0.6))

    def test_the_usual_ratio(self):
        f1, f2, _, _, _ = two_views(20)
        for preset in ("", "sift", "a program of others"):
            f = tiepoint.Features(f1.keypoints, f1.descriptors, preset=preset)
            self.assertEqual(len(tiepoint.match(f, f2, filter="ratio")), 20)

    def test_pose_of_the_street(self):
        camera = LEUVEN_CAMERA
        m = tiepoint.match(self.a, self.b, camera1=camera, camera2=camera)
        pose = tiepoint.relative_pose(self.a, self.b, m, camera, camera)
        self.assertTrue(pose.success, pose.reason)
        self.assertEqual(pose.model, "essential")
        self.assertGreater(np.count_nonzero(pose.inliers), 100)
        self.assertLess(np.degrees(pose.rotation_angle), 45)
        self.assertGreater(pose.confidence, 0.5)
        np.testing.assert_allclose(pose.R @ pose.R.T, np.eye(3), atol=1e-9)
        self.assertAlmostEqual(np.linalg.norm(pose.t), 1)
        self.assertEqual(pose.weights.shape, (len(m),))
        self.assertIsNone(pose.F)
        again = tiepoint.relative_pose(self.a, self.b, m, camera, camera)
        np.testing.assert_array_equal(pose.R, again.R)
        without = tiepoint.relative_pose(self.a, self.b, m)
        self.assertEqual(without.model, "fundamental")
        self.assertIsNone(without.R)
        self.assertEqual(without.F.shape, (3, 3))

    def test_homography_of_a_turned_picture(self):
        picture = texture(300, 200)
        f1 = tiepoint.extract(picture)
        f2 = tiepoint.extract(np.rot90(picture, 2))
        found = tiepoint.relative_pose(
            f1, f2, tiepoint.match(f1, f2), model="homography"
        )
        self.assertTrue(found.success, found.reason)
        H = found.H / found.H[2, 2]
        np.testing.assert_allclose(
            H, [[-1, 0, 299], [0, -1, 199], [0, 0, 1]], atol=0.1
        )

    def test_the_pose_that_is_known(self):
        f1, f2, R, t, K = two_views()
        m = tiepoint.match(f1, f2, filter="none")
        np.testing.assert_array_equal(m.indices[:, 0], m.indices[:, 1])
        indices = np.stack([np.arange(len(f1))] * 2, axis=1)
        for matches in (m, indices, tiepoint.Matches(indices)):
            pose = tiepoint.relative_pose(f1, f2, matches, K, (500, 500, 320, 240))
            self.assertTrue(pose.success, pose.reason)
            np.testing.assert_allclose(pose.R, R, atol=1e-3)
            np.testing.assert_allclose(pose.t, t / np.linalg.norm(t), atol=1e-2)
            self.assertTrue(np.all(pose.inliers))
            self.assertEqual(pose.scene, "depth")
            x1, x2 = (
                np.column_stack([f.keypoints, np.ones(len(f))]) @ np.linalg.inv(K).T
                for f in (f1, f2)
            )
            residuals = np.einsum("ni,ij,nj->n", x2, pose.E, x1)
            np.testing.assert_allclose(residuals, 0, atol=1e-4)
            self.assertIn("rotation 5.73 degrees", repr(pose))

    def test_no_pose_is_an_answer(self):
        f1, f2, _, _, K = two_views()
        pose = tiepoint.relative_pose(f1, f2, [[0, 0], [1, 1]], K, K)
        self.assertFalse(pose.success)
        self.assertNotEqual(pose.reason, "")
        self.assertIsNone(pose.R)
        self.assertIsNone(pose.E)
        nothing = tiepoint.Features([], np.zeros((0, 128)), image_size=(640, 480))
        m = tiepoint.match(f1, nothing)
        self.assertEqual(len(m), 0)
        self.assertFalse(tiepoint.relative_pose(f1, nothing, m, K, K).success)


if __name__ == "__main__":
    unittest.main()
