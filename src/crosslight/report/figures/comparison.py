"""Matrices of several methods under several measures, as small multiples in one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FormatStrFormatter, MaxNLocator
from numpy.typing import NDArray

from ...agreement.aggregate import Agreement, describe_count
from ...agreement.structure.trees import average_linkage
from ...core.errors import InputError
from .legend import draw_legend, draw_marks
from .lettering import CAPTION, EDGE, INK, LINE, QUIET, TITLE, measure, page, safe, wrap
from .matrix import contrast
from .words import UNKNOWN, above, cell_number, mean_above

_WIDE = 6.6  # inches that are aimed at
_NAMES, _HEAD = 7.2, 8.5  # points
_LEAST, _MOST = 1.2, 2.7  # inches of a panel's side
_NUMBERS = 0.23  # inches: cells smaller than this have no numbers

#: pairs from which on a correlation says something: four sets
_FEWEST = 6

Panels = Mapping[str, Mapping[str, Agreement]]


def comparison_figure(
    panels: Panels, *, groups: Mapping[str, str] | None = None, title: str = "", caption: str = ""
) -> Figure:
    """The same sets under several methods (rows) and measures (columns), all matrices in one order.

    Args:
        panels: by method, then by measure: the agreement. Sets that are not known in all of them are left out.
        groups: of sets, by label; each group has its colour and mark.
        title: on top.
        caption: in place of one that names order, images, intervals and how far the panels go together.

    Returns:
        A figure with its own canvas. The order is that of the average-linkage tree of the mean dissimilarity over all
        panels; each measure has one scale of colours, so that its matrices can be compared. Above each matrix stand the
        mean over its pairs and the chance floor.

    Raises:
        InputError: there is no panel, methods have different measures, or no two sets are known in all panels.
    """
    measures = list(next(iter(panels.values()), {}))
    if not measures or any(list(own) != measures for own in panels.values()):
        raise InputError("a comparison needs one method and one measure or more, the same measures for every method")
    everything = [one for own in panels.values() for one in own.values()]
    order, left_out = _order(everything)
    values = {(row, m): _of(one.mean, one, order) for row, own in panels.items() for m, one in own.items()}
    floors = {(row, m): _of(one.floor, one, order) for row, own in panels.items() for m, one in own.items()}
    longest = max(measure(safe(name), _NAMES) for name in order)
    marks, legend = (0.13, 0.24) if groups else (0.0, 0.0)
    left = EDGE + 0.2 + longest + 0.07 + marks
    gap, said = 0.16, 0.19  # between panels, and of the words above each
    side = float(
        np.clip((_WIDE - left - EDGE) / len(measures) - gap, _LEAST, max(_LEAST, min(_MOST, 0.5 * len(order))))
    )
    turned = 0.72 * longest + 0.1
    title = safe(title) or "Agreement of " + everything[0].across + " by method and measure"
    width = left + len(measures) * (side + gap) + max(turned - side / len(order), EDGE)
    width = max(width, measure(title, TITLE, bold=True) + 2 * EDGE)
    lines = wrap(safe(caption or _caption(panels, values, left_out)), width - 2 * EDGE)
    head = 0.36 + legend + 0.2 + turned
    below = LINE * len(lines) + 0.22 + 0.36
    height = head + len(panels) * (side + said) + below
    figure = page(width, height, title, lines)
    if groups:
        draw_legend(figure, groups.values(), EDGE, height - 0.36 - legend / 2)
    for column, key in enumerate(measures):
        low, high = _scale([values[row, key] for row in panels], [floors[row, key] for row in panels])
        x = left + column * (side + gap)
        label = panels[next(iter(panels))][key].measure_label
        figure.text(
            (x + side / 2) / width, (height - 0.36 - legend - 0.1) / height, safe(label), fontsize=_HEAD, weight="bold",
            color=INK, ha="center", va="center",
        )  # fmt: skip
        for number, row in enumerate(panels):
            y = height - head - said - number * (side + said) - side
            axes = figure.add_axes((x / width, y / height, side / width, side / height))
            _matrix(axes, values[row, key], low, high, side / len(order))
            mean, floor = mean_above(values[row, key]), mean_above(floors[row, key])
            words = f"mean {cell_number(np.nan if mean is None else mean)}"
            words += f", chance {cell_number(floor)}" if floor is not None else ""
            figure.text(x / width, (y + side + 0.05) / height, words, fontsize=_NAMES - 0.4, color=QUIET, va="baseline")
            if not column:
                axes.set_yticks(range(len(order)), [safe(name) for name in order])
                axes.tick_params(axis="y", labelleft=True, pad=3 + (9 if groups else 0))
                figure.text(
                    (EDGE + 0.08) / width, (y + side / 2) / height, safe(row), fontsize=_HEAD, weight="bold", color=INK,
                    ha="center", va="center", rotation=90,
                )  # fmt: skip
                if groups:
                    draw_marks(axes, [groups.get(name, "") for name in order], groups, inches=-0.09)
            if not number:
                for at, name in enumerate(order):
                    axes.annotate(
                        safe(name), (at, -0.5), (0, 72 * (said + 0.02)), textcoords="offset points", fontsize=_NAMES,
                        color=INK, rotation=45, ha="left", va="baseline", rotation_mode="anchor", annotation_clip=False,
                    )  # fmt: skip
        place = (x / width, (LINE * len(lines) + 0.22 + 0.2) / height, side / width, 0.08 / height)
        _bar(figure, (low, high), place)
    return figure


def _order(everything: Sequence[Agreement]) -> tuple[list[str], list[str]]:
    """Sets known in all panels, in the order of the tree of their mean dissimilarity; and those left out."""
    every = dict.fromkeys(name for one in everything for name in one.sets)
    known = [name for name in every if all(name in one.sets and name not in one.unusable for one in everything)]
    if len(known) < 2:
        raise InputError("a comparison needs two sets or more that have maps under all methods")
    mean = np.mean([_of(one.dissimilarity, one, known) for one in everything], axis=0)
    tree = average_linkage(mean, known)
    rest = [name for name in known if name not in tree.leaves]
    return [*tree.leaves, *rest], [name for name in every if name not in known]


def _of(matrix: NDArray[np.float64], one: Agreement, names: Sequence[str]) -> NDArray[np.float64]:
    places = [one.sets.index(name) for name in names]
    return matrix[np.ix_(places, places)]


def _scale(values: Sequence[NDArray[np.float64]], floors: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    """From the lowest value or floor of all methods to the highest value."""
    known = np.concatenate([above(one) for one in values])
    if not len(known):
        return 0.0, 1.0
    lowest = min([float(known.min()), *(low for one in floors if (low := mean_above(one)) is not None)])
    low, high = float(np.floor(lowest * 20) / 20), float(np.ceil(known.max() * 20) / 20)
    return (low, high) if high - low >= 0.1 else ((low + high) / 2 - 0.05, (low + high) / 2 + 0.05)


def _matrix(axes: Axes, values: NDArray[np.float64], low: float, high: float, cell: float) -> None:
    number = len(values)
    colours = colormaps["viridis"].with_extremes(bad=UNKNOWN)
    axes.imshow(values, cmap=colours, vmin=low, vmax=high, aspect="equal")
    for i in range(number):
        axes.add_patch(Rectangle((i - 0.5, i - 0.5), 1, 1, facecolor="white", edgecolor="none"))
    if cell >= _NUMBERS:
        for row, column in np.ndindex(number, number):
            value = float(values[row, column])
            if row != column:
                ink = contrast(colours((value - low) / (high - low))[:3]) if np.isfinite(value) else QUIET
                axes.text(
                    column, row, cell_number(value), fontsize=min(7.0, cell * 19), color=ink, ha="center", va="center"
                )
    axes.set_xticks(np.arange(number + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(number + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=0.7)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.tick_params(which="both", length=0, labelsize=_NAMES, colors=INK)
    axes.spines[:].set_visible(False)


def _bar(figure: Figure, span: tuple[float, float], place: tuple[float, float, float, float]) -> None:
    axes = figure.add_axes(place)
    mappable = ScalarMappable(Normalize(*span), colormaps["viridis"])
    bar = figure.colorbar(mappable, cax=axes, orientation="horizontal")
    bar.outline.set_visible(False)
    bar.locator = MaxNLocator(4, steps=[1, 2, 5, 10])
    bar.formatter = FormatStrFormatter("%.2f")
    bar.update_ticks()
    axes.tick_params(labelsize=CAPTION - 0.5, length=2, colors=QUIET, pad=2)


def _caption(panels: Panels, values: Mapping[tuple[str, str], NDArray[np.float64]], left_out: Sequence[str]) -> str:
    counts = {row: describe_count(next(iter(own.values()))) for row, own in panels.items()}
    several = len(set(counts.values())) > 1
    words = "; ".join(f"{row}, {count}" for row, count in counts.items()) if several else next(iter(counts.values()))
    parts = [f"Mean similarity of the maps of one image: {words}"]
    halves = [above(one.high - one.low) / 2 for own in panels.values() for one in own.values()]
    halves = [half for half in halves if len(half)]
    if halves:
        level = 100 * next(iter(next(iter(panels.values())).values())).bootstrap.get("level", 0.95)
        parts.append(f"{level:.0f} % intervals of the means over images reach at most ±{max(map(np.max, halves)):.2f}")
    parts.append("One order for all: the average-linkage tree of the mean dissimilarity; one scale for each measure")
    parts.append("Chance: maps of different images")
    together = _together(values, {key: one.measure_label for key, one in next(iter(panels.values())).items()})
    if together:
        parts.append(f"Pearson's r over the pairs above the diagonal: {together}")
    if left_out:
        parts.append(f"Left out, without maps under every method: {', '.join(left_out)}")
    return ". ".join(parts) + "."


def _together(values: Mapping[tuple[str, str], NDArray[np.float64]], called: Mapping[str, str]) -> str:
    """How far panels go together: each pair that differs in method or in measure alone, where they are few."""
    found: list[tuple[str, float]] = []
    for ((row, key), one), ((other, another), second) in combinations(values.items(), 2):
        if (row == other) == (key == another):
            continue
        upper = np.triu_indices(len(one), 1)
        first, last = one[upper], second[upper]
        both = np.isfinite(first) & np.isfinite(last)
        if both.sum() >= _FEWEST and min(np.ptp(first[both]), np.ptp(last[both])) > 0:
            alike = f"{called[key]}, {row} and {other}", f"{row}, {called[key]} and {called[another]}"
            words = alike[0] if key == another else alike[1]
            found.append((words, float(np.corrcoef(first[both], last[both])[0, 1])))
    if not found:
        return ""
    if len(found) <= 6:
        return "; ".join(f"{cell_number(r)} ({words})" for words, r in found)
    numbers = [r for _, r in found]
    return f"{cell_number(min(numbers))} to {cell_number(max(numbers))} between panels of one row or column"
