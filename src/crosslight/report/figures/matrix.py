"""Mean agreement of every two sets as a heat map with its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import FormatStrFormatter, MaxNLocator

from ...agreement.aggregate import Agreement, describe_count
from ...agreement.structure.trees import Tree
from .legend import draw_legend, draw_marks
from .lettering import CAPTION, EDGE, INK, LABEL, LINE, QUIET, TITLE, measure, page, safe, wrap
from .words import UNKNOWN, above, cell_number, mean_above, span, title_of, tree_of


def matrix_figure(
    agreement: Agreement,
    *,
    title: str = "",
    caption: str = "",
    tree: Tree | None = None,
    groups: Mapping[str, str] | None = None,
) -> Figure:
    """Mean agreement of every two sets as a heat map with its values, neighbours in the dendrogram side by side.

    Args:
        agreement: the result; 1 to some 20 sets are readable.
        title: on top, in place of one that names the result.
        caption: below, in place of one that names images, interval, floor and ceiling.
        tree: in whose order rows stand; by default that of average linkage.
        groups: of sets, by label; each group has its colour and mark.

    Returns:
        A figure with its own canvas. Colours begin at the lowest value or the chance floor, whichever is lower,
        and leave out the diagonal; the caption names the images, the interval's width, the floor and the ceiling,
        which have arrows at the scale.
    """
    tree = tree or tree_of(agreement)
    left_out = [label for label in agreement.sets if label not in tree.leaves]
    order = [agreement.sets.index(label) for label in (*tree.leaves, *left_out)]
    labels = [safe(agreement.sets[i]) for i in order]
    values = agreement.mean[np.ix_(order, order)]
    number = len(order)

    cell = float(np.clip(5.6 / number, 0.36, 0.62))
    text = float(np.clip(cell * 19, 6.4, 9.0))
    longest = max((measure(label, LABEL) for label in labels), default=0.0)
    turned = longest > cell * 0.92
    side = number * cell
    marks, legend = (0.14, 0.24) if groups else (0.0, 0.0)
    left, bar = EDGE + longest + 0.08 + marks, (0.62 if number > 1 else 0.0)
    ends = [cell * (i + 0.5) + 0.72 * measure(label, LABEL) for i, label in enumerate(labels)] if turned else [side]
    right = max(bar, max(ends) - side) + EDGE
    title = safe(title) or title_of(agreement, "agreement of")
    width = max(left + side + right, measure(title, TITLE, bold=True) + 2 * EDGE, 3.8)
    lines = wrap(safe(caption) or _caption(agreement, left_out), width - 2 * EDGE)
    below, top = LINE * len(lines) + 0.22, 0.36 + legend
    across = longest * 0.72 + 0.2 if turned else 0.28
    height = top + across + side + below
    figure = page(width, height, title, lines)

    axes = figure.add_axes((left / width, below / height, side / width, side / height))
    low, high = _colour_range(values, mean_above(agreement.floor))
    picture = axes.imshow(values, cmap=_colours(), vmin=low, vmax=high, aspect="equal")
    own = np.eye(number, dtype=bool)
    for row, column in np.ndindex(number, number):
        if own[row, column]:
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="white", edgecolor="none"))
        value = float(values[row, column])
        axes.text(
            column, row + 0.02, cell_number(value), ha="center", va="center", fontsize=text,
            color=_readable(value, low, high, bool(own[row, column])),
        )  # fmt: skip
    axes.set_xticks(range(number), labels)
    axes.set_yticks(range(number), labels)
    axes.tick_params(length=0, labelsize=LABEL, pad=4, labeltop=True, labelbottom=False, colors=INK)
    if groups:
        axes.tick_params(axis="y", pad=4 + 10)
        draw_marks(axes, [groups.get(agreement.sets[i], "") for i in order], groups, inches=-0.1)
        draw_legend(figure, groups.values(), EDGE, height - 0.36 - legend / 2)
    if turned:
        for tick in axes.get_xticklabels():
            tick.set(rotation=45, ha="left", rotation_mode="anchor")
    axes.set_xticks(np.arange(number + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(number + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    if number > 1:
        _colour_bar(
            figure,
            picture,
            agreement,
            ((left + side + 0.12) / width, axes.get_position().y0, 0.11 / width, side / height),
        )
    return figure


def _caption(agreement: Agreement, left_out: list[str]) -> str:
    parts = [f"Mean {safe(agreement.measure_label)} of the maps of one image"]
    if agreement.images:
        parts[0] += f", {describe_count(agreement)}"
    half = above(agreement.high - agreement.low) / 2
    if len(half):
        level = 100 * agreement.bootstrap.get("level", 0.95)
        parts.append(f"{level:.0f} % intervals of the means reach at most ±{half.max():.2f}")
    floor, ceiling = above(agreement.floor), above(agreement.ceiling)
    if len(floor):
        parts.append(f"Chance floor (maps of different images; arrow at the scale): {span(floor)}")
    if len(ceiling):
        parts.append(f"Ceiling (what repeats reach; hollow arrow): {span(ceiling)}")
    if left_out:
        parts.append(f"Without numbers for some pairs: {', '.join(map(safe, left_out))}")
    return ". ".join(parts) + "."


def _colours() -> Colormap:
    return colormaps["viridis"].with_extremes(bad=UNKNOWN)


def _colour_range(values: np.ndarray, floor: float | None) -> tuple[float, float]:
    """From the floor or the lowest value to the highest; the diagonal of ones would waste half the colours."""
    others = above(values)
    if not len(others):
        return 0.0, 1.0
    low = others.min() if floor is None else min(others.min(), floor)
    low, high = np.floor(low * 20) / 20, np.ceil(others.max() * 20) / 20
    if high - low < 0.1:  # so that differences of nothing do not look like much
        low, high = (low + high) / 2 - 0.05, (low + high) / 2 + 0.05
    return float(low), float(high)


def _readable(value: float, low: float, high: float, own: bool) -> str:
    if own or not np.isfinite(value):
        return QUIET
    return contrast(colormaps["viridis"]((value - low) / (high - low))[:3])


def contrast(rgb: Sequence[float]) -> str:
    """The colour of text on a cell: black or white, whichever has more contrast (WCAG 2.1).

    Args:
        rgb: of the cell, in [0, 1].
    """
    colour = np.array(rgb)
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return "white" if linear @ [0.2126, 0.7152, 0.0722] < 0.2 else INK


def _colour_bar(
    figure: Figure, picture: AxesImage, agreement: Agreement, place: tuple[float, float, float, float]
) -> None:
    axes: Axes = figure.add_axes(place)
    bar = figure.colorbar(picture, cax=axes)
    bar.outline.set_visible(False)
    bar.locator = MaxNLocator(5, steps=[1, 2, 5, 10])
    bar.formatter = FormatStrFormatter("%.2f")
    bar.update_ticks()
    axes.tick_params(labelsize=CAPTION, length=2, colors=QUIET)
    low, high = picture.get_clim()
    for value, inside in ((mean_above(agreement.floor), INK), (mean_above(agreement.ceiling), "white")):
        if value is not None and low <= value <= high:
            axes.axhline(value, color="white", linewidth=1.6)
            axes.plot(
                -0.15, value, marker=">", markersize=3.8, color=inside, markeredgecolor=INK, markeredgewidth=0.6,
                clip_on=False, transform=axes.get_yaxis_transform(),
            )  # fmt: skip
