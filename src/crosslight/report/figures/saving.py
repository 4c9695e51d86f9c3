"""Figures as files, the same bytes from the same figure."""

from __future__ import annotations

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from ...core.errors import InputError, suggestion

#: what can be written, and what each says of itself when nothing is left out: a date would make every file another one
FORMATS = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
DPI = 300


def save_figure(figure: Figure, path: str | Path, *, dpi: int = DPI) -> Path:
    """Write a figure.

    Args:
        figure: any.
        path: whose ending is one of `FORMATS`; its folder is made where it is not there.
        dpi: pixels per inch of PNG, and of the photographs in SVG and PDF.

    Returns:
        The file.

    Raises:
        InputError: no such format.
    """
    path = Path(path)
    kind = path.suffix.lstrip(".").lower()
    if kind not in FORMATS:
        raise InputError(f"a figure cannot be written as {kind!r}{suggestion(kind, FORMATS)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with rc_context({"svg.hashsalt": path.stem}):  # else identifiers in it are random
        figure.savefig(path, dpi=dpi, metadata=FORMATS[kind])
    return path
