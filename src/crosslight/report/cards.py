"""Cards for notebooks: a picture inside the HTML itself, and a table, readable on light and on dark pages."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: bytes of a picture before it is encoded: as text it takes a third more, and a notebook keeps every one
MOST = 190_000
_TEXT = "font-family:system-ui,sans-serif;font-size:13px;line-height:1.4;color:inherit"
_PAPER = "background:#fff;border-radius:4px;margin:6px 0"
_CELL = (
    "font-size:13px;text-align:left;padding:1px 12px 1px 0;vertical-align:top;border:none;background:none;color:inherit"
)


@dataclass(frozen=True)
class Picture:
    """A picture as HTML can hold it.

    Attributes:
        kind: ``png`` or ``jpeg``.
        content: the file.
        width: at which it is shown, in CSS pixels; narrower pages shrink it.
        words: what it shows, for those who cannot see it.
    """

    kind: str
    content: bytes
    width: int
    words: str

    @property
    def html(self) -> str:
        """An image on white paper, so that dark pages do not swallow its letters."""
        source = f"data:image/{self.kind};base64,{b64encode(self.content).decode('ascii')}"
        look = f"display:block;width:{self.width}px;max-width:100%;height:auto;{_PAPER}"
        return f'<img src="{source}" alt="{escape(self.words)}" style="{look}">'


def of_figure(figure: Figure, words: str, *, photographs: bool = False) -> Picture:
    """A figure as PNG, coarser where it would be too large.

    Args:
        figure: any.
        words: what it shows.
        photographs: whether it has more colours than a small PNG can hold; it becomes a JPEG then.
    """
    width = round(96 * float(figure.get_size_inches()[0]))
    content = b""
    for dpi in (144, 110, 84, 60, 40):
        file = BytesIO()
        figure.savefig(file, format="png", dpi=dpi)
        picture = Image.open(file).convert("RGB")
        content = _jpeg(picture, 88) if photographs else _few_colours(picture)
        if len(content) <= MOST:
            break
    return Picture("jpeg" if photographs else "png", content, width, words)


def of_strip(pictures: Sequence[Image.Image], words: str, side: int = 112) -> Picture | None:
    """Pictures beside each other as one JPEG; None without any.

    Args:
        pictures: RGB; each is cut to its middle square.
        words: what they show.
        side: of each, in CSS pixels.
    """
    if not pictures:
        return None
    gap, fine = 6, 2  # of two pixels of a fine screen in each CSS pixel
    step = fine * (side + gap)
    sheet = Image.new("RGB", (step * len(pictures) - fine * gap, fine * side), "white")
    for number, picture in enumerate(pictures):
        short = min(picture.size)
        left, top = (picture.width - short) // 2, (picture.height - short) // 2
        square = picture.convert("RGB").crop((left, top, left + short, top + short))
        sheet.paste(square.resize((fine * side, fine * side), Image.Resampling.LANCZOS), (number * step, 0))
    content = b""
    for quality in (88, 75, 55, 30):
        content = _jpeg(sheet, quality)
        if len(content) <= MOST:
            break
    return Picture("jpeg", content, sheet.width // fine, words)


def card(title: str, rows: Sequence[tuple[str, str]], picture: Picture | None = None, more: str = "") -> str:
    """A title, a picture and a table of facts.

    Args:
        title: text.
        rows: names and texts; those with an empty text are left out.
        picture: between the two.
        more: HTML that follows.
    """
    table = "".join(
        f'<tr style="background:none"><th style="{_CELL};font-weight:600">{escape(name)}</th>'
        f'<td style="{_CELL}">{escape(text)}</td></tr>'
        for name, text in rows
        if text
    )
    return (
        f'<div style="{_TEXT}"><div style="font-weight:600;font-size:14px">{escape(title)}</div>'
        f"{picture.html if picture is not None else ''}"
        f'<table style="border-collapse:collapse;border:none;margin:2px 0">{table}</table>{more}</div>'
    )


def numbers(caption: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """A table of numbers that opens on a click.

    Args:
        caption: text.
        heads: of the columns.
        rows: name and cells of each.
    """
    top = "".join(f'<th style="{_CELL}">{escape(head)}</th>' for head in heads)
    body = "".join(
        f'<tr style="background:none"><th style="{_CELL}">{escape(name)}</th>'
        + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in cells)
        + "</tr>"
        for name, cells in rows
    )
    return (
        f'<details><summary style="cursor:pointer">{escape(caption)}</summary><table style="border-collapse:collapse">'
        f"<tr><th></th>{top}</tr>{body}</table></details>"
    )


def _few_colours(picture: Image.Image) -> bytes:
    """A PNG of 256 colours: a third of the size of one with all."""
    file = BytesIO()
    picture.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(file, format="png", optimize=True)
    return file.getvalue()


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    file = BytesIO()
    # Colours at full resolution: small letters would have fringes else.
    picture.save(file, format="jpeg", quality=quality, subsampling=0)
    return file.getvalue()
