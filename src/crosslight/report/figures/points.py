"""Sets as points in the plane, coloured by group: principal components or principal coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ...core.errors import InputError
from .legend import COLOURS, MARKS, draw_legend
from .lettering import EDGE, INK, LABEL, LINE, QUIET, TITLE, measure, page, safe, wrap
from .placing import place_labels

if TYPE_CHECKING:
    from ...agreement.structure import Ellipses, Ordination

_ACROSS, _LOWEST, _HIGHEST = 5.4, 2.2, 5.4  # inches of the plot
_MARGIN = 0.55  # inches between the outer points and the frame
_SMALL = 7.5  # points


def map_figure(
    ordination: Ordination,
    labels: Sequence[str],
    groups: Sequence[str] | None = None,
    *,
    title: str = "Map",
    caption: str = "",
    axis: str = "Axis",
    ellipses: Ellipses | None = None,
    order: Sequence[str] = (),
) -> Figure:
    """Draw sets as points, both axes on one scale, so that distances in the drawing can be compared.

    Args:
        ordination: the points, of which the first two axes are drawn.
        labels: of the sets; up to some 40 are readable.
        groups: of the sets; each has a colour and a mark, in the order in which they first stand.
        title: on top.
        caption: below.
        axis: what the axes are called, before their number.
        ellipses: where the points would lie with other images, around their mean places.
        order: of the groups, where another one than that in which they first stand is to give the colours.

    Returns:
        A figure with its own canvas.

    Raises:
        InputError: there is another number of labels or groups than of points, or only one axis.
    """
    points = ordination.points
    if points.ndim != 2 or points.shape[1] < 2 or len(points) != len(labels) or len(groups or labels) != len(labels):
        raise InputError(f"{len(labels)} labels need as many groups and points with two axes, not {points.shape}")
    points = points[:, :2]
    low, high, scale, side = _window(_corners(points, ellipses))
    names = list(dict.fromkeys((*order, *groups))) if groups is not None else []
    left, right, legend = EDGE + 0.62, EDGE, 0.24 if names else 0.0
    width = max(left + _ACROSS + right, measure(safe(title), TITLE, bold=True) + 2 * EDGE)
    lines = wrap(caption, width - 2 * EDGE)
    below, above = LINE * len(lines) + 0.62, 0.36 + legend
    height = below + side + above
    figure = page(width, height, safe(title), lines)
    axes = figure.add_axes((left / width, below / height, _ACROSS / width, side / height))
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    _frame(axes, ordination, axis)
    codes = [names.index(group) for group in groups] if groups is not None else [0] * len(labels)
    if ellipses is not None:
        _ellipses(axes, ellipses, codes)
    for (x, y), code in zip(points, codes, strict=True):
        axes.plot(
            x, y, marker=MARKS[code % len(MARKS)], markersize=5.5, color=COLOURS[code % len(COLOURS)],
            markeredgecolor="white", markeredgewidth=0.5, alpha=0.9, linestyle="none", zorder=3,
        )  # fmt: skip
    _labels(axes, points, labels, low, scale, (_ACROSS, side))
    if names:
        draw_legend(figure, names, left, height - 0.36 - legend / 2)
    return figure


def _corners(points: NDArray[np.float64], ellipses: Ellipses | None) -> NDArray[np.float64]:
    """Places that the plot must hold."""
    if ellipses is None:
        return points
    reach = ellipses.radii[:, :1]
    return np.concatenate([points, ellipses.centre - reach, ellipses.centre + reach])


def _window(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], float, float]:
    """Limits of the axes, inches per unit, and the height of the plot."""
    low, high = points.min(axis=0), points.max(axis=0)
    span = np.maximum(high - low, 1e-9 * max(1.0, float(np.abs(points).max())))
    scale = float(min((_ACROSS - 2 * _MARGIN) / span[0], (_HIGHEST - 2 * _MARGIN) / span[1]))
    side = float(np.clip(span[1] * scale + 2 * _MARGIN, _LOWEST, _HIGHEST))
    middle, half = (low + high) / 2, np.array([_ACROSS, side]) / scale / 2
    return middle - half, middle + half, scale, side


def _frame(axes: Axes, ordination: Ordination, axis: str) -> None:
    shares = [f"{axis} {i + 1} ({100 * share:.0f} %)" for i, share in enumerate(ordination.explained[:2])]
    axes.set_xlabel(shares[0], fontsize=8, color=QUIET, labelpad=3)
    axes.set_ylabel(shares[1], fontsize=8, color=QUIET, labelpad=3)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(labelsize=_SMALL, length=3, colors=QUIET)
    axes.spines[["right", "top"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)
    for line in (axes.axhline, axes.axvline):
        line(0, color="#e6e6e6", linewidth=0.8, zorder=0)


def _ellipses(axes: Axes, ellipses: Ellipses, codes: Sequence[int]) -> None:
    for centre, radii, angle, code in zip(ellipses.centre, ellipses.radii, ellipses.angle, codes, strict=True):
        colour = COLOURS[code % len(COLOURS)]
        for edge, alpha in ((False, 0.13), (True, 0.6)):
            axes.add_patch(
                Ellipse(
                    (float(centre[0]), float(centre[1])), 2 * float(radii[0]), 2 * float(radii[1]),
                    angle=float(np.degrees(angle)), facecolor="none" if edge else colour,
                    edgecolor=colour if edge else "none", linewidth=0.7, alpha=alpha, zorder=1,
                )
            )  # fmt: skip


def _labels(
    axes: Axes,
    points: NDArray[np.float64],
    labels: Sequence[str],
    low: NDArray[np.float64],
    scale: float,
    room: tuple[float, float],
) -> None:
    texts = [safe(label) for label in labels]
    sizes = [(measure(text, LABEL), 0.135) for text in texts]
    places = place_labels((points - low) * scale, sizes, room)
    for point, text, place in zip(points, texts, places, strict=True):
        corner = low + np.array([place.left, place.low + 0.03]) / scale
        axes.text(corner[0], corner[1], text, fontsize=LABEL, color=INK, ha="left", va="baseline", zorder=4)
        if place.end is not None:
            end = low + np.array(place.end) / scale
            axes.plot([point[0], end[0]], [point[1], end[1]], color=QUIET, linewidth=0.6, zorder=2)
