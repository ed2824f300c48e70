# SPDX-License-Identifier: Apache-2.0
"""Clicks through the pages of `tiepoint view` in Chromium: a real pair, and a
model that COLMAP makes of rendered photographs. Saves the screenshots of the
documents on the way.

Environment: TIEPOINT_PROGRAM, TIEPOINT_MODELS, TIEPOINT_PHOTOS (scripts/photos),
TIEPOINT_SCREENSHOTS (a folder)."""
import http.client
import json
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import unittest

import numpy as np
from selenium.webdriver.common.keys import Keys

import corner
from browser import Browser

PROGRAM = os.environ["TIEPOINT_PROGRAM"]
PHOTOS = os.environ["TIEPOINT_PHOTOS"]


def tiepoint(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True,
                          timeout=300)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr}{done.stdout}")


class Server:
    """`tiepoint view PATH` until it is stopped."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([PROGRAM, "view", *arguments],
                                        stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.address = line.split()[0].rstrip("/")
        self.port = int(self.address.rsplit(":", 1)[1])

    def stop(self):
        """The exit code after Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=20)
        return self.process.returncode


class World:
    """What all tests look at, made once."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="tiepoint_view_test_")
        for name in ("graf1.png", "graf3.png", "leuvenA.jpg", "leuvenB.jpg"):
            if not os.path.exists(f"{PHOTOS}/{name}"):
                raise AssertionError(f"{PHOTOS}/{name}: run scripts/photos")
        if not shutil.which("colmap"):
            raise AssertionError("colmap is missing: scripts/install evaluation")
        pair, plane = self.path("pair"), self.path("plane")
        tiepoint("match", f"{PHOTOS}/leuvenA.jpg", f"{PHOTOS}/leuvenB.jpg", "-o",
                 pair)
        tiepoint("match", f"{PHOTOS}/graf1.png", f"{PHOTOS}/graf3.png",
                 "--model", "homography", "-o", plane)
        os.mkdir(self.path("room"))
        corner.write_photographs(PHOTOS, self.path("room"))
        tiepoint("reconstruct", self.path("room"), "-o", self.path("model"),
                 "--camera-params", corner.CAMERA)
        self.servers = [Server(pair), Server(plane), Server(self.path("model"))]
        self.pair, self.plane, self.model = [s.address for s in self.servers]
        with open(f"{pair}/matches.json", encoding="utf-8") as file:
            self.match = json.load(file)
        self.browser = Browser()

    def path(self, name):
        return f"{self.folder}/{name}"

    def close(self):
        self.browser.close()
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.folder)


WORLD = None


def setUpModule():
    global WORLD
    WORLD = World()


def tearDownModule():
    WORLD.close()


def points_of(folder):
    """[[track length, error]] of a model's points, in float32 as the page."""
    with open(f"{folder}/points3D.bin", "rb") as file:
        data = file.read()
    count, = struct.unpack_from("<Q", data)
    place, rows = 8, []
    for _ in range(count):
        error, length = struct.unpack_from("<dQ", data, place + 8 + 24 + 3)
        rows.append([length, np.float32(error)])
        place += 8 + 24 + 3 + 8 + 8 + 8 * length
    return np.array(rows)


def observations_of(folder):
    """{name: points that are seen} of a model's images."""
    with open(f"{folder}/images.bin", "rb") as file:
        data = file.read()
    count, = struct.unpack_from("<Q", data)
    place, seen = 8, {}
    for _ in range(count):
        place += 4 + 7 * 8 + 4
        end = data.index(b"\0", place)
        name = data[place:end].decode()
        number, = struct.unpack_from("<Q", data, end + 1)
        place = end + 9
        points = [struct.unpack_from("<q", data, place + 24 * k + 16)[0]
                  for k in range(number)]
        seen[name] = sum(point >= 0 for point in points)
        place += 24 * number
    return seen


def changed(before, after):
    """Share of the pixels that differ."""
    return np.mean(np.abs(before - after).max(axis=2) > 12)


class PageTest(unittest.TestCase):
    def setUp(self):
        self.browser = WORLD.browser

    def state(self):
        return self.browser.js("return viewer.state()")

    def shown(self):
        """The number that the page tells."""
        return int(self.browser.text("count").split()[0])

    def check_page(self, address):
        """What holds for each page in each state."""
        errors, asked = self.browser.notes()
        self.assertEqual(errors, [])
        self.assertTrue(asked)
        for url in asked:
            self.assertTrue(url.startswith((address, "data:", "blob:", "file:")), url)
        self.assertEqual(self.browser.nameless(), [])
        self.assertEqual(self.browser.poor_contrast(), [])
        self.assertLessEqual(self.browser.overflow(), 0)

    def slide(self, name, value):
        """A slider by its keys: Home, then steps to the right."""
        step = float(self.browser.js(
            "return document.getElementById(arguments[0]).step", name))
        least = float(self.browser.js(
            "return document.getElementById(arguments[0]).min", name))
        self.browser.keys(Keys.HOME, name)
        self.browser.keys(Keys.RIGHT * round((value - least) / step), name)
        return float(self.browser.js(
            "return document.getElementById(arguments[0]).value", name))


class MatchPageTest(PageTest):
    def setUp(self):
        super().setUp()
        self.address = WORLD.pair
        self.rows = np.array(WORLD.match["matches"])
        self.weights = np.array(WORLD.match["weights"])

    def open(self, **more):
        self.browser.open(self.address, **more)
        self.browser.wait("viewer.state().sides.every(s => s.loaded)")

    def inlier_place(self, rank=0):
        """A match by the fundamental matrix of the file, on the screen: the
        match, its places on both sides."""
        match = self.browser.js(
            "return viewer.matches().filter(m => m.inlier)[arguments[0]]", rank)
        places = [self.browser.js("return viewer.placeOf(arguments[0], "
                                  "arguments[1])", k, match) for k in (0, 1)]
        return match, places

    def test_all_matches_are_there(self):
        self.open()
        kept = int(np.sum(self.weights > 0))
        self.assertGreater(kept, 200)
        self.assertEqual(self.browser.text("count"),
                         f"{kept} of {len(self.rows)} matches shown")
        self.assertIn("leuvenA.jpg", self.browser.text("title"))
        self.assertIn(f"{len(WORLD.match['inliers'])} inliers",
                      self.browser.text("facts"))
        self.check_page(self.address)
        self.browser.save("view_matches")

    def test_sliders_choose_by_weight_and_similarity(self):
        self.open()
        value = self.slide("weight", 0.6)
        self.assertAlmostEqual(value, 0.6, places=6)
        by_weight = (self.weights >= value) & (self.weights > 0)
        self.assertEqual(self.shown(), int(np.sum(by_weight)))
        self.assertLess(self.shown(), np.sum(self.weights > 0))
        self.assertEqual(self.browser.text("weight_out"), "0.60")
        value = self.slide("similarity", 0.8)
        both = by_weight & (self.rows[:, 2] >= value)
        self.assertEqual(self.shown(), int(np.sum(both)))
        self.assertLess(self.shown(), int(np.sum(by_weight)))
        self.assertGreater(self.shown(), 0)

    def test_kinds_of_matches(self):
        self.open()
        inlier = np.zeros(len(self.rows), bool)
        inlier[WORLD.match["inliers"]] = True
        for kind, count in (("all", len(self.rows)), ("inliers", inlier.sum()),
                            ("outliers", (~inlier).sum()), ("none", 0)):
            self.browser.js(
                "const s = document.getElementById('which'); s.value = "
                "arguments[0]; s.dispatchEvent(new Event('input'))", kind)
            self.assertEqual(self.shown(), int(count), kind)

    def epipolar_distance(self, match):
        """Of the second keypoint to the line of the first, by the file's E."""
        intrinsics = []
        for image in ("image1", "image2"):
            fx, fy, cx, cy = WORLD.match[image]["camera"]
            intrinsics.append(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]))
        essential = np.array(WORLD.match["E"]).reshape(3, 3)
        fundamental = (np.linalg.inv(intrinsics[1]).T @ essential @
                       np.linalg.inv(intrinsics[0]))
        first = WORLD.match["keypoints1"][match["i"]][:2] + [1]
        second = WORLD.match["keypoints2"][match["j"]][:2] + [1]
        line = fundamental @ first
        return abs(line @ second) / np.hypot(line[0], line[1])

    def test_a_line_under_the_cursor(self):
        self.open()
        before = self.browser.picture("view")
        for rank in (0, 7, 20):
            match, places = self.inlier_place(rank)
            self.browser.hover(places[0])
            state = self.state()
            self.assertEqual(state["hovered"]["i"], match["i"])
            start, end = np.array(state["line"])
            point = np.array(WORLD.match["keypoints2"][match["j"]][:2])
            along = (end - start) / np.linalg.norm(end - start)
            offset = abs(np.cross(along, point - start))
            # Near the partner, and where the file's matrix has it.
            self.assertLess(offset, 4)
            self.assertAlmostEqual(offset, self.epipolar_distance(match),
                                   delta=0.01)
            tip = self.browser.text("tip")
            self.assertIn(f"{offset:.2f} px from its line", tip)
            self.assertIn(f"weight {match['weight']:.2f}", tip)
            self.assertIn("inlier", tip)
        self.assertGreater(changed(before, self.browser.picture("view")), 0.002)
        self.browser.save("view_epipolar")
        # From the other side; then away from all.
        self.browser.hover(places[1])
        self.assertEqual(self.state()["pointer"]["side"], 1)
        self.assertEqual(self.browser.js("return viewer.state().line.length"), 2)
        self.browser.hover([3, 3])
        self.assertEqual(self.browser.text("tip"), "")
        self.assertIsNone(self.state()["hovered"])
        # Without lines.
        self.browser.hover(places[0])
        self.browser.keys("l")
        self.assertIsNone(self.state()["line"])

    def test_zoom_and_move_by_mouse(self):
        self.open()
        match, places = self.inlier_place()
        before = self.state()["sides"]
        self.browser.wheel(places[0], -400)
        after = self.state()["sides"]
        self.assertGreater(after[0]["scale"], 1.5 * before[0]["scale"])
        self.assertEqual(after[1]["scale"], before[1]["scale"])
        place = self.browser.js("return viewer.placeOf(0, arguments[0])", match)
        np.testing.assert_allclose(place, places[0], atol=1.5,
                                   err_msg="the point under the wheel stays")
        self.browser.drag(places[0], [places[0][0] + 60, places[0][1] - 35])
        moved = self.state()["sides"]
        self.assertAlmostEqual(moved[0]["dx"] - after[0]["dx"], 60, delta=1)
        self.assertAlmostEqual(moved[0]["dy"] - after[0]["dy"], -35, delta=1)
        self.assertEqual(moved[1], after[1])
        self.browser.js("document.getElementById('reset').click()")
        self.browser.settle()
        self.assertEqual(self.state()["sides"], before)

    def test_keys(self):
        self.open()
        before = self.state()["sides"]
        self.browser.keys("+")
        for k in (0, 1):
            self.assertAlmostEqual(self.state()["sides"][k]["scale"],
                                   1.25 * before[k]["scale"])
        self.browser.keys("-" + Keys.ARROW_LEFT + Keys.ARROW_UP)
        self.assertAlmostEqual(self.state()["sides"][0]["scale"],
                               before[0]["scale"])
        self.assertAlmostEqual(self.state()["sides"][0]["dx"],
                               before[0]["dx"] + 40)
        self.browser.keys("0")
        self.assertEqual(self.state()["sides"], before)
        matches = self.browser.js("return viewer.matches()")
        self.browser.keys("nn")
        self.assertEqual(self.state()["hovered"], matches[1])
        self.browser.keys("ppp")
        self.assertEqual(self.state()["hovered"], matches[-2])
        self.assertIn("weight", self.browser.text("tip"))
        self.browser.keys(Keys.ESCAPE)
        self.assertIsNone(self.state()["hovered"])
        plain = self.browser.picture("view")
        self.browser.keys("k")
        self.assertGreater(changed(plain, self.browser.picture("view")), 0.02)
        self.browser.keys("k")
        self.assertLess(changed(plain, self.browser.picture("view")), 0.0001)
        self.check_page(self.address)

    def test_dark(self):
        self.open()
        light = self.browser.picture()
        self.browser.scheme(dark=True)
        self.browser.settle()
        dark = self.browser.picture()
        self.assertGreater(light[5, 5].min(), 200)
        self.assertLess(dark[5, 5].max(), 60)
        # The canvas follows, too: its lower right corner is empty.
        self.assertGreater(light[-60, -20].min(), 200)
        self.assertLess(dark[-60, -20].max(), 60)
        self.check_page(self.address)
        self.browser.save("view_matches_dark")

    def test_phone(self):
        self.open(phone=True)
        self.check_page(self.address)
        sides = self.state()["sides"]
        self.assertGreater(sides[1]["y"], sides[0]["y"] + 100, "one above the other")
        match, places = self.inlier_place(3)
        self.browser.tap(places[0], "viewer.state().hovered")
        self.assertEqual(self.state()["hovered"]["i"], match["i"])
        self.assertIn("px from its line", self.browser.text("tip"))
        self.assertLessEqual(self.browser.overflow(), 0)
        self.browser.save("view_matches_phone")
        self.browser.pinch([190, 100], 60, 180)
        self.browser.wait(f"viewer.state().sides[0].scale > "
                          f"{2.6 * sides[0]['scale']}")
        self.assertAlmostEqual(
            self.state()["sides"][0]["scale"] / sides[0]["scale"], 3, delta=0.4)

    def test_shown_matches_are_saved(self):
        self.open()
        self.browser.js("document.getElementById('which').value = 'inliers';"
                        "document.getElementById('which').dispatchEvent("
                        "new Event('input'))")
        path = self.browser.download("save", "matches.csv")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.readline(),
                             "x1,y1,x2,y2,weight,similarity,inlier\n")
            saved = np.loadtxt(file, delimiter=",", ndmin=2)
        inliers = WORLD.match["inliers"]
        self.assertEqual(saved.shape, (len(inliers), 7))
        keypoints = [np.array(WORLD.match[k]) for k in ("keypoints1", "keypoints2")]
        i, j = self.rows[inliers, :2].astype(int).T
        np.testing.assert_allclose(saved[:, :2], keypoints[0][i, :2], atol=0.01)
        np.testing.assert_allclose(saved[:, 2:4], keypoints[1][j, :2], atol=0.01)
        np.testing.assert_allclose(saved[:, 4], self.weights[inliers], atol=1e-3)
        self.assertTrue((saved[:, 6] == 1).all())
        self.check_page(self.address)

    def test_a_plane_has_no_epipolar_lines(self):
        self.address = WORLD.plane
        self.open()
        _, places = self.inlier_place()
        self.browser.hover(places[0])
        self.assertIsNone(self.state()["line"])
        self.assertNotIn("from its line", self.browser.text("tip"))
        self.assertIn("homography", self.browser.text("facts"))
        self.check_page(self.address)

    def test_pixels_are_not_turned(self):
        """A photograph whose EXIF data asks for a quarter turn: coordinates are
        those of the stored pixels, and so must be the picture."""
        with open(f"{PHOTOS}/leuvenA.jpg", "rb") as file:
            data = file.read()
        upright = b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x01"  # orientation 1
        self.assertEqual(data.count(upright), 1)
        folder = WORLD.path("turned")
        os.mkdir(folder)
        with open(f"{folder}/turned.jpg", "wb") as file:
            file.write(data.replace(upright, upright[:-1] + b"\x06"))
        tiepoint("match", f"{folder}/turned.jpg", f"{PHOTOS}/leuvenB.jpg", "-o",
                 folder, "--max-keypoints", "300", "--max-image-size", "400")
        with open(f"{folder}/matches.json", encoding="utf-8") as file:
            self.assertEqual(json.load(file)["image1"]["exif_orientation"], 6)
        tiepoint("view", folder, "-o", f"{folder}/page.html")
        self.browser.open(f"file://{folder}/page.html")
        self.browser.wait("viewer.state().sides.every(s => s.loaded)")
        self.assertEqual(self.browser.js("return [sides[0].image.naturalWidth, "
                                         "sides[0].image.naturalHeight]"),
                         [751, 563])

    def test_a_file_needs_no_server(self):
        page = WORLD.path("alone.html")
        tiepoint("view", WORLD.path("pair"), "--html", page)
        self.browser.open(f"file://{page}")
        self.browser.wait("viewer.state().sides.every(s => s.loaded)")
        self.assertGreater(self.shown(), 200)
        self.check_page("file://")


class ModelPageTest(PageTest):
    def setUp(self):
        super().setUp()
        self.sparse = WORLD.path("model/sparse/0")
        self.address = f"{WORLD.model}/model/0"

    def open(self, **more):
        self.browser.open(self.address, **more)
        self.browser.wait("viewer.state().distance > 0")
        self.browser.settle()

    def place_of(self, camera):
        return self.browser.js("return viewer.placeOf(arguments[0])", camera)

    def test_points_and_cameras_are_drawn(self):
        self.open()
        points = points_of(self.sparse)
        state = self.state()
        self.assertFalse(state["plain"], "WebGL by SwiftShader")
        self.assertEqual(state["count"], len(points))
        self.assertGreater(len(points), 1000)
        self.assertEqual(self.browser.text("count"),
                         f"{len(points)} of {len(points)} points shown")
        self.assertIn("8 cameras", self.browser.text("facts"))
        picture = self.browser.picture("view")
        background = picture[8, -8]
        drawn = np.mean(np.abs(picture - background).max(axis=2) > 25)
        self.assertGreater(drawn, 0.005)
        # All cameras are within the first look, and blue where they are.
        for camera in range(8):
            x, y = self.place_of(camera)
            self.assertTrue(0 < x < state["width"] and 0 < y < state["height"])
        self.check_page(self.address)

    def test_turn_move_zoom(self):
        self.open()
        first = self.state()
        before = self.browser.picture("view")
        self.browser.drag([500, 300], [600, 340])
        turned = self.state()
        self.assertAlmostEqual(turned["yaw"] - first["yaw"], 0.8, delta=0.05)
        self.assertAlmostEqual(turned["pitch"] - first["pitch"], 0.32, delta=0.05)
        self.assertEqual(turned["target"], first["target"])
        self.assertGreater(changed(before, self.browser.picture("view")), 0.005)
        # Shift (8) moves: what was under the cursor comes along.
        before = self.place_of(0)
        self.browser.drag([500, 300], [560, 280], modifiers=8)
        self.assertNotEqual(self.state()["target"], turned["target"])
        self.assertEqual(self.state()["yaw"], turned["yaw"])
        self.assertGreater(self.place_of(0)[0] - before[0], 20)
        before = self.state()["target"]
        self.browser.drag([500, 300], [560, 280], button="right")
        self.assertNotEqual(self.state()["target"], before)
        self.browser.wheel([500, 300], -300)
        self.assertLess(self.state()["distance"], 0.8 * turned["distance"])
        self.browser.js("document.getElementById('reset').click()")
        self.browser.settle()
        for key in ("yaw", "pitch", "distance", "target"):
            self.assertEqual(self.state()[key], first[key])

    def test_keys(self):
        self.open()
        first = self.state()
        self.browser.keys(Keys.ARROW_RIGHT + Keys.ARROW_DOWN)
        self.assertGreater(self.state()["yaw"], first["yaw"])
        self.assertGreater(self.state()["pitch"], first["pitch"])
        self.browser.keys("+")
        self.assertAlmostEqual(self.state()["distance"], first["distance"] / 1.25)
        self.browser.keys(Keys.SHIFT + Keys.ARROW_LEFT)
        self.assertNotEqual(self.state()["target"], first["target"])
        self.browser.keys("0")
        self.assertEqual(self.state()["distance"], first["distance"])
        self.browser.keys("nn")
        self.assertEqual(self.state()["chosen"], 1)
        self.browser.keys("ppp")
        self.assertEqual(self.state()["chosen"], 6)
        self.browser.keys(Keys.ESCAPE)
        self.assertEqual(self.state()["chosen"], -1)
        self.assertTrue(self.browser.js(
            "return document.getElementById('card').hidden"))

    def test_sliders_choose_points(self):
        self.open()
        points = points_of(self.sparse)
        before = self.browser.picture("view")
        value = self.slide("track", 5)
        by_track = points[:, 0] >= value
        self.assertEqual(self.shown(), int(by_track.sum()))
        self.assertLess(self.shown(), len(points))
        self.assertGreater(changed(before, self.browser.picture("view")), 0.0005)
        self.slide("error", 20)
        limit = 0.2 * points[:, 1].max()
        both = by_track & (points[:, 1] <= limit)
        self.assertEqual(self.shown(), int(both.sum()))
        self.assertLess(self.shown(), int(by_track.sum()))
        self.assertIn(f"{limit:.2f} px", self.browser.text("error_out"))
        self.browser.keys(Keys.HOME, "track")
        self.browser.keys(Keys.END, "error")
        self.assertEqual(self.shown(), len(points))
        self.slide("size", 8)
        self.assertGreater(changed(before, self.browser.picture("view")), 0.02)
        self.slide("frusta", 0)
        self.check_page(self.address)

    def test_a_camera_is_clicked(self):
        self.open()
        seen = observations_of(self.sparse)
        for camera in (2, 5):
            self.browser.click(self.place_of(camera))
            self.assertEqual(self.state()["chosen"], camera)
            name = f"{camera}.jpg"
            card = self.browser.text("card")
            self.assertIn(name, card)
            self.assertIn(f"{seen[name]} points seen", card)
            self.browser.wait("document.querySelector('#card img').naturalWidth"
                              " === 320")
        self.assertEqual(self.browser.js(
            "return document.getElementById('camera').value"), "5")
        # Its points are in the colour of the chosen one (--s1, #d05300).
        picture = self.browser.picture("view")
        mark = np.abs(picture - np.array([0x00, 0x53, 0xd0])).max(axis=2) < 8
        self.assertGreater(mark.sum(), seen["5.jpg"])
        self.check_page(self.address)
        self.browser.save("view_model")
        self.browser.js("document.getElementById('close').click()")
        self.browser.settle()
        self.assertEqual(self.state()["chosen"], -1)
        picture = self.browser.picture("view")
        mark = np.abs(picture - np.array([0x00, 0x53, 0xd0])).max(axis=2) < 8
        self.assertLess(mark.sum(), 50)

    def test_from_a_camera_to_a_pair_and_back(self):
        self.open()
        self.browser.keys("3", "camera")  # the list's entry that begins so
        self.assertIn("3.jpg", self.browser.text("card"))
        self.browser.js("document.querySelector('#card a').click()")
        self.browser.wait("location.pathname.startsWith('/pair/')")
        self.browser.wait("viewer.state().sides.every(s => s.loaded)")
        self.assertIn("3.jpg", self.browser.text("title"))
        self.assertGreater(self.shown(), 100)
        place = self.browser.js(
            "return viewer.placeOf(0, viewer.matches().find(m => m.inlier))")
        self.browser.hover(place)
        # Within 4 pixels, which `tiepoint reconstruct` asks for.
        distance = float(self.browser.text("tip").split(" px from")[0].split()[-1])
        self.assertLess(distance, 4)
        self.assertIsNotNone(self.state()["line"])
        self.check_page(WORLD.model)
        self.browser.js("document.getElementById('home').click()")
        self.browser.wait("location.pathname === '/'")
        self.check_page(WORLD.model)

    def test_colours(self):
        self.open()
        for kind, word in (("track", "photographs"), ("error", "px")):
            before = self.browser.picture("view")
            self.browser.js(
                "const s = document.getElementById('colours'); s.value = "
                "arguments[0]; s.dispatchEvent(new Event('input'))", kind)
            self.browser.settle()
            self.assertGreater(changed(before, self.browser.picture("view")),
                               0.002)
            self.assertIn(word, self.browser.text("legend"))
            self.check_page(self.address)

    def test_dark(self):
        self.open(dark=True)
        self.assertLess(self.browser.picture()[5, 5].max(), 60)
        self.assertLess(self.browser.picture("view")[8, -8].max(), 60)
        self.browser.keys("n")
        self.check_page(self.address)
        self.browser.keys(Keys.ESCAPE)
        self.browser.js("document.activeElement.blur()")
        self.browser.save("view_model_dark")

    def test_phone(self):
        self.open(phone=True)
        self.check_page(self.address)
        self.browser.tap(self.place_of(4), "viewer.state().chosen >= 0")
        self.assertIn(f"{self.state()['chosen']}.jpg", self.browser.text("card"))
        self.check_page(self.address)
        self.browser.save("view_model_phone")
        self.browser.js("document.getElementById('close').click()")
        before = self.state()
        self.browser.pinch([190, 250], 60, 180)
        self.browser.wait(
            f"viewer.state().distance < {before['distance'] / 2}")
        self.browser.touch("touchStart", [[100, 250]])
        self.browser.touch("touchMove", [[180, 250]])
        self.browser.touch("touchEnd", [])
        self.browser.wait(f"viewer.state().yaw > {before['yaw'] + 0.3}")

    def test_without_webgl(self):
        script = self.browser.cdp(
            "Page.addScriptToEvaluateOnNewDocument", source=
            "const get = HTMLCanvasElement.prototype.getContext;"
            "HTMLCanvasElement.prototype.getContext = function(kind, ...rest) {"
            "  return kind.startsWith('webgl') ? null : get.call(this, kind, ...rest);"
            "};")
        try:
            self.open()
            self.assertTrue(self.state()["plain"])
            self.assertIn("no WebGL", self.browser.text("notes"))
            picture = self.browser.picture("view")
            drawn = np.abs(picture - picture[8, -8]).max(axis=2) > 25
            self.assertGreater(drawn.mean(), 0.005)
            self.browser.click(self.place_of(1))
            self.assertIn("1.jpg", self.browser.text("card"))
            self.check_page(self.address)
        finally:
            self.browser.cdp("Page.removeScriptToEvaluateOnNewDocument",
                             identifier=script["identifier"])

    def test_a_file_needs_no_server(self):
        page = WORLD.path("model.html")
        tiepoint("view", self.sparse, "-o", page, "--images", WORLD.path("room"))
        self.browser.open(f"file://{page}")
        self.browser.wait("viewer.state().distance > 0")
        self.assertGreater(self.shown(), 1000)
        self.browser.click(self.place_of(0))
        self.browser.wait("document.querySelector('#card img').naturalWidth > 0")
        self.assertEqual(self.browser.js(
            "return document.querySelectorAll('a').length"), 0, "no dead links")
        self.check_page("file://")


class OtherPagesTest(PageTest):
    def test_index(self):
        for more in ({}, {"dark": True}, {"phone": True}):
            self.browser.open(f"{WORLD.model}/", **more)
            links = self.browser.js(
                "return [...document.querySelectorAll('a')].map("
                "a => a.getAttribute('href'))")
            self.assertIn("/model/0", links)
            self.assertIn("/report", links)
            self.assertGreater(len([a for a in links if "/pair/" in a]), 10)
            self.check_page(WORLD.model)

    def test_report(self):
        for more in ({}, {"dark": True}, {"phone": True}):
            self.browser.open(f"{WORLD.model}/report", **more)
            text = self.browser.js("return document.body.innerText")
            self.assertIn("8 of 8", text)
            self.assertIn("SIMPLE_RADIAL", text)
            self.check_page(WORLD.model)
            name = "report" + "".join(f"_{key}" for key in more)
            self.browser.save(name)


class ServerTest(unittest.TestCase):
    def ask(self, method, path, host):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host)
        connection.putheader("Content-Length", "0")
        connection.endheaders()
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def setUp(self):
        self.port = WORLD.servers[2].port

    def test_only_this_machine_and_only_its_pages(self):
        good = f"127.0.0.1:{self.port}"
        self.assertEqual(self.ask("GET", "/", good)[0], 200)
        self.assertEqual(self.ask("GET", "/", "localhost")[0], 200)
        for host in ("example.org", f"example.org:{self.port}", ""):
            status, text = self.ask("GET", "/", host)
            self.assertEqual(status, 403, host)
            self.assertNotIn("sparse", text)
        for method in ("POST", "HEAD", "PUT", "DELETE", "OPTIONS"):
            self.assertEqual(self.ask(method, "/", good)[0], 405, method)
        for path in ("/model.html", "/../pair/matches.json", "/features.h5",
                     "/%2e%2e/pair/matches.json", "//etc/passwd", "/model/7"):
            self.assertEqual(self.ask("GET", path, good)[0], 404, path)

    def test_a_port_in_use(self):
        done = subprocess.run(
            [PROGRAM, "view", WORLD.path("pair"), "--port", str(self.port)],
            capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn(str(self.port), done.stderr)

    def test_ctrl_c_ends(self):
        server = Server(WORLD.path("pair"))
        self.assertEqual(server.stop(), 130)

    def test_nothing_to_show(self):
        done = subprocess.run([PROGRAM, "view", WORLD.path("room")],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("nothing to show", done.stderr)


if __name__ == "__main__":
    unittest.main()
