# SPDX-License-Identifier: Apache-2.0
"""Formulas by KaTeX (Debian's libjs-katex), copied into the site: it works
offline. Without JavaScript a reader sees their TeX."""
from __future__ import annotations

import shutil
from pathlib import Path

from docutils import nodes

KATEX = Path("/usr/share/javascript/katex")


def _inline(self, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math"))
    self.body.append(self.encode(node.astext()) + "</span>")
    raise nodes.SkipNode


def _block(self, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", "", CLASS="math"))
    self.body.append(self.encode(node.astext()) + "</div>\n")
    raise nodes.SkipNode


def _scripts(app, pagename, templatename, context, doctree) -> None:
    """KaTeX's files on pages that have formulas."""
    if doctree is None or not any(
        True for kind in (nodes.math, nodes.math_block) for _ in doctree.findall(kind)
    ):
        return
    app.add_css_file("katex/katex.min.css")
    app.add_js_file("katex/katex.min.js")
    app.add_js_file("formulas.js")


def _copy(app, exception) -> None:
    if exception is not None:
        return
    target = Path(app.outdir) / "_static" / "katex"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ("katex.min.css", "katex.min.js"):
        shutil.copy(KATEX / name, target / name)
    (target / "fonts").mkdir()
    for font in (KATEX / "fonts").glob("*.woff2"):
        shutil.copy(font, target / "fonts" / font.name)


def setup(app) -> dict:
    app.add_html_math_renderer("katex", (_inline, None), (_block, None))
    app.config.html_math_renderer = "katex"
    app.connect("html-page-context", _scripts)
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
