"""A tree of sets as a figure, with the support of its branches where that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from ...agreement.aggregate import Agreement
from ...agreement.structure.trees import Tree
from .legend import draw_legend, draw_marks
from .lettering import EDGE, INK, LABEL, LINE, QUIET, TITLE, measure, page, safe, wrap
from .words import UNKNOWN, above, title_of, tree_of

if TYPE_CHECKING:
    from ...agreement.structure import Support

#: approximately unbiased p-value from which on a branch counts as supported
SURE = 0.95
_ACROSS = 3.7  # inches of the tree
_SMALL = 6.5  # points
_HIGH = 0.11  # inches of such a line


def dendrogram_figure(
    agreement: Agreement,
    *,
    title: str = "",
    caption: str = "",
    support: Support | None = None,
    groups: Mapping[str, str] | None = None,
) -> Figure:
    """The average-linkage dendrogram of the dissimilarities, one row per set.

    Args:
        agreement: the result.
        title: on top, in place of one that names the result.
        caption: below, in place of one that names the formula and the cophenetic correlation.
        support: of the branches; its tree is drawn then, with AU and BP in per cent at each branch.
        groups: of sets, by label; each group has its colour and mark.

    Returns:
        A figure with its own canvas. All links have one colour: cutting the tree into groups would suggest
        clusters that nobody tested for.
    """
    tree = tree_of(agreement) if support is None else support.tree
    number = max(len(tree.labels), 1)
    margin = max((measure(safe(label), LABEL) for label in tree.labels), default=0.0) + (0.14 if groups else 0.0)
    row = 0.25 if number > 5 else 0.34
    title = safe(title) or title_of(agreement, "distances of")
    width = max(_ACROSS + margin + 2 * EDGE + 0.25, measure(title, TITLE, bold=True) + 2 * EDGE)
    lines = wrap(safe(caption) or _caption(agreement, tree, support), width - 2 * EDGE)
    legend = 0.24 if groups else 0.0
    below, side = LINE * len(lines) + 0.62, row * number
    height = below + side + 0.38 + legend
    figure = page(width, height, title, lines)
    axes = figure.add_axes(((EDGE + 0.1) / width, below / height, _ACROSS / width, side / height))
    top = float(tree.linkage[:, 2].max()) if len(tree.linkage) else 0.0
    axes.set_xlim(top * 1.04 if top > 0 else 1.0, 0)
    axes.set_ylim(number - 0.5, -0.5)  # first leaf on top, as in the matrix
    _branches(axes, tree, support)
    axes.set_yticks(range(len(tree.labels)), [safe(leaf) for leaf in tree.leaves])
    axes.yaxis.tick_right()
    axes.tick_params(axis="y", length=0, labelsize=LABEL, pad=5 + (10 if groups else 0), colors=INK)
    axes.tick_params(axis="x", labelsize=7.5, length=3, colors=QUIET)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel("dissimilarity", fontsize=8, color=QUIET, labelpad=3)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
    axes.grid(axis="x", color=UNKNOWN, linewidth=0.6)
    axes.set_axisbelow(True)
    if groups:
        draw_marks(axes, [groups.get(leaf, "") for leaf in tree.leaves], groups, inches=0.12)
        draw_legend(figure, groups.values(), EDGE, height - 0.36 - legend / 2)
    return figure


def _branches(axes: Axes, tree: Tree, support: Support | None) -> None:
    place = {leaf: float(at) for at, leaf in enumerate(tree.order)}
    level = dict.fromkeys(place, 0.0)
    nodes = []
    for branch, (one, other, top, _) in enumerate(tree.linkage.tolist()):
        ends = [int(one), int(other)]
        for node in ends:
            inner = node - len(tree.labels)
            sure = support is not None and inner >= 0 and bool(support.au[inner] >= SURE)
            axes.plot([level[node], top], [place[node]] * 2, color=INK, linewidth=2.2 if sure else 1.1)
        axes.plot([top, top], [place[node] for node in ends], color=INK, linewidth=1.1, solid_capstyle="projecting")
        node = len(tree.labels) + branch
        place[node], level[node] = sum(place[end] for end in ends) / 2, top
        nodes.append((top, place[node]))
    if support is not None:
        _supports(axes, nodes[:-1], support)


def _supports(axes: Axes, nodes: Sequence[tuple[float, float]], support: Support) -> None:
    """AU and BP at the branches, the best supported first; those that would cover another are left out."""
    figure = axes.figure
    size = axes.get_position().size * figure.get_size_inches()  # type: ignore[union-attr]
    scale = size / (max(axes.get_xlim()), max(axes.get_ylim()) + 0.5)
    taken: list[tuple[float, float, float]] = []  # right end, middle, width, in inches
    for branch in np.argsort(-np.nan_to_num(support.au[: len(nodes)]), kind="stable").tolist():
        (top, row), (au, bp) = nodes[branch], (float(support.au[branch]), float(support.bp[branch]))
        text, sure = f"{_share(au)}/{_share(bp)}", au >= SURE
        x, y, width = -top * scale[0], row * scale[1], measure(text, _SMALL, bold=sure)
        if any(abs(y - v) < _HIGH and x - width < u and u - w < x for u, v, w in taken):
            continue
        taken.append((x, y, width))
        axes.annotate(
            text, (top, row), (-3, 1.5), textcoords="offset points", ha="right", va="bottom", fontsize=_SMALL,
            weight="bold" if sure else "normal", color=INK if sure else QUIET, zorder=5,
            path_effects=[withStroke(linewidth=2, foreground="white")],
        )  # fmt: skip


def _share(value: float) -> str:
    return f"{100 * value:.0f}" if np.isfinite(value) else "–"


def _caption(agreement: Agreement, tree: Tree, support: Support | None) -> str:
    spread = len(above(agreement.sd)) > 0
    name = safe(agreement.measure_label)
    parts = [f"Average linkage of √((1 − mean)² + sd²) of the {name} over images" if spread
             else f"Average linkage of 1 − mean {name}"]  # fmt: skip
    if tree.cophenetic is not None:
        parts.append(f"Cophenetic correlation {tree.cophenetic:.2f}; the tree alone is no evidence of clusters")
    if support is not None:
        parts.append(
            "At each branch in %: AU, approximately unbiased p-value of the branch (bold, and a thick stem, from 95 "
            f"on), and BP, share of {support.resamples:,} resamples of the images that have it. They say nothing about "
            "other models"
        )
    if tree.left_out:
        parts.append(f"Not in the tree: {', '.join(map(safe, tree.left_out))}")
    return ". ".join(parts) + "."
