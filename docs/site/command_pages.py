# SPDX-License-Identifier: Apache-2.0
"""The reference of all commands: pages by `tiepoint manual`, and what it must
hold, by `tiepoint --help`."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path


def write(program: str, folder: Path) -> str:
    """Writes a page for each command into `folder`; returns what stands before
    them, with links as from beside the folder."""
    command = [program, "manual", "--format", "markdown", "-o", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    first = folder / "index.md"
    text = first.read_text().split("\n", 1)[1]  # less its heading
    first.unlink()
    text = re.sub(r"\]\((\S+\.md)\)", rf"]({folder.name}/\1)", text)
    names = "\n".join(f"{folder.name}/{name}" for name, *_ in all_commands(program) if not _)
    return f"{text}\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"


def commands_in(program: str, words: list[str]) -> list[str]:
    """Names below "Subcommands:" of the help of `tiepoint WORDS`."""
    command = [program, *words, "--help"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    section = re.search(r"^Subcommands:\n((?:  .*\n?)+)", text, re.MULTILINE)
    return re.findall(r"^  (\S+) ", section[1], re.MULTILINE) if section else []


def all_commands(program: str) -> list[list[str]]:
    """["match"], ["evaluate"], ["evaluate", "pose"], ... in the program's order."""
    found = []
    for name in commands_in(program, []):
        found.append([name])
        found += [[name, sub] for sub in commands_in(program, [name])]
    return found
