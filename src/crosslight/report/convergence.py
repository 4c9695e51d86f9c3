"""A figure of how a sampled method's maps settle as its budget grows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator
from numpy.typing import NDArray
from PIL import Image

from ..core.maps import Maps
from ..study import Convergence
from .figures.lettering import CAPTION, EDGE, INK, LABEL, LINE, QUIET, TITLE, measure, page, safe, shorten, wrap
from .overlay import limit_of_map, overlay_map

#: repeats that are shown; their numbers count all the same
ROWS = 3
#: pixels of a shown picture's longer side
PIXELS = 400
#: inches: a picture's width, the most and the least of its row's height, distances, the plot's height
SIDE, HIGHEST, LOWEST, GAP, APART, PLOT = 1.5, 2.1, 0.55, 0.08, 0.42, 1.9
NARROWEST = 7.6
#: inches: the legend with its lines, and the words in it
LEGEND, WORDS = 2.9, 2.2

ERROR, SPREAD, OWN, GUIDE = "#1f5fa8", "#d1670b", "#3a8a3f", "#9a9a9a"


def convergence_figure(found: Convergence, picture: Image.Image, name: str = "") -> Figure:
    """The maps of every budget side by side, and below them how the error falls.

    All maps have one colour scale, that of the reference, so that they can be compared by eye.

    Args:
        found: what to draw.
        picture: upright, the one that was explained.
        name: of the picture, for the title.

    Returns:
        A figure with its own canvas: a row for each of the first three repeats, a column for each budget.
    """
    rows, columns = min(len(found.seeds), ROWS), len(found.budgets)
    high = min(SIDE * picture.height / picture.width, HIGHEST)
    title = safe(": ".join(filter(None, [name, f"{found.method} on {found.model}"])))
    left = EDGE + SIDE + APART
    width = max(left + columns * (SIDE + GAP) - GAP + EDGE, NARROWEST, measure(title, TITLE, bold=True) + 2 * EDGE)
    lines = wrap(_caption(found, rows), width - 2 * EDGE)
    below = LINE * len(lines) + 0.2
    slot = max(high, LOWEST)
    step = slot + 0.24
    top = below + 0.42 + PLOT + 0.16 + max(rows, 2 if _shows_reference(found) else 1) * step
    height = top + 0.36 + 0.34
    figure = page(width, height, title, lines)

    def place(across: float, down: float, text: str, image: Image.Image) -> None:
        axes = figure.add_axes((across / width, (top - down - (slot + high) / 2) / height, SIDE / width, high / height))
        axes.imshow(np.asarray(image))
        axes.set_axis_off()
        words(across + SIDE / 2, top - down - slot - 0.14, text, CAPTION, QUIET)

    def words(x: float, y: float, text: str, size: float, colour: str, **how: Any) -> None:
        figure.text(x / width, y / height, text, fontsize=size, color=colour, **{"ha": "center", **how})

    small, scale = _small(picture), max(picture.size) / max(_small(picture).size)
    predicted = f" {100 * found.probability:.0f} %"
    word = shorten(found.predicted.split(",")[0], CAPTION, SIDE - measure(predicted, CAPTION))
    place(EDGE, 0, safe(word) + predicted, small)
    shown = [_scaled(found, repeat, scale) for repeat in range(rows)]
    limit = limit_of_map(shown[0], columns)
    if _shows_reference(found):
        place(EDGE, step, "mean of the longest runs", overlay_map(small, shown[0], columns, limit=limit))
    error, correlation = found.error, found.correlation
    for column, row in enumerate(found.summary()):
        across = left + column * (SIDE + GAP)
        words(across + SIDE / 2, top + 0.21, f"{row['budget']:,} {found.setting}", LABEL, INK, weight="bold")
        cost = f"{row['evaluations']:,.0f} evaluations, {_seconds(row['seconds'])}"
        words(across + SIDE / 2, top + 0.07, cost, CAPTION, QUIET)
        for repeat in range(rows):
            text = f"error {short(error[repeat, column])}, r {short(correlation[repeat, column], 3)}"
            text = "the reference itself" if math.isnan(error[repeat, column]) else text
            place(across, repeat * step, text, overlay_map(small, shown[repeat], column, limit=limit))
    for repeat in range(rows if len(found.seeds) > 1 else 0):
        middle = top - repeat * step - slot / 2
        words(left - 0.1, middle, f"repeat {repeat + 1}", CAPTION, QUIET, rotation=90, va="center")
    start = EDGE + 0.62
    axes = figure.add_axes((start / width, (below + 0.42) / height, (width - start - LEGEND) / width, PLOT / height))
    _plot(axes, found)
    return figure


def short(value: float, digits: int = 2) -> str:
    """A number in few digits, without the zero before the point: ``.043``, ``1.2``, ``3e-5``; a dash for NaN."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    if value != 0 and abs(value) < 1e-3:
        mantissa, _, power = f"{value:.0e}".partition("e")
        return f"{mantissa}e{int(power)}".replace("-", "−")
    text = f"{value:.{digits}f}" if value == 0 or abs(value) >= 0.1 else f"{value:#.{digits}g}"
    return "0" if value == 0 else text.replace("-", "−").replace("0.", ".", 1) if abs(value) < 1 else text


def _plot(axes: Axes, found: Convergence) -> None:
    """Error, spread and the method's own measure against the budget, with a line of slope -1."""
    budgets = np.array(found.budgets, float)
    error, spread = found.error, found.spread
    mean = np.array([row["error"] for row in found.summary()])
    lines: list[tuple[NDArray[np.float64], str, dict[str, Any]]] = [
        (mean, "error, mean over repeats" if len(error) > 1 else "error", {"color": ERROR, "marker": "o"}),
        (spread, "spread over repeats", {"color": SPREAD, "marker": "s"}),
    ]
    own = found.attributes["tolerance"]
    if own is not None:
        values = np.square(found.diagnostics[own]).mean(axis=0)
        lines.append(
            (values, shorten(f"own {own.replace('_', ' ')}, squared", CAPTION, WORDS), {"color": OWN, "marker": "^"})
        )
    drawn = False
    for repeat in error:
        axes.plot(budgets, _positive(repeat), ".", color=ERROR, alpha=0.4, markersize=4, markeredgewidth=0)
    for values, label, style in lines:
        known = _positive(values)
        if np.isfinite(known).any():
            drawn = True
            axes.plot(budgets, known, label=label, linewidth=1.2, markersize=4, **style)
    anchor = next((v for v in (_positive(spread), _positive(mean)) if np.isfinite(v).any()), None)
    if anchor is not None and len(budgets) > 1:
        at = int(np.flatnonzero(np.isfinite(anchor))[-1])  # small budgets need not follow the law yet
        guide = anchor[at] * budgets[at] / budgets
        axes.plot(
            budgets, guide, "--", color=GUIDE, linewidth=0.9, zorder=0, label="slope −1: half at twice the budget"
        )
    axes.set_xscale("log")
    axes.set_xticks(budgets, [f"{budget:,}" for budget in found.budgets])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(budgets[0] / 1.15, budgets[-1] * 1.15)
    axes.set_xlabel(found.setting, fontsize=LABEL, color=QUIET, labelpad=2)
    axes.tick_params(labelsize=CAPTION, colors=QUIET, length=3)
    axes.tick_params(which="minor", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)
    if not drawn:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no difference between any two runs", transform=axes.transAxes, ha="center", fontsize=LABEL)
        return
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 50 * low else (1,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value >= 1e-3 else short(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("relative squared error", fontsize=LABEL, color=QUIET)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    legend = axes.legend(
        loc="upper left", bbox_to_anchor=(1.03, 1.02), frameon=False, fontsize=CAPTION, labelcolor=INK, handlelength=2.2
    )
    legend.set_in_layout(False)


def _caption(found: Convergence, rows: int) -> str:
    parts = [f"Explained: {safe(found.explained)}"]
    reference = "Error: squared distance from the longest run, as a share of its squared length"
    if found.deterministic:
        parts.append(f"Another seed gives the very same maps, so one run stands for all. {reference}")
    elif len(found.seeds) == 1:
        parts.append(f"One repeat. {reference}; its own is unknown")
    else:
        hidden = f" ({rows} of {len(found.seeds)} are shown)" if rows < len(found.seeds) else ""
        parts.append(
            f"Each repeat has its own seed{hidden}. Error: squared distance from the mean of the other repeats' "
            "longest runs, as a share of its squared length. Spread: variance between repeats, as the same share"
        )
    parts.append("r: correlation with the same reference. One colour scale for all maps. Seconds of the processor")
    if found.attributes["tolerance"] is not None:
        parts.append("What the method measures of itself is something else; it should fall alike")
    if found.skipped:
        budgets = ", ".join(f"{budget:,}" for budget, _ in found.skipped)
        parts.append(f"Left out: {budgets} ({safe(found.skipped[-1][1])})")
    return ". ".join(parts) + "."


def _shows_reference(found: Convergence) -> bool:
    """Whether it is another map than the longest run's."""
    return len(found.seeds) > 1


def _small(picture: Image.Image) -> Image.Image:
    factor = PIXELS / max(picture.size)
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def _scaled(found: Convergence, repeat: int, scale: float) -> Maps:
    """The maps of a repeat, for a picture that is so many times smaller."""
    maps = found.as_maps(repeat)
    return replace(maps, boxes=maps.boxes / scale)


def _positive(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What can stand on a logarithmic axis; NaN for the rest."""
    return np.where(np.isfinite(values) & (values > 1e-30), values, np.nan)


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value >= 10 else f"{value:#.2g} s"
