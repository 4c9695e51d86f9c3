"""One map over one photograph, drawn into axes: as heat, as superpixels, or as contours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from ...core.finish import finish_named
from ...core.geometry import Box
from ...core.maps import Maps, Status, take
from ..overlay import FINE, is_signed, limit_of, overlay, overlay_map, pixels_of, resample
from .legend import COLOURS
from .lettering import INK
from .segments import borders, has_segments, outline, segments_of

STYLES = ("heat", "segments", "contour")
#: of what speaks for a class and against it, where maps are drawn as lines and patches
FOR, AGAINST = COLOURS[1], COLOURS[0]
#: shares of a map's largest magnitude at which contours run
LEVELS = (0.25, 0.5, 0.75)
#: standard deviation, in sides of the map, of the blur before contours of a fine map are drawn
BLUR = 0.03
_PIXELS = 300  # of a tile's side, per inch
_WHY = {
    Status.PENDING: "not computed",
    Status.FAILED: "failed",
    Status.NO_TARGET: "no such class",
    Status.SKIPPED: "left out",
    Status.ZERO: "all zero",
    Status.CONSTANT: "constant",
    Status.NONFINITE: "not finite",
}

Window = tuple[int, int, int, int]


def window_of(boxes: Sequence[NDArray[np.float64]], size: tuple[int, int]) -> Window:
    """The part of a photograph that holds all that was looked at: a square where the photograph lets it be one.

    Args:
        boxes: left, top, right, bottom in pixels; those with NaN do not count.
        size: width and height of the photograph.

    Returns:
        Left, top, right and bottom in whole pixels, within the photograph.
    """
    width, height = size
    known = [box for box in boxes if np.isfinite(box).all()]
    side = min(width, height)
    left, top, right, bottom = (
        (
            max(0.0, min(box[0] for box in known)),
            max(0.0, min(box[1] for box in known)),
            min(float(width), max(box[2] for box in known)),
            min(float(height), max(box[3] for box in known)),
        )
        if known
        else ((width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2)
    )
    side = max(side, round(right - left), round(bottom - top))
    across, up = min(side, width), min(side, height)
    x = int(np.clip(round((left + right - across) / 2), 0, width - across))
    y = int(np.clip(round((top + bottom - up) / 2), 0, height - up))
    return x, y, x + across, y + up


def draw_tile(
    axes: Axes,
    picture: Image.Image,
    window: Window,
    maps: Maps | None,
    row: int,
    style: str,
    top: int = 5,
    smooth: bool = True,
    inches: float = 1.5,
) -> None:
    """Draw a photograph with a map over it.

    Args:
        axes: empty.
        picture: upright.
        window: the part of it that is shown.
        maps: that hold the map; None for the photograph alone where `style` is ``plain``, and for a missing map.
        row: which of them.
        style: one of `STYLES`, or ``plain``.
        top: how many segments are coloured.
        smooth: interpolate between cells.
        inches: side of the tile.
    """
    shown, scale = _shrunk(picture.convert("RGB"), window, inches)
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_anchor("N")
    status = Status(int(maps.status[row])) if maps is not None else Status.PENDING
    if style == "plain" or status != Status.OK or maps is None:
        pixels = np.asarray(shown, np.float64)
        _show(axes, pixels if style == "plain" else 0.35 * pixels + 0.65 * 255)
        if style != "plain":
            why = _WHY.get(status, "") if maps is not None else "no map"
            axes.text(0.5, 0.5, why, fontsize=6.6, color=INK, ha="center", va="center", transform=axes.transAxes)
        return
    one = take(maps, slice(row, row + 1))
    corner = np.array([window[0], window[1]] * 2)
    one = replace(one, boxes=(one.boxes - corner) * scale)
    if style == "segments" and has_segments(maps):
        _segments(axes, shown, one, top)
    elif style == "contour":
        _contours(axes, shown, one)
    else:
        _show(axes, np.asarray(overlay_map(shown, one, 0, smooth=smooth), np.float64))


def _shrunk(picture: Image.Image, window: Window, inches: float) -> tuple[Image.Image, float]:
    """The window, at no more pixels than are printed, and how much smaller it is."""
    cut = picture.crop(window)
    scale = min(1.0, inches * _PIXELS / max(cut.size))
    if max(cut.size) < 128:  # scenes of 96 pixels: else maps of lower resolution would look as coarse as the picture
        scale = 2.0
    size = (max(1, round(cut.width * scale)), max(1, round(cut.height * scale)))
    return cut.resize(size, Image.Resampling.LANCZOS), size[0] / cut.width


def _show(axes: Axes, pixels: NDArray[np.float64]) -> None:
    height, width = pixels.shape[:2]
    axes.imshow(np.clip(pixels / 255, 0, 1), extent=(0, width, height, 0))


def _seen(shown: Image.Image, one: Maps) -> tuple[NDArray[np.float64], Box]:
    """The photograph, dimmed outside the map's box, and the box."""
    box = Box(*one.boxes[0].tolist())
    nothing = np.zeros((1, 1), np.float32)
    return np.asarray(overlay(shown, nothing, box, signed=False), np.float64), box


def _segments(axes: Axes, shown: Image.Image, one: Maps, top: int) -> None:
    pixels, box = _seen(shown, one)
    values = finish_named(one.attributes.get("finish", "none"))(one.values[0])
    found = segments_of(values)
    area = pixels_of(box, shown.size)
    cell = np.array([box.width / values.shape[1], box.height / values.shape[0]])
    corner = np.array([box.left, box.top])

    def lines(parts: list[NDArray[np.float64]], colour: str, width: float, alpha: float) -> None:
        axes.add_collection(
            LineCollection(
                [corner + part * cell for part in parts], colors=colour, linewidths=width, alpha=alpha, capstyle="round"
            )
        )

    strongest = found.strongest(top)
    if area is not None:
        left, upper, right, lower = area
        for number in strongest.tolist():
            own = resample((found.labels == number).astype(np.float32), box, area, smooth=False)[..., None] > 0.5
            colour = 255 * np.array(to_rgb(FOR if found.values[number] > 0 else AGAINST))
            inside = pixels[upper:lower, left:right]
            pixels[upper:lower, left:right] = np.where(own, 0.55 * inside + 0.45 * colour, inside)
    _show(axes, pixels)
    lines(borders(found.labels), "white", 0.35, 0.75)
    for number in strongest.tolist():
        lines(outline(found.labels == number), FOR if found.values[number] > 0 else AGAINST, 1.0, 1.0)
    axes.set_xlim(0, shown.width)
    axes.set_ylim(shown.height, 0)


def _contours(axes: Axes, shown: Image.Image, one: Maps) -> None:
    pixels, box = _seen(shown, one)
    _show(axes, pixels)
    values = finish_named(one.attributes.get("finish", "none"))(one.values[0]).astype(np.float32)
    area = pixels_of(box, shown.size)
    if area is None:
        return
    if min(values.shape) > FINE:
        values = gaussian_filter(np.nan_to_num(values), BLUR * min(values.shape))
    limit = limit_of(values)
    left, upper, right, lower = area
    smooth = resample(values, box, area, smooth=True)
    x, y = np.arange(left, right) + 0.5, np.arange(upper, lower) + 0.5
    for sign, colour in ((1, FOR), (-1, AGAINST)):
        if (sign < 0 and not is_signed(one)) or limit == 0 or min(smooth.shape) < 2:
            continue
        levels = [limit * level for level in LEVELS]
        if not (sign * smooth).max() > levels[0]:
            continue
        drawn = axes.contour(x, y, sign * smooth, levels=levels, colors=colour, linewidths=(0.9, 1.3, 1.8))
        drawn.set_path_effects([withStroke(linewidth=2.2, foreground="white", alpha=0.5)])
    axes.set_xlim(0, shown.width)
    axes.set_ylim(shown.height, 0)
