#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_pictures.py PROGRAM: makes docs/pictures anew from the program's output on
the photographs of the demonstration (scripts/photos). Needs python3-pil."""
from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

SOURCE = Path(__file__).resolve().parents[2]
WIDTH = 1200  # pixels
CAMERA = "640,640,375,281"
STREET = ["leuvenA.jpg", "leuvenB.jpg", "--camera1", CAMERA, "--camera2", CAMERA]
PICTURES = {
    "graf_matches": ["graf1.png", "graf3.png", "--model", "homography"],
    "leuven_matches": STREET,
    "leuven_keypoints": [*STREET, "--max-keypoints", "300", "--draw-keypoints"],
    "leuven_weights": [*STREET, "--draw-weights"],
}

program = Path(sys.argv[1]).resolve()
for name, arguments in PICTURES.items():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [program, "match", *arguments, "-o", folder, "--quiet"],
            cwd=SOURCE / "build/photos",
            check=True,
        )
        picture = Image.open(Path(folder) / "matches.png").convert("RGB")
        height = round(picture.height * WIDTH / picture.width)
        target = SOURCE / "docs/pictures" / f"{name}.jpg"
        picture.resize((WIDTH, height), Image.LANCZOS).save(
            target, quality=70, optimize=True, progressive=True
        )
        print(f"{target.relative_to(SOURCE)}: {target.stat().st_size // 1000} kB")
