"""How many units detect each concept, as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ...core.errors import InputError
from .legend import COLOURS, draw_legend
from .lettering import EDGE, INK, LABEL, LINE, QUIET, TITLE, measure, page, safe, shorten, wrap
from .words import UNKNOWN

_ROW, _ACROSS, _NAME = 0.2, 3.6, 2.2  # inches of a bar, of the scale, and of the longest name
_SMALL = 7.2  # points

Counts = Mapping[str, int] | Mapping[str, Mapping[str, int]]


def concept_histogram(
    counts: Counts, *, minimum: int = 1, most: int = 40, title: str = "Units by concept", caption: str = ""
) -> Figure:
    """Concepts by the number of units that detect them, the most frequent on top.

    Args:
        counts: units by concept; or by layer, units by concept.
        minimum: units that a concept needs for a bar of its own.
        most: bars at most.
        title: on top.
        caption: in place of one that names units, concepts and what is summed up.

    Returns:
        A figure with its own canvas. Layers are parts of a bar, in their order. Concepts below the minimum, and those
        beyond `most`, are summed up in one grey bar that says how many they are.

    Raises:
        InputError: there is no unit, or a count is no whole number from 0 on.
    """
    layers = _layers(counts)
    totals: dict[str, int] = {}
    for own in layers.values():
        for concept, number in own.items():
            totals[concept] = totals.get(concept, 0) + number
    totals = {concept: number for concept, number in totals.items() if number > 0}
    if not totals:
        raise InputError("no unit detects a concept: there is nothing to draw")
    order = sorted(totals, key=lambda concept: (-totals[concept], concept))
    shown = [concept for concept in order if totals[concept] >= minimum][:most]
    rest = order[len(shown) :]
    words = [shorten(safe(concept), LABEL, _NAME) for concept in shown]
    if rest:
        words.append(f"{len(rest):,} further concept{'s' if len(rest) != 1 else ''}")
    several = len(layers) > 1
    left = EDGE + max(measure(word, LABEL) for word in words) + 0.1
    title = safe(title)
    legend = [f"{name} ({sum(own.values()):,})" for name, own in layers.items()] if several else []
    keys = EDGE * 2 + sum(0.41 + measure(safe(name), LABEL) for name in legend)
    width = max(left + _ACROSS + 0.42, measure(title, TITLE, bold=True) + 2 * EDGE, keys)
    lines = wrap(safe(caption or _caption(totals, rest, minimum, layers)), width - 2 * EDGE)
    below, top = LINE * len(lines) + 0.6, 0.4 + (0.24 if several else 0.0)
    up = _ROW * len(words) + (0.06 if rest else 0.0)
    height = below + up + top
    figure = page(width, height, title, lines)
    axes = figure.add_axes((left / width, below / height, _ACROSS / width, up / height))
    at = [_ROW * (i + 0.5) for i in range(len(shown))] + ([_ROW * (len(shown) + 0.5) + 0.06] if rest else [])
    _bars(axes, at, shown, layers)
    ends = [totals[concept] for concept in shown]
    if rest:
        ends.append(sum(totals[concept] for concept in rest))
        axes.barh(at[-1], ends[-1], 0.72 * _ROW, color=UNKNOWN, edgecolor=QUIET, linewidth=0.6, hatch="////")
    axes.set_xlim(0, max(ends) * 1.02)
    axes.set_ylim(up, 0)
    for y, end in zip(at, ends, strict=True):
        axes.annotate(
            f"{end:,}", (end, y), (3, 0), textcoords="offset points", fontsize=_SMALL, color=QUIET, va="center_baseline"
        )
    axes.set_yticks(at, words)
    _frame(axes)
    if several:
        looks = [(COLOURS[i % len(COLOURS)], "s") for i in range(len(legend))]
        draw_legend(figure, legend, EDGE, height - 0.36 - 0.12, looks)
    return figure


def _layers(counts: Counts) -> dict[str, dict[str, int]]:
    nested = [isinstance(value, Mapping) for value in counts.values()]
    if any(nested) and not all(nested):
        raise InputError("counts are either all by concept or all by layer")
    layers: Mapping[str, Mapping[str, int]] = counts if any(nested) else {"": counts}  # type: ignore[assignment,dict-item]
    for own in layers.values():
        for concept, number in own.items():
            if not isinstance(number, Integral) or isinstance(number, bool) or number < 0:
                raise InputError(f"the count of {concept!r} must be a whole number from 0 on, not {number!r}")
    return {str(name): {str(concept): int(n) for concept, n in own.items()} for name, own in layers.items()}


def _bars(axes: Axes, at: Sequence[float], shown: Sequence[str], layers: Mapping[str, Mapping[str, int]]) -> None:
    begin = np.zeros(len(shown))
    for number, own in enumerate(layers.values()):
        length = np.array([own.get(concept, 0) for concept in shown], float)
        axes.barh(
            at[: len(shown)], length, 0.72 * _ROW, left=begin, color=COLOURS[number % len(COLOURS)], edgecolor="white",
            linewidth=0.5 if len(layers) > 1 else 0,
        )  # fmt: skip
        begin += length


def _frame(axes: Axes) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.tick_params(axis="y", length=0, labelsize=LABEL, pad=4, colors=INK)
    axes.tick_params(axis="x", labelsize=_SMALL, length=3, colors=QUIET)
    axes.set_xlabel("units", fontsize=8, color=QUIET, labelpad=3)
    axes.grid(axis="x", color=UNKNOWN, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)


def _caption(
    totals: Mapping[str, int], rest: Sequence[str], minimum: int, layers: Mapping[str, Mapping[str, int]]
) -> str:
    units = sum(totals.values())
    parts = [f"{units:,} units with a concept, {len(totals):,} concept{'s' if len(totals) != 1 else ''}"]
    parts[0] += f", {len(layers)} layers" if len(layers) > 1 else ""
    small = [concept for concept in rest if totals[concept] < minimum]
    if small:
        parts.append(f"Concepts of fewer than {minimum} units are summed up")
    elif rest:
        parts.append("The rarest are summed up")
    return ". ".join(parts) + "."
