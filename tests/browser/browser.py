# SPDX-License-Identifier: Apache-2.0
"""Chromium without a screen, and hands, eyes and notes for it: real mouse, touch
and key events, screenshots, what the console said, what was asked of whom."""
import base64
import json
import os
import shutil
import tempfile
import time

import cv2
import numpy as np
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

_FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"]

# Texts that are hard to read: [text, contrast] of those below WCAG's AA, 4.5 (3
# for large text).
_POOR_CONTRAST = """
const light = c => {
  const [r, g, b] = c.map(x => x / 255).map(
    x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const parse = text => text.match(/[\\d.]+/g).map(Number);
const poor = [];
for (const e of document.querySelectorAll("body *")) {
  const own = [...e.childNodes].some(
    n => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
  if (!own || e.closest("script, style, option, svg") ||
      !e.checkVisibility()) continue;
  let back = e;
  while (back && parse(getComputedStyle(back).backgroundColor)[3] === 0) {
    back = back.parentElement;
  }
  if (!back) continue;
  const css = getComputedStyle(e);
  const a = light(parse(css.color)), b = light(
    parse(getComputedStyle(back).backgroundColor));
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < (parseFloat(css.fontSize) >= 24 ? 3 : 4.5)) {
    poor.push([e.textContent.trim().slice(0, 40), contrast]);
  }
}
return poor;"""


class Browser:
    def __init__(self):
        self._start()

    def _start(self):
        self._errors, self._asked = [], []
        self._touched = False
        # Everything that Chromium keeps: thrown away at the end.
        self._folder = tempfile.mkdtemp(prefix="tiepoint_chromium_")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in _FLAGS + [f"--user-data-dir={self._folder}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs",
                               {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(
            service=Service(shutil.which("chromedriver")), options=options)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self._folder, ignore_errors=True)

    # ------------------------------------------------------------------- pages

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def open(self, address, width=1200, height=780, dark=False, phone=False):
        # Touches reach the first page alone that is opened as on a phone.
        if phone and self._touched:
            self.close()
            self._start()
        self.notes()
        self._errors, self._asked = [], []
        if phone:
            width, height = 390, 844
            self._touched = True
        self.cdp("Emulation.setDeviceMetricsOverride", width=width,
                 height=height, deviceScaleFactor=2 if phone else 1,
                 mobile=phone)
        self.cdp("Emulation.setTouchEmulationEnabled", enabled=phone)
        self.scheme(dark)
        self.driver.get(address)
        self.settle()

    def scheme(self, dark):
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def settle(self):
        """Two pictures later all that was asked for is drawn."""
        self.driver.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame("
            "() => requestAnimationFrame(() => setTimeout(done, 30)));")

    def wait(self, script, seconds=10):
        end = time.monotonic() + seconds
        while not self.js("return " + script):
            if time.monotonic() > end:
                raise AssertionError(f"never came true: {script}")
            time.sleep(0.05)

    def text(self, name):
        return self.js("return document.getElementById(arguments[0]).textContent",
                       name)

    # ------------------------------------------------------------------- hands

    def _corner(self):
        return self.js("const b = document.getElementById('view')"
                       ".getBoundingClientRect(); return [b.left, b.top]")

    def mouse(self, kind, place, **more):
        """Places are those of the canvas."""
        left, top = self._corner()
        self.cdp("Input.dispatchMouseEvent", type=kind, x=left + place[0],
                 y=top + place[1], **more)

    def hover(self, place):
        self.mouse("mouseMoved", place)
        self.settle()

    def click(self, place):
        self.mouse("mouseMoved", place)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, place, button="left", clickCount=1)
        self.settle()

    def drag(self, start, end, button="left", modifiers=0):
        held = {"button": button, "modifiers": modifiers,
                "buttons": {"left": 1, "right": 2}[button]}
        self.mouse("mouseMoved", start)
        self.mouse("mousePressed", start, clickCount=1, **held)
        for part in (0.25, 0.5, 0.75, 1):
            place = [a + part * (b - a) for a, b in zip(start, end)]
            self.mouse("mouseMoved", place, **held)
        self.mouse("mouseReleased", end, clickCount=1, button=button)
        self.settle()

    def wheel(self, place, delta):
        self.mouse("mouseWheel", place, deltaX=0, deltaY=delta)
        self.settle()

    def touch(self, kind, places):
        left, top = self._corner()
        self.cdp("Input.dispatchTouchEvent", type=kind, touchPoints=[
            {"x": left + x, "y": top + y, "id": k}
            for k, (x, y) in enumerate(places)])

    def tap(self, place, becomes):
        """A tap after which a script's value becomes true."""
        self.settle()
        self.touch("touchStart", [place])
        self.touch("touchEnd", [])
        self.wait(becomes)

    def pinch(self, middle, start, end):
        """Two fingers, side by side, from a distance to another."""
        fingers = lambda d: [[middle[0] - d / 2, middle[1]],
                             [middle[0] + d / 2, middle[1]]]
        self.touch("touchStart", fingers(start))
        for part in (0.25, 0.5, 0.75, 1):
            self.touch("touchMove", fingers(start + part * (end - start)))
        self.touch("touchEnd", [])
        self.settle()

    def keys(self, text, name="view"):
        """Key strokes on the element of this name, which gets the focus."""
        element = self.driver.find_element("id", name)
        self.js("arguments[0].focus()", element)
        element.send_keys(text)
        self.settle()

    def download(self, button, name):
        """The path of the file that a click on a button saves."""
        path = f"{self._folder}/saved/{name}"
        self.cdp("Browser.setDownloadBehavior", behavior="allow",
                 downloadPath=os.path.dirname(path))
        self.driver.find_element("id", button).click()
        end = time.monotonic() + 10
        while not os.path.exists(path):
            if time.monotonic() > end:
                raise AssertionError(f"{name} was not saved")
            time.sleep(0.05)
        return path

    # -------------------------------------------------------------------- eyes

    def picture(self, name=""):
        """Pixels of the page, or of an element."""
        if name:
            png = self.driver.find_element("id", name).screenshot_as_png
        else:
            png = self.driver.get_screenshot_as_png()
        return cv2.imdecode(np.frombuffer(png, np.uint8), 1).astype(int)

    def save(self, name):
        """A screenshot for the documents; in TIEPOINT_SCREENSHOTS."""
        folder = os.environ["TIEPOINT_SCREENSHOTS"]
        os.makedirs(folder, exist_ok=True)
        self.settle()
        shot = self.cdp("Page.captureScreenshot", format="webp", quality=80)
        with open(f"{folder}/{name}.webp", "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def poor_contrast(self):
        return self.js(_POOR_CONTRAST)

    def overflow(self):
        """Pixels by which the page is wider than the window."""
        return self.js("return document.documentElement.scrollWidth - "
                       "window.innerWidth")

    def nameless(self):
        """Roles of what can be focused and has no name to be called by."""
        nodes = self.cdp("Accessibility.getFullAXTree")["nodes"]
        return [node["role"]["value"] for node in nodes
                if not node.get("ignored") and
                any(p["name"] == "focusable" and p["value"].get("value")
                    for p in node.get("properties", [])) and
                not node.get("name", {}).get("value", "").strip()]

    # ------------------------------------------------------------------- notes

    def notes(self):
        """Errors of the console, and addresses that were asked for, since the
        page was opened."""
        for entry in self.driver.get_log("browser"):
            if entry["level"] == "SEVERE":
                self._errors.append(entry["message"])
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith("chrome:"):  # its own first page
                    self._asked.append(url)
        return self._errors, self._asked
