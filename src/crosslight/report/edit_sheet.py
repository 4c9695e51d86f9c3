"""A sheet of one picture before and after an edit: what each classifier says, and where it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .caption import INK, PAPER, QUIET, font, shortened
from .overlay import limit_of_map, overlay_map

if TYPE_CHECKING:
    from ..core.maps import Maps

#: pixels: width of a tile, between tiles, of text
TILE, GAP, TEXT = 176, 8, 13

HEADS = ("before", "where it looks", "after", "where it looks")


@dataclass(frozen=True)
class SheetRow:
    """What one classifier makes of a picture.

    Attributes:
        title: the classifier's label.
        before: what it says before, in words.
        after: what it says after.
        maps: of the picture before and after, with the row of the picture in each; None where there are none.
    """

    title: str
    before: str
    after: str
    maps: tuple[Maps, Maps, int] | None


def edit_sheet(
    before: NDArray[np.uint8], after: NDArray[np.uint8], title: str, rows: Sequence[SheetRow]
) -> Image.Image:
    """Before and after side by side, a line for each classifier.

    Both maps of a classifier share one scale, so that a map that fades is seen to fade.

    Args:
        before: uint8 ``[h, w, 3]``.
        after: uint8 ``[h, w, 3]``.
        title: in the first line.
        rows: one for each classifier.

    Returns:
        RGB.
    """
    height = max(1, round(TILE * before.shape[0] / before.shape[1]))
    line, label = round(TEXT * 1.5), round(TEXT * 2.9)
    top = 2 * line + GAP
    width = 4 * TILE + 5 * GAP
    sheet = Image.new("RGB", (width, top + len(rows) * (height + label + GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP // 2), shortened(title, TEXT + 2, width - 2 * GAP), INK, font(TEXT + 2))
    for column, head in enumerate(HEADS):
        draw.text((GAP + column * (TILE + GAP), line + GAP // 2), head, QUIET, font(TEXT))
    pictures = [Image.fromarray(pixels) for pixels in (before, after)]
    for number, row in enumerate(rows):
        y = top + number * (height + label + GAP)
        tiles = _tiles(pictures, row)
        for column, tile in enumerate(tiles):
            if tile is not None:
                small = tile.resize((TILE, height), Image.Resampling.LANCZOS)
                sheet.paste(small, (GAP + column * (TILE + GAP), y))
        draw.text((GAP, y + height + 2), shortened(row.title, TEXT, width - 2 * GAP), INK, font(TEXT))
        for column, said in ((0, row.before), (2, row.after)):
            text = shortened(said, TEXT, 2 * TILE)
            draw.text((GAP + column * (TILE + GAP), y + height + 2 + line), text, QUIET, font(TEXT))
    return sheet


def in_words(said: str, asked: str, probability: float) -> str:
    """What a classifier says, and how probable it finds the class that is followed.

    Args:
        said: the class it predicts.
        asked: the class that is followed.
        probability: of the latter, in [0, 1].
    """
    share = f"{100 * probability:.1f} %"
    return f"{said}  {share}" if said == asked else f"{said}  ({asked} {share})"


def _tiles(pictures: Sequence[Image.Image], row: SheetRow) -> list[Image.Image | None]:
    if row.maps is None:
        return [pictures[0], None, pictures[1], None]
    first, second, at = row.maps
    maps = (first, second)
    limits = [limit_of_map(one, at) for one in maps if one.usable[at]]
    shown = [
        overlay_map(picture, one, at, limit=max(limits)) if one.usable[at] else picture
        for picture, one in zip(pictures, maps, strict=True)
    ]
    return [pictures[0], shown[0], pictures[1], shown[1]]
