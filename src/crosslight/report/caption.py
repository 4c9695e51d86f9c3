"""Pictures with a few words under them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

INK, QUIET, PAPER = (26, 26, 26), (92, 92, 92), (255, 255, 255)


def fit(picture: Image.Image, shortest: int = 256, longest: int = 1280) -> Image.Image:
    """A picture at a size to look at: tiny ones are enlarged, huge ones reduced.

    Args:
        picture: any size.
        shortest: pixels that the shorter side has at least, as far as `longest` allows.
        longest: pixels that the longer side has at most.
    """
    width, height = picture.size
    factor = max(1.0, shortest / min(width, height))
    factor = min(factor, longest / max(width, height))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.BICUBIC)


def captioned(picture: Image.Image, title: str, lines: Sequence[str] = ()) -> Image.Image:
    """A picture on white with a title and small lines of text below.

    Args:
        picture: RGB.
        title: shortened where it is too wide.
        lines: smaller text, each shortened where it is too wide.

    Returns:
        RGB, as wide as the picture and higher.
    """
    size = max(11, min(22, picture.width // 22))
    small, margin = max(10, round(size * 0.78)), round(size * 0.6)
    texts = [(title, size, INK), *((line, small, QUIET) for line in lines if line)]
    heights = [round(points * 1.35) for _, points, _ in texts]
    sheet = Image.new("RGB", (picture.width, picture.height + sum(heights) + 2 * margin), PAPER)
    sheet.paste(picture, (0, 0))
    draw = ImageDraw.Draw(sheet)
    y = picture.height + margin
    for (text, points, colour), height in zip(texts, heights, strict=True):
        draw.text((margin, y), shortened(text, points, picture.width - 2 * margin), colour, font(points))
        y += height
    return sheet


def shortened(text: str, points: int, width: int) -> str:
    """A text, cut off where it is wider than `width` pixels."""
    face = font(points)
    if face.getlength(text) <= width:
        return text
    while text and face.getlength(text + "...") > width:
        text = text[:-1]
    return text.rstrip() + "..."


@cache
def font(points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font of captions."""
    return ImageFont.load_default(points)


def target_name(classes: Sequence[str], target: Sequence[int]) -> str:
    """What a map explains, in words.

    Args:
        classes: class names of the classifier; may be empty.
        target: the class explained, and the class subtracted in a contrast or -1.
    """
    explained, against = target
    if explained < 0:
        return ""
    names = [classes[i] if i < len(classes) else str(i) for i in (explained, against) if i >= 0]
    return " against ".join(names)
