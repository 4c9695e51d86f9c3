"""The specification curve: the family question under every combination of choices, sorted by ANOSIM's R."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ...agreement.multiverse import DIMENSIONS, Multiverse
from .legend import COLOURS
from .lettering import EDGE, INK, LABEL, LINE, QUIET, TITLE, measure, page, safe, wrap

#: how each decision is drawn: colour, mark, words
DECISIONS = {
    "differ": (COLOURS[1], "s", "both tests significant"),
    "one test": (COLOURS[4], "D", "one test"),
    "none": (COLOURS[0], "o", "none"),
}
CALLED = {"normalise": "normalisation", "grid": "grid", "sign": "sign", "measure": "measure", "distance": "distance"}
_ACROSS, _UP, _ROW = 6.2, 1.7, 0.17  # inches
_SMALL = 7.0  # points


def curve_figure(found: Multiverse, *, title: str = "") -> Figure:
    """Every universe as a dot, the least R first, and below which choices it made.

    Args:
        found: with one universe or more.
        title: on top, in place of one that names the method.

    Returns:
        A figure with its own canvas.
    """
    ordered = sorted(found.universes, key=lambda one: (np.isnan(one.r), one.r))
    levels = {
        name: list(dict.fromkeys(str(one.choices[name]) for one in found.universes if name in one.choices))
        for name in DIMENSIONS
    }
    levels = {name: own for name, own in levels.items() if len(own) > 1}
    margin = max((measure(level, _SMALL) for own in levels.values() for level in own), default=0.3)
    heads = max((measure(CALLED[name], _SMALL, bold=True) for name in levels), default=0.0)
    left = EDGE + heads + 0.12 + margin + 0.1
    title = safe(title or f"{found.label}: every choice")
    width = max(left + _ACROSS + EDGE, measure(title, TITLE, bold=True) + 2 * EDGE)
    lines = wrap(
        f"{len(ordered)} combinations of choices, sorted by ANOSIM's R of {safe(' and '.join(found.groups))}. "
        f"Significant: p up to {found.alpha:g} after Holm's correction for the two tests, not for the number of "
        "combinations.",
        width - 2 * EDGE,
    )
    below = LINE * len(lines) + 0.2
    rows = sum(map(len, levels.values()))
    dots = rows * _ROW + 0.07 * len(levels)
    height = below + dots + 0.12 + _UP + 0.66
    figure = page(width, height, title, lines)
    axes = figure.add_axes((left / width, (below + dots + 0.12) / height, _ACROSS / width, _UP / height))
    _curve(axes, [one.r for one in ordered], [one.decision for one in ordered])
    if levels:
        under = figure.add_axes((left / width, below / height, _ACROSS / width, dots / height), sharex=axes)
        _choices(under, [[str(one.choices[name]) for one in ordered] for name in levels], levels, margin + 0.18)
    return figure


def _curve(axes: Axes, values: list[float], decisions: list[str]) -> None:
    at = np.arange(len(values))
    for decision, (colour, mark, words) in DECISIONS.items():
        own = np.array([one == decision for one in decisions])
        axes.plot(
            at[own], np.array(values)[own], mark, markersize=3.2, color=colour, markeredgewidth=0, linestyle="none",
            label=f"{words} ({int(own.sum())})",
        )  # fmt: skip
    axes.axhline(0, color=QUIET, linewidth=0.6)
    axes.set_xlim(-1, max(len(values), 1))
    axes.set_ylabel("R", fontsize=8, color=QUIET, labelpad=3)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(labelsize=7.5, length=3, colors=QUIET)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.spines[["right", "top", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(QUIET)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize=LABEL - 1, handletextpad=0.1,
        columnspacing=1, borderpad=0, labelcolor=INK, title="significant:", title_fontsize=LABEL - 1, alignment="left",
    ).set_title("")  # fmt: skip


def _choices(axes: Axes, chosen: list[list[str]], levels: dict[str, list[str]], away: float) -> None:
    y, places, names = 0.0, [], []
    for (name, own), choices in zip(levels.items(), chosen, strict=True):
        axes.annotate(
            CALLED[name], (0, y), (-72 * away, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="right", va="center", fontsize=_SMALL, weight="bold", color=INK,
        )  # fmt: skip
        for level in own:
            at = [i for i, one in enumerate(choices) if one == level]
            axes.plot(at, [y] * len(at), "|", markersize=5, markeredgewidth=0.9, color=INK)
            places.append(y)
            names.append(safe(level))
            y += 1
        y += 0.07 / _ROW
    axes.set_ylim(y - 0.5, -0.5)
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", length=0, labelsize=_SMALL, pad=4, colors=QUIET)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.spines[:].set_visible(False)
