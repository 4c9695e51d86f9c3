"""How Sphinx builds these pages. Nothing is fetched from the network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
PACKAGE = DOCS.parent / "src" / "crosslight"
sys.path[:0] = [str(DOCS), str(PACKAGE.parent)]

import pages  # noqa: E402

from crosslight import __version__  # noqa: E402

project = "Crosslight"
author = "The Crosslight developers"
copyright = author
version = release = __version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "*.inc"]
suppress_warnings = ["ref.python"]  # two rooms may use one short name in a type hint
default_role = "code"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Source", "returns_style"), "Misleads"]

html_theme = "furo"
html_title = f"Crosslight {__version__}"
html_copy_source = False


def setup(app: Any) -> None:
    """Write the generated pages before Sphinx looks for pages, and read fenced blocks in docstrings."""
    pages.write(PACKAGE, DOCS / "generated")
    app.connect("autodoc-process-docstring", lambda app, what, name, obj, options, lines: fences(lines), 400)


def fences(lines: list[str]) -> None:
    """Change a docstring's lines in place, as Sphinx asks for."""
    lines[:] = pages.fences_to_blocks(lines)
