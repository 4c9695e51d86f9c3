"""Photographs and the maps of several models or methods over them, as a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from PIL import Image

from ...core.errors import InputError, suggestion
from ...core.maps import Maps
from ..overlay import colourise, is_signed
from .legend import COLOURS
from .lettering import EDGE, INK, LINE, QUIET, TITLE, measure, page, safe, shorten, wrap
from .segments import has_segments
from .tiles import AGAINST, BLUR, FOR, LEVELS, STYLES, draw_tile, window_of

_WIDE, _LEAST, _MOST = 7.0, 0.72, 1.5  # inches: width that is aimed at, smallest and largest tile
_GAP, _BETWEEN = 0.05, 0.14  # inches within and between groups of columns
_HEAD, _WORDS = 7.5, 6.6  # points
_FLAT, _LEAN, _LONGEST = 0.17, 0.12, 1.5  # inches: a line of heads; where turned ones begin, and how long they may be
_LOW = 0.115  # inches of a line of words below a tile
_MARKS = {True: ("\N{CHECK MARK}", COLOURS[2]), False: ("\N{BALLOT X}", COLOURS[1])}


@dataclass(frozen=True)
class Said:
    """What a model predicts for a picture.

    Attributes:
        name: of the class.
        probability: in [0, 1]; NaN where it is not known.
        right: whether it is the picture's label; None where nothing can be said.
    """

    name: str
    probability: float = float("nan")
    right: bool | None = None


@dataclass(frozen=True)
class Tile:
    """One map in the grid.

    Attributes:
        maps: that hold it.
        row: which of them.
        said: below it.
    """

    maps: Maps
    row: int
    said: Said | None = None


@dataclass(frozen=True)
class Shot:
    """One row of the grid.

    Attributes:
        picture: upright; the maps' boxes are in its pixels.
        tiles: one for each column, None where there is no map.
        name: below the picture, such as its label.
        said: below that, where all columns are of one model.
    """

    picture: Image.Image
    tiles: Sequence[Tile | None]
    name: str = ""
    said: Said | None = field(default=None)


def overlay_grid(
    shots: Sequence[Shot],
    columns: Sequence[str],
    *,
    groups: Sequence[str] = (),
    style: str = "heat",
    top: int = 5,
    smooth: bool = True,
    title: str = "Maps over photographs",
    caption: str = "",
) -> Figure:
    """Photographs, each with its maps beside it and what was predicted below.

    Args:
        shots: the rows, one or more.
        columns: heads of the columns of maps, such as labels of models.
        groups: what each column belongs to, such as a model over its methods; neighbours of one group have one head.
        style: ``heat`` (colours over the photograph), ``segments`` (of superpixel methods the parts of the largest
            magnitude, those for the class apart from those against it) or ``contour`` (lines at shares of the maximum).
            A map without superpixels is drawn as heat where segments are asked for.
        top: how many segments of each map are coloured.
        smooth: interpolate between the cells of a map.
        title: on top.
        caption: before the sentences on scale and marks.

    Returns:
        A figure with its own canvas. Every map is scaled by itself, which the caption says. All tiles of a row show the
        same part of the photograph; what a classifier did not see is dimmed.

    Raises:
        InputError: the style is unknown, there is nothing to draw, or a row has another number of maps than columns.
    """
    if style not in STYLES:
        raise InputError(f"a style cannot be {style!r}{suggestion(style, STYLES)}")
    if not shots or not columns:
        raise InputError("a grid of overlays needs one photograph and one column of maps or more")
    if any(len(shot.tiles) != len(columns) for shot in shots) or len(groups or columns) != len(columns):
        raise InputError(f"every photograph needs {len(columns)} maps, one for each column, and every column one group")
    kinds = _kinds(shots, style)
    owners = list(groups or [""] * len(columns))
    gaps = [_BETWEEN] + [_BETWEEN if a != b else _GAP for a, b in pairwise(owners)]
    side = float(np.clip((_WIDE - 2 * EDGE - sum(gaps)) / (1 + len(columns)), _LEAST, _MOST))
    lefts = [EDGE + side * (i + 1) + sum(gaps[: i + 1]) for i in range(len(columns))]
    title = safe(title)
    wanted = max(2 * EDGE + measure(title, TITLE, bold=True), 2 * EDGE + 2.45 * len(kinds), 3.4)
    turned = _turned(columns, side) > _FLAT
    reach = [
        left + _LEAN + 0.72 * min(measure(safe(name), _HEAD), _LONGEST)
        for name, left in zip(columns, lefts, strict=True)
    ]
    width = max(lefts[-1] + side + EDGE, wanted, max(reach) + EDGE if turned else 0.0)
    lines = wrap(" ".join(filter(None, [safe(caption), _caption(shots, kinds, top)])), width - 2 * EDGE)
    spoken = [_lines(shot) for shot in shots]
    heads = _turned(columns, side)
    above = heads + (0.19 if groups else 0.0) + 0.36
    foot = LINE * len(lines) + 0.14 + 0.34
    tops = np.cumsum([0.0] + [side + 0.05 + _LOW * number + 0.05 for number in spoken])
    height = above + float(tops[-1]) + foot
    figure = page(width, height, title, lines)
    _heads(figure, columns, owners, lefts, side, height - above, heads)
    for shot, away in zip(shots, tops.tolist(), strict=False):
        low = height - above - away - side
        boxes = [tile.maps.boxes[tile.row] for tile in shot.tiles if tile is not None]
        window = window_of(boxes, shot.picture.size)
        for number, left in enumerate([EDGE, *lefts]):
            axes = figure.add_axes((left / width, low / height, side / width, side / height))
            tile = shot.tiles[number - 1] if number else None
            chosen = "plain" if not number else style
            draw_tile(
                axes,
                shot.picture,
                window,
                tile.maps if tile is not None else None,
                tile.row if tile else 0,
                chosen,
                top,
                smooth,
                side,
            )
            said = shot.said if not number else tile.said if tile else None
            _say(figure, said, shot.name if not number else "", left, low - 0.05, side)
    _scales(figure, kinds, LINE * len(lines) + 0.14, width)
    return figure


def _kinds(shots: Sequence[Shot], style: str) -> list[str]:
    """What the scales below must explain: ``magnitude``, ``signed``, ``segments``, ``contour``."""
    tiles = [tile for shot in shots for tile in shot.tiles if tile is not None]
    if style == "contour":
        return ["contour" if any(is_signed(tile.maps) for tile in tiles) else "contour of magnitude"]
    cut = [style == "segments" and has_segments(tile.maps) for tile in tiles]
    rest = [tile for tile, own in zip(tiles, cut, strict=True) if not own]
    found = ["segments"] if any(cut) else []
    found += ["magnitude"] if any(not is_signed(tile.maps) for tile in rest) else []
    return found + (["signed"] if any(is_signed(tile.maps) for tile in rest) else [])


def _caption(shots: Sequence[Shot], kinds: Sequence[str], top: int) -> str:
    parts = []
    if {"magnitude", "signed"} & set(kinds):
        parts.append(
            "Every map has its own scale: full colour is its largest magnitude (of maps finer than 64 cells, the "
            "99.5th percentile), so that colours of two maps cannot be compared."
        )
    if "segments" in kinds:
        parts.append(
            f"Lines are the borders of the superpixels; coloured are the {top} of the largest magnitude in each map."
        )
    if any(kind.startswith("contour") for kind in kinds):
        shares = ", ".join(f"{100 * level:.0f}" for level in LEVELS)
        parts.append(
            f"Lines, from thin to thick, at {shares} % of each map's largest magnitude; maps finer than 64 cells are "
            f"blurred before (Gaussian, {100 * BLUR:.0f} % of the side)."
        )
    parts.append("What a classifier did not see is dimmed.")
    said = [tile.said for shot in shots for tile in shot.tiles if tile is not None] + [shot.said for shot in shots]
    if any(one is not None and one.right is not None for one in said):
        parts.append(f"Below: prediction with its probability; {_MARKS[True][0]} right, {_MARKS[False][0]} wrong.")
    elif any(one is not None for one in said):
        parts.append("Below: prediction with its probability.")
    return " ".join(parts)


def _lines(shot: Shot) -> int:
    """Lines of words below a row."""
    under = 2 if any(tile is not None and tile.said is not None for tile in shot.tiles) else 0
    return max(under, bool(shot.name) + 2 * (shot.said is not None))


def _turned(columns: Sequence[str], side: float) -> float:
    """Inches that the heads need: one line, or as much as the longest one at 45 degrees."""
    longest = max(measure(safe(name), _HEAD) for name in columns)
    return _FLAT if longest <= side else 0.08 + 0.72 * min(longest, _LONGEST)


def _heads(
    figure: Figure,
    columns: Sequence[str],
    owners: Sequence[str],
    lefts: Sequence[float],
    side: float,
    base: float,
    heads: float,
) -> None:
    width, height = figure.get_size_inches()
    turned = heads > _FLAT
    for name, left in zip(columns, lefts, strict=True):
        text = shorten(safe(name), _HEAD, _LONGEST if turned else side)
        x = left + (_LEAN if turned else side / 2)
        figure.text(
            x / width, (base + 0.05) / height, text, fontsize=_HEAD, color=INK,
            va="baseline" if turned else "bottom", ha="left" if turned else "center", rotation=45 if turned else 0,
            rotation_mode="anchor",
        )  # fmt: skip
    at = 0
    for owner, same in groupby(owners):
        number = len(list(same))
        if owner:
            left, right = lefts[at], lefts[at + number - 1] + side
            y = base + heads + 0.05
            text = shorten(safe(owner), _HEAD, right - left)
            figure.text(
                (left + right) / 2 / width, (y + 0.02) / height, text, fontsize=_HEAD, weight="bold", color=INK,
                ha="center", va="bottom",
            )  # fmt: skip
        at += number


def _say(figure: Figure, said: Said | None, name: str, left: float, high: float, side: float) -> None:
    """Name of the picture, class and probability, each on a line of its own from `high` downwards."""
    width, height = figure.get_size_inches()
    y = high

    def line(text: str, colour: str, x: float = left, weight: str = "normal") -> None:
        figure.text(x / width, y / height, text, fontsize=_WORDS, color=colour, va="top", weight=weight)

    if name:
        line(shorten(safe(name), _WORDS, side), QUIET)
        y -= _LOW
    if said is not None:
        line(shorten(safe(said.name), _WORDS, side), INK)
        y -= _LOW
        share = f"{100 * said.probability:.0f} %" if np.isfinite(said.probability) else ""
        line(share, QUIET)
        if said.right is not None:
            mark, colour = _MARKS[said.right]
            line(mark, colour, left + (measure(share, _WORDS) + 0.05 if share else 0), "bold")


def _scales(figure: Figure, kinds: Sequence[str], low: float, width: float) -> None:
    """What the colours mean, side by side above the caption."""
    height = figure.get_size_inches()[1]
    x = EDGE
    for kind in kinds:
        if kind in ("magnitude", "signed"):
            signed = kind == "signed"
            ramp = np.linspace(-1 if signed else 0, 1, 256, dtype=np.float32)[None]
            rgba = colourise(ramp, signed=signed, limit=1.0).astype(np.float64)
            alpha = rgba[..., 3:] / 255
            axes = figure.add_axes((x / width, (low + 0.13) / height, 1.5 / width, 0.09 / height))
            axes.imshow((alpha * rgba[..., :3] + (1 - alpha) * 205) / 255, aspect="auto", extent=(0, 1, 0, 1))
            axes.set_axis_off()
            ends = (
                [(0.0, "against"), (0.5, "0"), (1.0, "for the class")] if signed else [(0.0, "0"), (1.0, "its maximum")]
            )
            for at, text in ends:
                figure.text(
                    (x + 1.5 * at) / width, (low + 0.105) / height, text, fontsize=_WORDS, color=QUIET, va="top",
                    ha={0.0: "left", 0.5: "center", 1.0: "right"}[at],
                )  # fmt: skip
            x += 1.5 + 0.3
        else:
            x = _patches(figure, kind, x, low, width)


def _patches(figure: Figure, kind: str, x: float, low: float, width: float) -> float:
    height = figure.get_size_inches()[1]
    names = [(FOR, "+ for the class"), (AGAINST, "\N{MINUS SIGN} against it")]
    handles: list[Artist]
    if kind == "segments":
        handles = [Patch(facecolor=to_rgba(colour, 0.5), edgecolor=colour, label=text) for colour, text in names]
    else:
        names = names if kind == "contour" else [(FOR, "magnitude")]
        handles = [Line2D([], [], color=colour, linewidth=1.4, label=text) for colour, text in names]
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(x / width, (low + 0.03) / height), ncols=2, frameon=False,
        fontsize=_WORDS + 0.4, handlelength=1.4, handleheight=0.8, columnspacing=1.2, borderpad=0, borderaxespad=0,
        labelcolor=INK, handletextpad=0.5,
    )  # fmt: skip
    return x + 2.3
