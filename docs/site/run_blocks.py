#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands that pages show, so that they cannot go stale.

    docs/site/run_blocks.py --program build/dev/tiepoint --photos build/photos \\
      --python-path build/dev/python PAGE.md...

Each page runs in a folder of its own that holds `photos`, with `tiepoint` and
`python3` on the path. A comment before a fenced block says what it is:

    <!-- run -->       commands of the shell, which must succeed
    <!-- run: 1 -->    whose exit code must be 1
    <!-- output -->    lines that the commands before it print; numbers may be
                       others, for processors differ in last digits
    <!-- file NAME --> is written to that file
"""
from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator, NamedTuple

MARK = re.compile(r"<!-- (run|output|file)(?::? (\S+))? -->$")
NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?")


class Block(NamedTuple):
    line: int
    kind: str
    argument: str | None
    text: str


def blocks(page: Path) -> Iterator[Block]:
    lines = page.read_text().split("\n")
    for k, line in enumerate(lines):
        mark = MARK.match(line)
        if not mark:
            continue
        if not lines[k + 1].startswith("```"):
            raise SystemExit(f"{page}:{k + 1}: no block behind the comment")
        end = lines.index("```", k + 2)
        yield Block(k + 1, mark[1], mark[2], "\n".join(lines[k + 2 : end]) + "\n")


def form(line: str) -> str:
    """Of a line, without what may differ: numbers and the width of columns."""
    return " ".join(NUMBER.sub("#", line).split())


def run_page(page: Path, folder: Path, environment: dict[str, str]) -> None:
    printed: list[str] = []
    for block in blocks(page):
        where = f"{page}:{block.line}"
        if block.kind == "file":
            (folder / str(block.argument)).write_text(block.text)
        elif block.kind == "run":
            run = subprocess.run(
                ["sh", "-eu", "-c", block.text],
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            if run.returncode != int(block.argument or 0):
                raise SystemExit(f"{where}: exit code {run.returncode}\n{run.stdout}")
            printed = run.stdout.split("\n")
        else:
            forms = {form(line) for line in printed}
            for line in block.text.split("\n"):
                if form(line) and form(line) not in forms:
                    all_lines = "\n".join(printed)
                    raise SystemExit(f"{where}: not printed: {line}\nbut:\n{all_lines}")
    print(f"{page}: {sum(block.kind == 'run' for block in blocks(page))} blocks")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True, type=Path)
    parser.add_argument("--photos", required=True, type=Path)
    parser.add_argument("--python-path", required=True, type=Path)
    parser.add_argument("pages", nargs="+", type=Path, metavar="PAGE.md")
    arguments = parser.parse_args()
    for page in arguments.pages:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "work"
            folder.mkdir()
            (folder / "photos").symlink_to(arguments.photos.resolve())
            (folder / "models").symlink_to(Path(__file__).resolve().parents[2] / "models")
            path = Path(name) / "bin"
            path.mkdir()
            (path / "tiepoint").symlink_to(arguments.program.resolve())
            (path / "python3").symlink_to(sys.executable)
            environment = os.environ | {
                "PATH": f"{path}:{os.environ['PATH']}",
                "PYTHONPATH": str(arguments.python_path.resolve()),
                "PYTHONDONTWRITEBYTECODE": "1",
            }
            run_page(page, folder, environment)


if __name__ == "__main__":
    main()
