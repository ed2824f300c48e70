# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import os
import signal
import subprocess
import sys
import threading
import time
import unittest

from photographs import equal, texture

import tiepoint

# Extracts until Ctrl-C comes, then once more to see that all still works.
INTERRUPTED = """
import signal, sys, time
import numpy as np
import tiepoint
signal.signal(signal.SIGINT, signal.default_int_handler)
extract = tiepoint.load_model(max_keypoints=0)
small = np.random.default_rng(0).integers(0, 256, (200, 300), np.uint8)
large = np.random.default_rng(0).integers(0, 256, (4000, 6000), np.uint8)
extract(small)
print("ready", flush=True)
begin = time.monotonic()
try:
    extract(large)
    print("finished", flush=True)
except KeyboardInterrupt:
    print("stopped", flush=True)
print(len(extract(small)) > 0, flush=True)
"""


class ThreadsTest(unittest.TestCase):
    def test_other_threads_run_meanwhile(self):
        extract = tiepoint.load_model(max_keypoints=2048)
        picture = texture(1600, 1200)
        ticks = []
        done = threading.Event()

        def tick():
            while not done.is_set():
                ticks.append(time.monotonic())
                time.sleep(0.002)

        thread = threading.Thread(target=tick)
        thread.start()
        begin = time.monotonic()
        extract(picture)
        end = time.monotonic()
        done.set()
        thread.join()
        during = [t for t in ticks if begin < t < end]
        # With the lock held there would be one at most.
        self.assertGreater(len(during), 5)

    def test_several_threads_and_one_extractor(self):
        extract = tiepoint.load_model(max_keypoints=200)
        pictures = [texture(240, 180, seed) for seed in range(4)]
        expected = [extract(picture) for picture in pictures]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for _ in range(3):
                for f, truth in zip(pool.map(extract, pictures), expected):
                    self.assertTrue(equal(f, truth))

    def test_results_do_not_depend_on_the_number_of_threads(self):
        picture = texture(240, 180)
        self.addCleanup(tiepoint.set_num_threads, 0)
        found = []
        for n in (1, 2, 3):
            tiepoint.set_num_threads(n)
            self.assertEqual(tiepoint.num_threads(), n)
            found.append(tiepoint.extract(picture))
        self.assertTrue(equal(found[0], found[1]))
        self.assertTrue(equal(found[0], found[2]))

    def test_ctrl_c_stops_the_work_and_no_more(self):
        child = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(child.stdout.close)
        self.assertEqual(child.stdout.readline(), "ready\n")
        time.sleep(0.3)
        begin = time.monotonic()
        os.kill(child.pid, signal.SIGINT)
        self.assertEqual(child.stdout.readline(), "stopped\n")
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(child.stdout.readline(), "True\n")
        self.assertEqual(child.wait(), 0)


if __name__ == "__main__":
    unittest.main()
