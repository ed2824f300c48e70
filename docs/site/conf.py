# SPDX-License-Identifier: Apache-2.0
"""Sphinx's configuration of the site; docs/site/build.py calls it."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Tiepoint"
copyright = "the authors of Tiepoint, Apache-2.0"
extensions = ["myst_parser", "offline"]
root_doc = "index"
html_theme = "furo"
html_title = "Tiepoint"
html_static_path = [str(Path(__file__).parent / "static")]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
pygments_style = "friendly"
pygments_dark_style = "native"
templates_path = []
highlight_language = "text"  # of blocks that name none
smartquotes = False  # would make one dash of the two before an option

# The pages are read on GitHub, too: links to headings are GitHub's.
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_dmath_double_inline = True
# Some pages of older date begin sections two levels down.
suppress_warnings = ["myst.header"]

# Types of other libraries and of Python in signatures have no page here.
_others = r"Any|Camera|Image|List|Tuple|NDArray|ArrayLike|None|optional|(np|os|cv2)\..*"
nitpick_ignore_regex = [("py:.*", _others)]
