"""Figures of results for reports and papers, as Matplotlib objects without any global state."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import FormatStrFormatter, MaxNLocator
from scipy.cluster.hierarchy import dendrogram

from ..agreement.aggregate import Agreement, describe_count
from ..agreement.structure.trees import Tree, average_linkage
from .lettering import CAPTION, EDGE, INK, LABEL, LINE, QUIET, TITLE, measure, page, safe, wrap

UNKNOWN = "#e6e6e6"


def matrix_figure(agreement: Agreement, *, title: str = "", caption: str = "") -> Figure:
    """Mean agreement of every two sets as a heat map with its values, neighbours in the dendrogram side by side.

    Args:
        agreement: the result; 1 to some 20 sets are readable.
        title: on top, in place of one that names the result.
        caption: below, in place of one that names images, interval and floor.

    Returns:
        A figure with its own canvas. Colours begin at the lowest value or the chance floor, whichever is lower,
        and leave out the diagonal; the caption names the images, the interval's width and the floor.
    """
    tree = _tree(agreement)
    order = [agreement.sets.index(label) for label in (*tree.leaves, *tree.left_out)]
    labels = [safe(agreement.sets[i]) for i in order]
    values = agreement.mean[np.ix_(order, order)]
    number = len(order)

    cell = float(np.clip(5.6 / number, 0.36, 0.62))
    text = float(np.clip(cell * 19, 6.4, 9.0))
    longest = max((measure(label, LABEL) for label in labels), default=0.0)
    turned = longest > cell * 0.92
    side = number * cell
    left, bar = EDGE + longest + 0.08, (0.62 if number > 1 else 0.0)
    ends = [cell * (i + 0.5) + 0.72 * measure(label, LABEL) for i, label in enumerate(labels)] if turned else [side]
    right = max(bar, max(ends) - side) + EDGE
    title = safe(title) or _title(agreement, "agreement of")
    width = max(left + side + right, measure(title, TITLE, bold=True) + 2 * EDGE, 3.8)
    lines = wrap(safe(caption) or _matrix_caption(agreement, tree), width - 2 * EDGE)
    below, above = LINE * len(lines) + 0.22, 0.36
    across = longest * 0.72 + 0.2 if turned else 0.28
    height = above + across + side + below
    figure = page(width, height, title, lines)

    axes = figure.add_axes((left / width, below / height, side / width, side / height))
    low, high = _colour_range(values, _mean_floor(agreement))
    picture = axes.imshow(values, cmap=_colours(), vmin=low, vmax=high, aspect="equal")
    own = np.eye(number, dtype=bool)
    for row, column in np.ndindex(number, number):
        if own[row, column]:
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="white", edgecolor="none"))
        value = float(values[row, column])
        axes.text(
            column, row + 0.02, _number(value), ha="center", va="center", fontsize=text,
            color=_readable(value, low, high, bool(own[row, column])),
        )  # fmt: skip
    axes.set_xticks(range(number), labels)
    axes.set_yticks(range(number), labels)
    axes.tick_params(length=0, labelsize=LABEL, pad=4, labeltop=True, labelbottom=False, colors=INK)
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


def dendrogram_figure(agreement: Agreement, *, title: str = "", caption: str = "") -> Figure:
    """The average-linkage dendrogram of the dissimilarities, one row per set.

    Args:
        agreement: the result.
        title: on top, in place of one that names the result.
        caption: below, in place of one that names the formula and the cophenetic correlation.

    Returns:
        A figure with its own canvas. All links have one colour: cutting the tree into groups would suggest
        clusters that nobody tested for.
    """
    tree = _tree(agreement)
    number = max(len(tree.labels), 1)
    margin = max((measure(safe(label), LABEL) for label in tree.labels), default=0.0)
    inner, row = 3.7, 0.25 if number > 5 else 0.34
    title = safe(title) or _title(agreement, "distances of")
    width = max(inner + margin + 2 * EDGE + 0.25, measure(title, TITLE, bold=True) + 2 * EDGE)
    lines = wrap(safe(caption) or _tree_caption(agreement, tree), width - 2 * EDGE)
    below, above, side = LINE * len(lines) + 0.62, 0.38, row * number
    height = below + side + above
    figure = page(width, height, title, lines)
    axes = figure.add_axes(((EDGE + 0.1) / width, below / height, inner / width, side / height))
    if len(tree.labels) > 1:
        drawing = dendrogram(tree.linkage, orientation="left", labels=list(tree.labels), no_plot=True, count_sort=False)
        for x, y in zip(drawing["dcoord"], drawing["icoord"], strict=True):
            axes.plot(x, y, color=INK, linewidth=1.1, solid_joinstyle="miter", solid_capstyle="butt")
        positions = 5 + 10 * np.arange(number)
        leaves = list(drawing["ivl"])
        top = float(tree.linkage[:, 2].max())
        axes.set_xlim((top * 1.04) if top > 0 else 1.0, 0)
    else:
        positions, leaves = 5 + 10 * np.arange(len(tree.labels)), list(tree.leaves)
        axes.set_xlim(1, 0)
    axes.set_ylim(10 * number, 0)  # first leaf on top, as in the matrix
    axes.set_yticks(positions, [safe(leaf) for leaf in leaves])
    axes.yaxis.tick_right()
    axes.tick_params(axis="y", length=0, labelsize=LABEL, pad=5, colors=INK)
    axes.tick_params(axis="x", labelsize=7.5, length=3, colors=QUIET)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel("dissimilarity", fontsize=8, color=QUIET, labelpad=3)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
    axes.grid(axis="x", color=UNKNOWN, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure


def _tree(agreement: Agreement) -> Tree:
    return average_linkage(agreement.dissimilarity, agreement.sets)


def _title(agreement: Agreement, what: str) -> str:
    label = f"{safe(agreement.label)}: " if agreement.label else ""
    text = f"{label}{what} {agreement.across}"
    return text[0].upper() + text[1:]


def _above(matrix: np.ndarray) -> np.ndarray:
    """The known values above the diagonal."""
    values = matrix[np.triu_indices(len(matrix), 1)]
    return values[np.isfinite(values)]


def _mean_floor(agreement: Agreement) -> float | None:
    floor = _above(agreement.floor)
    return float(floor.mean()) if len(floor) else None


def _matrix_caption(agreement: Agreement, tree: Tree) -> str:
    parts = ["Mean cosine of the maps of one image"]
    if agreement.images:
        parts[0] += f", {describe_count(agreement)}"
    half = _above(agreement.high - agreement.low) / 2
    if len(half):
        level = 100 * agreement.bootstrap.get("level", 0.95)
        parts.append(f"{level:.0f} % intervals of the means reach at most ±{half.max():.2f}")
    floor = _above(agreement.floor)
    if len(floor):
        low, high = _number(floor.min()), _number(floor.max())
        span = low if low == high else f"{low} to {high} by pair, {_number(floor.mean())} on average"
        parts.append(f"Chance floor (maps of different images; arrow at the scale): {span}")
    if tree.left_out:
        parts.append(f"Without numbers for some pairs: {', '.join(map(safe, tree.left_out))}")
    return ". ".join(parts) + "."


def _tree_caption(agreement: Agreement, tree: Tree) -> str:
    spread = len(_above(agreement.sd)) > 0
    formula = "√((1 − mean)² + sd²) of the cosine over images" if spread else "1 − mean cosine"
    parts = [f"Average linkage of {formula}"]
    if tree.cophenetic is not None:
        parts.append(f"Cophenetic correlation {tree.cophenetic:.2f}; the tree alone is no evidence of clusters")
    if tree.left_out:
        parts.append(f"Not in the tree: {', '.join(map(safe, tree.left_out))}")
    return ". ".join(parts) + "."


def _colours() -> Colormap:
    return colormaps["viridis"].with_extremes(bad=UNKNOWN)


def _colour_range(values: np.ndarray, floor: float | None) -> tuple[float, float]:
    """From the floor or the lowest value to the highest; the diagonal of ones would waste half the colours."""
    others = _above(values)
    if not len(others):
        return 0.0, 1.0
    low = others.min() if floor is None else min(others.min(), floor)
    low, high = np.floor(low * 20) / 20, np.ceil(others.max() * 20) / 20
    if high - low < 0.1:  # so that differences of nothing do not look like much
        low, high = (low + high) / 2 - 0.05, (low + high) / 2 + 0.05
    return float(low), float(high)


def _readable(value: float, low: float, high: float, own: bool) -> str:
    """Black or white, whichever has more contrast with the cell (WCAG 2.1)."""
    if own or not np.isfinite(value):
        return QUIET
    rgb = np.array(colormaps["viridis"]((value - low) / (high - low))[:3])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return "white" if linear @ [0.2126, 0.7152, 0.0722] < 0.2 else INK


def _number(value: float) -> str:
    """Two digits without the leading zero, as matrices of correlations are printed."""
    if not np.isfinite(value):
        return "–"
    text = f"{value:.2f}".replace("-", "−")
    if text in ("0.00", "−0.00"):
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "−0.")) else text


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
    floor = _mean_floor(agreement)
    low, high = picture.get_clim()
    if floor is not None and low <= floor <= high:
        axes.axhline(floor, color="white", linewidth=1.6)
        axes.plot(
            [-0.15],
            [floor],
            marker=">",
            markersize=3.5,
            color=INK,
            clip_on=False,
            transform=axes.get_yaxis_transform(),
        )
