# SPDX-License-Identifier: Apache-2.0
"""What makes the site work from a folder, without a network or a server:
formulas by KaTeX (Debian's libjs-katex), and Debian's furo mended."""
from __future__ import annotations

import re
import shutil
from pathlib import Path

from docutils import nodes

KATEX = Path("/usr/share/javascript/katex")
NORMALIZE = Path("/usr/share/javascript/normalize.css/normalize.css")


def _inline(self, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math"))
    self.body.append(self.encode(node.astext()) + "</span>")
    raise nodes.SkipNode


def _block(self, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", "", CLASS="math"))
    self.body.append(self.encode(node.astext()) + "</div>\n")
    raise nodes.SkipNode


def _scripts(app, pagename, templatename, context, doctree) -> None:
    """KaTeX's files on pages that have formulas; without JavaScript a reader
    sees their TeX."""
    if doctree is None or not any(
        True for kind in (nodes.math, nodes.math_block) for _ in doctree.findall(kind)
    ):
        return
    app.add_css_file("katex/katex.min.css")
    app.add_js_file("katex/katex.min.js")
    app.add_js_file("formulas.js")


def _copy_katex(static: Path) -> None:
    target = static / "katex"
    shutil.rmtree(target, ignore_errors=True)
    (target / "fonts").mkdir(parents=True)
    shutil.copy(KATEX / "katex.min.js", target)
    for font in (KATEX / "fonts").glob("*.woff2"):
        shutil.copy(font, target / "fonts")
    # Fonts in older formats, after the first, are left out.
    style = (KATEX / "katex.min.css").read_text()
    style = re.sub(r",\s*url\([^)]*\.(woff|ttf)\)\s*format\([^)]*\)", "", style)
    (target / "katex.min.css").write_text(style)


def _mend_furo(static: Path) -> None:
    """Debian's package has furo's sources where its pages want what a bundler
    makes of them: a style sheet is named by its place on a web server, and the
    script is a module that is not loaded as one."""
    style = static / "styles/furo.css"
    text = style.read_text()
    theirs = "@import url(/javascript/normalize.css/normalize.css);"
    if theirs in text:
        shutil.copy(NORMALIZE, static / "styles/normalize.css")
        style.write_text(text.replace(theirs, "@import url(normalize.css);"))
    script = static / "scripts/furo.js"
    text = script.read_text()
    theirs = 'import Gumshoe from "./gumshoe-patched.js";'
    if theirs in text:
        gumshoe = (static / "scripts/gumshoe-patched.js").read_text()
        script.write_text(gumshoe + text.replace(theirs, ""))


def _finish(app, exception) -> None:
    if exception is None:
        static = Path(app.outdir) / "_static"
        _copy_katex(static)
        _mend_furo(static)


def setup(app) -> dict:
    app.add_html_math_renderer("katex", (_inline, None), (_block, None))
    app.config.html_math_renderer = "katex"
    app.connect("html-page-context", _scripts)
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
