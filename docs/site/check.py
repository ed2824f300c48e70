#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Sphinx does not see: do links, pictures, scripts and fonts of the built
pages exist, does nothing come from the network, and is everything described?"""
from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import command_pages
import python_page


class Page(HTMLParser):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []  # may leave the site
        self.loaded: list[str] = []  # are fetched to show the page
        self.places: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list) -> None:
        values = dict(attributes)
        if values.get("id"):
            self.places.add(values["id"])
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        elif tag == "link" and values.get("href"):
            self.loaded.append(values["href"])
        elif values.get("src"):
            self.loaded.append(values["src"])


def link_problems(site: Path, pages: dict[Path, Page]) -> list[str]:
    found = []
    for path, page in pages.items():
        name = path.relative_to(site)
        for link in page.loaded + page.links:
            parts = urlsplit(link)
            if parts.scheme == "data":
                continue
            if parts.scheme or parts.netloc:
                if link in page.loaded:
                    found.append(f"{name}: loads {link} from the network")
                continue
            target = path
            if parts.path:
                target = Path(os.path.normpath(path.parent / unquote(parts.path)))
            if not target.is_file():
                found.append(f"{name}: no file {link}")
            elif parts.fragment and target in pages:
                if unquote(parts.fragment) not in pages[target].places:
                    found.append(f"{name}: no place {link}")
    return found


def style_problems(site: Path) -> list[str]:
    found = []
    for path in site.rglob("*.css"):
        for url in re.findall(r"url\(['\"]?([^)'\"]*)", path.read_text()):
            if not url.startswith("data:") and not (path.parent / url).is_file():
                found.append(f"{path.relative_to(site)}: no file {url}")
    for path in site.rglob("*.js"):
        if re.match(r"import\b", path.read_text()):
            found.append(f"{path.relative_to(site)}: a module, but pages load scripts")
    return found


def missing_entries(pages: dict[Path, Page], site: Path, program: str, package: Path):
    for words in command_pages.all_commands(program):
        page = site / f"reference/commands/{words[0]}.html"
        if not page.exists() or f">tiepoint {' '.join(words)}<" not in page.read_text():
            yield f"reference/commands: nothing about tiepoint {' '.join(words)}"
    places = pages[site / "reference/python_module.html"].places
    for name in python_page.public_names(package):
        if f"tiepoint.{name}" not in places:
            yield f"reference/python_module.html: nothing about tiepoint.{name}"


def problems(site: Path, program: str, package: Path) -> list[str]:
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    return (
        link_problems(site, pages)
        + style_problems(site)
        + list(missing_entries(pages, site, program, package))
    )
