#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the site: docs/ and the cards of models/ as HTML that needs no network.

    docs/site/build.py --program build/release/tiepoint --output build/site

1. Copies the pages beside OUTPUT (OUTPUT.pages); links to models/*.md, which lie
   elsewhere in the site, are changed on the way.
2. Fills docs/reference/commands.md from the program and docs/reference/python.md
   from python/tiepoint.
3. Runs Sphinx, warnings are errors, and check.py on the result.
"""
from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

sys.dont_write_bytecode = True
import check
import command_pages
import python_page

SOURCE = Path(__file__).resolve().parents[2]

# The order of the pages; others of docs/ go to the end of the guides.
CONTENTS = {
    "Begin": ["quick_start"],
    "Tutorials": [
        "tutorials/two_photographs",
        "tutorials/folder_to_model",
        "tutorials/replace_sift_in_colmap",
        "tutorials/replace_sift_in_hloc",
        "tutorials/replace_sift_in_opencv",
        "tutorials/train_on_your_photographs",
    ],
    "Guides": [
        "reconstruct",
        "view",
        "formats",
        "python",
        "library",
        "onnx",
        "importing",
        "training",
        "training_data",
        "evaluation",
        "add_a_detector",
    ],
    "Method": [
        "method/overview",
        "method/detector",
        "method/orientation",
        "method/descriptor",
        "method/lift_training",
        "method/matching",
        "method/correspondences",
        "method/robust_estimation",
        "method/pose",
    ],
    "Reference": [
        "reference/commands",
        "reference/python_module",
        "conventions",
        "architecture",
        "models",
        "limits",
    ],
    "Appendices": ["experiments", "results", "results_pose", "contributing"],
}

LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")
FENCE = re.compile(r"^ *(```|~~~)")


def place_in_site(path: str) -> str | None:
    """Of a file of the repository; None: the site has no such page."""
    if path.startswith("docs/"):
        return path[len("docs/") :]
    if re.fullmatch(r"models/\w+\.md", path):
        return path
    return {"CONTRIBUTING.md": "contributing.md"}.get(path)


def with_links_of_site(text: str, path: str, page: str) -> str:
    """`text` of the repository's file `path` as the site's `page`."""
    lines, in_fence = [], False

    def change(match: re.Match[str]) -> str:
        target = match[2]
        if re.match(r"[a-z]+:", target):
            return match[0]
        file = os.path.normpath(os.path.join(os.path.dirname(path), target))
        place = place_in_site(file)
        if place is None or not (SOURCE / file).exists():
            raise SystemExit(f"{path}: no page {target} in the site")
        return match[1] + os.path.relpath(place, os.path.dirname(page) or ".") + match[3]

    for line in text.split("\n"):
        if FENCE.match(line):
            in_fence = not in_fence
        lines.append(line if in_fence else LINK.sub(change, line))
    return "\n".join(lines)


def tables_of_contents() -> str:
    known = {page for pages in CONTENTS.values() for page in pages}
    others = {file.stem for file in (SOURCE / "docs").glob("*.md")} - known - {"index"}
    parts = []
    for caption, pages in CONTENTS.items():
        listed = "\n".join(pages + (sorted(others) if caption == "Guides" else []))
        parts.append(f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n```\n")
    return "\n".join(parts)


def stage(pages: Path, program: str) -> None:
    """Writes everything that Sphinx reads."""
    shutil.rmtree(pages, ignore_errors=True)
    cards = sorted((SOURCE / "models").glob("*.md"))
    files = sorted((SOURCE / "docs").rglob("*.md")) + cards + [SOURCE / "CONTRIBUTING.md"]
    for file in files:
        path = file.relative_to(SOURCE).as_posix()
        page = place_in_site(path)
        assert page is not None
        text = with_links_of_site(file.read_text(), path, page)
        if page == "index.md":
            text += "\n" + tables_of_contents()
        elif page == "models.md":
            names = "\n".join(f"models/{card.stem}" for card in cards)
            text += f"\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"
        elif page == "reference/commands.md":
            text += "\n" + command_pages.write(program, pages / "reference/commands")
        elif page == "reference/python_module.md":
            text += "\n```{eval-rst}\n" + python_page.rst(SOURCE / "python/tiepoint") + "```\n"
        (pages / page).parent.mkdir(parents=True, exist_ok=True)
        (pages / page).write_text(text)
    shutil.copytree(SOURCE / "docs/pictures", pages / "pictures")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True, help="tiepoint, for its help texts")
    parser.add_argument("--output", required=True, type=Path)
    arguments = parser.parse_args()
    missing = [m for m in ("sphinx", "myst_parser", "furo") if find_spec(m) is None]
    if missing:
        print(f"not installed: {', '.join(missing)} (scripts/install site)", file=sys.stderr)
        return 77  # for ctest: not run

    output = arguments.output.resolve()
    pages = output.with_name(output.name + ".pages")
    stage(pages, arguments.program)
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n"]
    command += ["-j", "auto", "-b", "html", "-c", str(SOURCE / "docs/site")]
    command += ["-d", str(pages / ".doctrees"), str(pages), str(output)]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    if subprocess.run(command, env=environment).returncode != 0:
        return 1
    problems = check.problems(output, arguments.program, SOURCE / "python/tiepoint")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
