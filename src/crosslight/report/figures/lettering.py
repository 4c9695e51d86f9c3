"""What the figures have in common: sizes and colours of their type, and words that fit on the page."""

from __future__ import annotations

from functools import cache

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

INK, QUIET = "#1a1a1a", "#5c5c5c"
TITLE, LABEL, CAPTION = 10.0, 8.5, 7.5  # points
EDGE, LINE = 0.12, 0.155  # inches: margin of the figure, distance of lines in the caption


def page(width: float, height: float, title: str, caption: list[str]) -> Figure:
    """An empty figure with its own canvas, a title on top and small lines of text at the bottom.

    Args:
        width: inches.
        height: inches.
        title: as `safe` gives it.
        caption: lines as `wrap` gives them.
    """
    figure = Figure(figsize=(width, height), dpi=200, facecolor="white")
    FigureCanvasAgg(figure)
    left = EDGE / width
    figure.text(left, 1 - 0.1 / height, title, fontsize=TITLE, weight="bold", color=INK, va="top")
    for number, line in enumerate(reversed(caption)):
        figure.text(left, (0.1 + number * LINE) / height, line, fontsize=CAPTION, color=QUIET, va="baseline")
    return figure


def safe(label: str) -> str:
    """A label that Matplotlib shows as it is, rather than as a formula."""
    return label.replace("$", r"\$")


@cache
def measure(text: str, size: float, bold: bool = False) -> float:
    """Width of a text in inches, with a little more for the hinting of small type."""
    if not text.strip():
        return 0.0
    font = FontProperties(size=size, weight="bold" if bold else "normal")
    return float(text_to_path.get_text_width_height_descent(text, font, False)[0]) * 1.03 / 72


def shorten(text: str, size: float, width: float) -> str:
    """The text, cut off where it is wider than `width` inches."""
    if measure(text, size) <= width:
        return text
    while text and measure(f"{text}...", size) > width:
        text = text[:-1].rstrip()
    return f"{text}..."


def wrap(text: str, width: float) -> list[str]:
    """The text in lines not wider than `width` inches."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and measure(longer, CAPTION) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
