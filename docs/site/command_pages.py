# SPDX-License-Identifier: Apache-2.0
"""The reference of all commands, from their help texts."""
from __future__ import annotations

import re
import subprocess


def help_text(program: str, words: list[str]) -> str:
    """What `tiepoint WORDS --help` prints."""
    run = subprocess.run(
        [program, *words, "--help"], check=True, capture_output=True, text=True
    )
    return run.stdout.strip("\n")


def commands_in(text: str) -> list[str]:
    """Names below "Subcommands:" of a help text."""
    section = re.search(r"^Subcommands:\n((?:  .*\n?)+)", text, re.MULTILINE)
    return re.findall(r"^  (\S+) ", section[1], re.MULTILINE) if section else []


def all_commands(program: str) -> list[list[str]]:
    """["match"], ["evaluate"], ["evaluate", "pose"], ... in the program's order."""
    found = []
    for name in commands_in(help_text(program, [])):
        found.append([name])
        found += [[name, sub] for sub in commands_in(help_text(program, [name]))]
    return found


def markdown(program: str) -> str:
    parts = []
    for words in all_commands(program):
        level = "#" * (len(words) + 1)
        text = help_text(program, words)
        parts.append(f"{level} tiepoint {' '.join(words)}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)
