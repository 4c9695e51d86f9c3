"""Sets as a graph: edges by similarity above chance, nodes coloured by community."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from ...agreement.aggregate import Agreement, describe_count
from ...agreement.structure import Communities, without_gaps
from ...core.errors import InputError
from .legend import COLOURS, MARKS, draw_legend
from .lettering import EDGE, INK, LABEL, LINE, QUIET, TITLE, measure, page, safe, wrap
from .placing import place_labels
from .words import cell_number, span, title_of

_ACROSS, _UP, _MARGIN = 5.2, 3.6, 0.55  # inches of the drawing, and of its margin
_ALONE = "in none"


def community_graph(
    agreement: Agreement,
    found: Communities,
    *,
    support: NDArray[np.float64] | None = None,
    title: str = "",
    caption: str = "",
) -> Figure:
    """Sets as nodes, with an edge between two whose similarity lies above chance.

    Args:
        agreement: the result.
        found: communities of the sets that `crosslight.agreement.structure.without_gaps` leaves, in that order.
        support: ``[set, set]``: how often two sets are in one community when the images are drawn again, see
            `crosslight.agreement.structure.community_support`.
        title: on top, in place of one that names the result.
        caption: in place of one that names layout, edges and stability.

    Returns:
        A figure with its own canvas. Colours are the partition of the longest plateau: the one that holds over most
        resolutions; a set that is alone there, and every set where no partition holds, is grey. Edges have an interval
        above the floor and grow with what is above it. The layout is that of Kamada and Kawai in networkx, with
        the dissimilarities as lengths, from a circle: nothing in it is drawn at random.

    Raises:
        InputError: the communities are of another number of sets.
    """
    _, labels, _ = without_gaps(agreement.per_image, agreement.sets)
    if len(found.resolutions[0].partition) != len(labels):
        raise InputError(f"communities of {len(labels)} sets are needed, not of {len(found.resolutions[0].partition)}")
    places = [agreement.sets.index(label) for label in labels]
    take = np.ix_(places, places)
    mean, floor, low = agreement.mean[take], agreement.floor[take], agreement.low[take]
    base = np.where(np.isfinite(floor), floor, 0.0)
    sure = np.where(np.isfinite(low), low, mean) > base
    weights = np.where(sure & ~np.eye(len(labels), dtype=bool), np.clip(mean - base, 0, None), 0.0)
    members = _members(found, len(labels))
    points = _layout(agreement.dissimilarity[take])
    title = safe(title) or title_of(agreement, "communities of")
    width = max(_ACROSS + 2 * EDGE, measure(title, TITLE, bold=True) + 2 * EDGE)
    own_caption = caption or _caption(agreement, found, weights, members, support, floor)
    lines = wrap(safe(own_caption), width - 2 * EDGE)
    below, top = LINE * len(lines) + 0.2, 0.36 + 0.28
    height = below + _UP + top
    figure = page(width, height, title, lines)
    axes = figure.add_axes(((width - _ACROSS) / 2 / width, below / height, _ACROSS / width, _UP / height))
    axes.set_axis_off()
    axes.set_xlim(0, _ACROSS)
    axes.set_ylim(0, _UP)
    _edges(axes, points, weights)
    names = _names(members)
    _nodes(axes, points, members)
    _labels(axes, points, labels)
    _legend(figure, names, members, height - 0.36 - 0.14)
    return figure


def _members(found: Communities, number: int) -> NDArray[np.int64]:
    """The community of each set by falling size, -1 where it is alone or nothing holds."""
    if found.longest is None:
        return np.full(number, -1)
    partition = found.longest.partition
    sizes = np.bincount(partition)
    order = [one for one in np.argsort(-sizes, kind="stable").tolist() if sizes[one] > 1]
    rank = {one: place for place, one in enumerate(order)}
    return np.array([rank.get(one, -1) for one in partition.tolist()])


def _names(members: NDArray[np.int64]) -> list[str]:
    return [f"community {i + 1} ({int((members == i).sum())})" for i in range(int(members.max(initial=-1)) + 1)]


def _layout(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places in inches within the drawing, both axes on one scale, the longer one across."""
    number = len(distances)
    graph = nx.complete_graph(number)
    least = max(float(distances[~np.eye(number, dtype=bool)].min(initial=1.0)), 0.02)
    lengths = {i: {j: max(float(distances[i, j]), least) for j in range(number)} for i in range(number)}
    places = nx.kamada_kawai_layout(graph, dist=lengths, pos=nx.circular_layout(graph))
    points = np.array([places[i] for i in range(number)], np.float64)
    points -= points.mean(axis=0)
    points = points @ np.linalg.svd(points, full_matrices=False)[2].T
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.array([_ACROSS, _UP]) - 2 * _MARGIN
    scale = float((room / np.maximum(high - low, 1e-9)).min())
    return np.array([_ACROSS, _UP]) / 2 + scale * (points - (low + high) / 2)


def _edges(axes: Axes, points: NDArray[np.float64], weights: NDArray[np.float64]) -> None:
    largest = max(float(weights.max()), 1e-12)
    pairs = sorted(zip(*np.nonzero(np.triu(weights, 1)), strict=True), key=lambda pair: weights[pair])
    for one, other in pairs:
        share = float(weights[one, other]) / largest
        axes.plot(
            *points[[one, other]].T, color=INK, linewidth=0.3 + 2.6 * share, alpha=0.05 + 0.6 * share**1.5, zorder=1,
            solid_capstyle="round",
        )  # fmt: skip


def _nodes(axes: Axes, points: NDArray[np.float64], members: NDArray[np.int64]) -> None:
    for point, number in zip(points, members.tolist(), strict=True):
        axes.plot(
            *point, marker=_mark(number), markersize=9, color=_colour(number), markeredgecolor="white",
            markeredgewidth=0.9, linestyle="none", zorder=3,
        )  # fmt: skip


def _colour(number: int) -> str:
    return COLOURS[number % (len(COLOURS) - 1)] if number >= 0 else COLOURS[-1]


def _mark(number: int) -> str:
    return MARKS[number % (len(MARKS) - 1)] if number >= 0 else MARKS[-1]


def _labels(axes: Axes, points: NDArray[np.float64], labels: Sequence[str]) -> None:
    texts = [safe(label) for label in labels]
    sizes = [(measure(text, LABEL), 0.135) for text in texts]
    for point, text, place in zip(points, texts, place_labels(points, sizes, (_ACROSS, _UP), 0.08), strict=True):
        axes.text(
            place.left, place.low + 0.03, text, fontsize=LABEL, color=INK, ha="left", va="baseline", zorder=5,
            path_effects=[withStroke(linewidth=2.4, foreground="white")],
        )  # fmt: skip
        if place.end is not None:
            axes.plot([point[0], place.end[0]], [point[1], place.end[1]], color=QUIET, linewidth=0.6, zorder=2)


def _legend(figure: Figure, names: Sequence[str], members: NDArray[np.int64], middle: float) -> None:
    """Communities with their sizes; grey comes last."""
    alone = int((members < 0).sum())
    if len(names) >= len(COLOURS):
        names = [*names[: len(COLOURS) - 2], f"and {len(names) - len(COLOURS) + 2} more"]
    shown = [*names, *([f"{_ALONE} ({alone})"] if alone else [])]
    draw_legend(
        figure, shown, EDGE, middle, [(_colour(i), _mark(i)) for i in range(len(names))] + [(_colour(-1), _mark(-1))]
    )


def _caption(
    agreement: Agreement,
    found: Communities,
    weights: NDArray[np.float64],
    members: NDArray[np.int64],
    support: NDArray[np.float64] | None,
    floor: NDArray[np.float64],
) -> str:
    pairs = len(weights) * (len(weights) - 1) // 2
    edges = int(np.triu(weights > 0, 1).sum())
    known = floor[np.triu_indices(len(floor), 1)]
    known = known[np.isfinite(known)]
    chance = f" ({span(known)})" if len(known) else ""
    parts = [
        f"Edges: mean {agreement.measure_label} of the maps of one image above the chance floor{chance}, the wider the "
        f"more; {edges} of {pairs} pairs, those whose interval lies above it; {describe_count(agreement)}",
        "Layout of Kamada and Kawai: nearness follows the dissimilarities, directions mean nothing",
    ]
    plateau = found.longest
    if plateau is None:
        parts.append(
            f"Louvain from {found.seeds} seeds at {len(found.resolutions)} resolutions finds no partition with two "
            "communities that more than half of the seeds give"
        )
        return ". ".join(parts) + "."
    seeds = f"all {found.seeds} seeds" if plateau.share == 1 else f"at least {plateau.share:.0%} of {found.seeds} seeds"
    parts.append(
        f"Colours: Louvain's partition that holds longest, over {plateau.resolutions} of {len(found.resolutions)} "
        f"resolutions (\N{GREEK SMALL LETTER GAMMA} {plateau.low:.2f} to {plateau.high:.2f}), from {seeds}; mean "
        f"adjusted Rand index of two runs at least {cell_number(plateau.stability)}"
    )
    if support is not None:
        inside = (members[:, None] == members) & (members >= 0)[:, None] & ~np.eye(len(members), dtype=bool)
        apart = (members[:, None] != members) & ~np.eye(len(members), dtype=bool)
        words = f"With other images two members of a community stay together in {_per_cent(support[inside])}"
        words += f", two others come together in {_per_cent(support[apart])}" if apart.any() else ""
        parts.append(words)
    parts.append("Louvain divides any graph: communities alone are no evidence of groups")
    return ". ".join(parts) + "."


def _per_cent(values: NDArray[np.float64]) -> str:
    return f"{100 * float(values.mean()):.0f} % of the resamples"
