"""How a classifier learned, on one page: predictions of all images over the epochs, curves, measures, final confusions.

Source: the views of InstanceFlow (Pühringer, Hinterreiter and Streit 2020, arXiv:2007.11353), with curves above the
columns that they belong to.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from ...core.errors import InputError
from ...dynamics import MISSING, UNKNOWN, History, confusion, measure_all
from ...dynamics.measures import MEASURES
from .lettering import EDGE, INK, LABEL, LINE, QUIET, measure, page, safe, shorten, wrap

#: of classes, as far as people with any colour vision can tell so many apart: ten of Petroff (2021, arXiv:2107.02270)
#: and two more; the same as in the page
COLOURS = (
    *("#3f90da", "#ffa90e", "#bd1f01", "#92dadd", "#832db6", "#a96b59"),
    *("#e76300", "#b9ac70", "#717581", "#94a4a2", "#1d6b3c", "#f0a3cf"),
)
#: measures beside the rows
COLUMNS = ("frequency", "variability", "misclassification")
#: lines of the heat map; more images than these share them
LINES = 720
_SMALL = 7.0
_HEAT, _CURVE, _ACROSS, _BAR = 3.3, 0.62, 2.6, 0.34  # inches
_ACCENT = "#5438bd"
#: more classes than these have no numbers and no names at the matrix
_NAMED = 26


def learning_figure(
    history: History, *, title: str = "", sort: str = "misclassification", columns: tuple[str, ...] = COLUMNS
) -> Figure:
    """The confusion evolution of a run: a row for each image, a column for each epoch, coloured by predicted class.

    Rows are grouped by true class, and sorted by a measure within. Where several images share a line, it has the mean
    light of their colours.

    Args:
        history: of one epoch at least.
        title: on top.
        sort: the measure that rows are sorted by, from low to high.
        columns: measures beside the rows; those that the run has not are left out.

    Returns:
        A figure with its own canvas.

    Raises:
        InputError: there is no epoch or no image.
        UnknownNameError: there is no such measure.
    """
    if not len(history.epochs) or not history.ids:
        raise InputError("a figure of a run needs one epoch and one image at least")
    wanted = dict.fromkeys((sort, *columns))
    measured = measure_all(history, names=[name for name in wanted if MEASURES[name].available(history)])
    beside = [name for name in columns if name in measured]
    order = rows_of(history, measured.get(sort))
    colours = colours_of(len(history.classes))
    panels = [name for name in ("accuracy", "loss") if _lines(history, name)]
    named = len(history.classes) <= _NAMED
    names = max(measure(safe(name), LABEL) for name in history.classes) if named else 0.0
    left = EDGE + max(0.42, min(names, 1.0)) + 0.18
    side = 2.3
    gap = min(names, 1.0) + 0.5
    right = left + _ACROSS + 0.1 + len(beside) * (_BAR + 0.08) + gap
    width = right + side + EDGE
    lines = wrap(_caption(history, sort if sort in measured else ""), width - 2 * EDGE)
    below = LINE * len(lines) + 0.42
    above = 0.42 + max(len(panels) * (_CURVE + 0.2), 0.85)
    height = below + _HEAT + above
    figure = page(width, height, safe(title or "How the classifier learned"), lines)

    def axes(x: float, y: float, w: float, h: float) -> Axes:
        return figure.add_axes((x / width, y / height, w / width, h / height))

    heat = axes(left, below, _ACROSS, _HEAT)
    _heat(heat, history, order, colours)
    _band(axes(left - 0.1, below, 0.07, _HEAT), history, order, colours)
    for at, name in enumerate(beside):
        _bars(axes(left + _ACROSS + 0.1 + at * (_BAR + 0.08), below, _BAR, _HEAT), name, measured[name][order])
    for at, name in enumerate(panels):
        curve = axes(left, below + _HEAT + 0.1 + (len(panels) - 1 - at) * (_CURVE + 0.2), _ACROSS, _CURVE)
        _curves(curve, history, name)
    if bool((history.labels != UNKNOWN).any()):
        _matrix(axes(right, below + _HEAT - side, side, side), history, colours, min(names, 1.0))
    return figure


def rows_of(history: History, values: NDArray[np.float64] | None) -> NDArray[np.int64]:
    """Columns of a history in the order of the rows: by true class, those without one last, then by a measure."""
    labels = np.where(history.labels == UNKNOWN, len(history.classes), history.labels)
    within = np.arange(len(labels)) if values is None else np.where(np.isnan(values), np.inf, values)
    return np.lexsort((within, labels))


def colours_of(classes: int) -> NDArray[np.float64]:
    """RGB in [0, 1] of so many classes, ``[classes, 3]``."""
    if classes <= len(COLOURS):
        return np.array([to_rgb(colour) for colour in COLOURS[:classes]]).reshape(classes, 3)
    hues = np.arange(classes) / classes
    lights = np.array([0.85, 0.65, 1.0])[np.arange(classes) % 3]
    return np.asarray(hsv_to_rgb(np.stack([hues, np.full(classes, 0.65), lights], axis=1)))


def mean_colours(rows: NDArray[np.float64], lines: int) -> NDArray[np.float64]:
    """Means of light over the rows of each line.

    Args:
        rows: sRGB in [0, 1], ``[rows, columns, 3]``.
        lines: at most so many.

    Returns:
        ``[min(rows, lines), columns, 3]``, sRGB.
    """
    count = min(len(rows), lines)
    starts = np.arange(count) * len(rows) // count
    light = np.where(rows <= 0.04045, rows / 12.92, ((rows + 0.055) / 1.055) ** 2.4)
    sizes = np.diff([*starts, len(rows)])
    mean = np.add.reduceat(light, starts, axis=0) / sizes[:, None, None]
    return np.asarray(np.where(mean <= 0.0031308, 12.92 * mean, 1.055 * mean ** (1 / 2.4) - 0.055))


def _heat(axes: Axes, history: History, order: NDArray[np.int64], colours: NDArray[np.float64]) -> None:
    table = np.vstack([colours, np.ones((1, 3))])
    columns = [
        mean_colours(table[np.where(row == MISSING, len(colours), row)][:, None], LINES)
        for row in history.predictions[:, order]
    ]
    axes.imshow(
        np.concatenate(columns, axis=1).clip(0, 1),
        aspect="auto",
        interpolation="nearest",
        extent=(0, len(columns), 1, 0),
    )
    at = sorted({0, len(columns) - 1, *range(0, len(columns), max(1, -(-len(columns) // 6)))})
    kept = [one for one in at if one in (0, len(columns) - 1) or len(columns) - 1 - one > len(columns) / 12]
    axes.set_xticks([one + 0.5 for one in kept], [str(history.epochs[one]) for one in kept])
    axes.set_yticks([])
    axes.tick_params(labelsize=_SMALL, length=2, colors=QUIET, pad=2)
    axes.set_xlabel("epoch", fontsize=_SMALL, color=QUIET, labelpad=2)
    axes.spines[:].set_visible(False)


def _band(axes: Axes, history: History, order: NDArray[np.int64], colours: NDArray[np.float64]) -> None:
    labels = history.labels[order]
    for label in dict.fromkeys(labels.tolist()):
        at = np.flatnonzero(labels == label)
        top, bottom = at[0] / len(labels), (at[-1] + 1) / len(labels)
        known = label != UNKNOWN
        axes.add_patch(Rectangle((0, top), 1, bottom - top, color=colours[label] if known else "white", linewidth=0))
        axes.axhline(top, color="white", linewidth=0.5)
        if bottom - top > 0.028 and len(history.classes) <= _NAMED:
            name = shorten(safe(history.classes[label]), LABEL - 1, 1.0) if known else "no label"
            axes.text(-0.6, (top + bottom) / 2, name, ha="right", va="center", fontsize=LABEL - 1, color=INK)
    axes.set_xlim(0, 1)
    axes.set_ylim(1, 0)
    axes.set_axis_off()


def _bars(axes: Axes, name: str, values: NDArray[np.float64]) -> None:
    count = min(len(values), LINES)
    starts = np.arange(count) * len(values) // count
    known = np.isfinite(values)
    sums = np.add.reduceat(np.where(known, values, 0), starts)
    means = sums / np.maximum(np.add.reduceat(known, starts, dtype=np.int64), 1)
    edges = np.append(starts, len(values)) / len(values)
    axes.barh(edges[:-1], means, height=np.diff(edges), align="edge", color=QUIET, linewidth=0)
    top = 1.0 if MEASURES[name].high == 1 else max(float(means.max(initial=0)), 1.0)
    axes.set_xlim(0, top)
    axes.set_ylim(1, 0)
    axes.set_yticks([])
    axes.set_xticks([0, top], ["0", f"{top:.3g}"])
    first, last = axes.get_xticklabels()  # within their bar, so that neighbours do not run into each other
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    axes.tick_params(labelsize=_SMALL - 1, length=0, colors=QUIET, pad=2)
    axes.set_facecolor("#f4f4f7")
    axes.spines[:].set_visible(False)
    axes.text(
        top / 2, -0.012, MEASURES[name].title.lower(), rotation=90, ha="center", va="bottom", fontsize=_SMALL, color=INK
    )


def _lines(history: History, kind: str) -> dict[str, NDArray[np.float64]]:
    found = {name: values for name, values in history.metrics.items() if name.endswith(f"/{kind}")}
    return {name: values for name, values in found.items() if np.isfinite(values).any()}


def _curves(axes: Axes, history: History, kind: str) -> None:
    at = np.arange(len(history.epochs)) + 0.5
    lines = _lines(history, kind)
    for name, values in lines.items():
        train = name.startswith("train")
        style = {"color": QUIET, "linestyle": (0, (3, 2))} if train else {"color": _ACCENT}
        mark = "o" if len(at) == 1 else ""
        axes.plot(at, values, linewidth=1.1, label=name.split("/")[0], marker=mark, markersize=2.5, **style)
    axes.set_xlim(0, len(at))
    low, high = axes.get_ylim()
    axes.set_ylim(0 if kind == "loss" or low < 0.5 else 0.5, 1.02 if kind == "accuracy" else high)
    axes.set_xticks([])
    axes.tick_params(labelsize=_SMALL, length=2, colors=QUIET, pad=2)
    axes.locator_params(axis="y", nbins=3)
    axes.spines[["right", "top", "bottom"]].set_visible(False)
    axes.spines["left"].set_color("#c8c8d0")
    axes.set_title(kind, fontsize=LABEL - 1, color=INK, loc="left", pad=2, weight="bold")
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False, fontsize=_SMALL, borderpad=0,
        handlelength=1.4, columnspacing=1, handletextpad=0.4, borderaxespad=0.1,
    )  # fmt: skip


def _matrix(axes: Axes, history: History, colours: NDArray[np.float64], room: float) -> None:
    counts = confusion(history)
    size = len(counts)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    same = np.eye(size, dtype=bool)
    strength = np.where(same, 0.75 * share, np.minimum(1, np.sqrt(share) * 1.15))[..., None]
    hue = np.where(same[..., None], to_rgb("#0072b2"), to_rgb("#d55e00"))
    picture = np.where(counts[..., None] > 0, 1 - strength * (1 - hue), np.array(to_rgb("#f4f4f7")))
    axes.imshow(picture, interpolation="nearest", aspect="equal")
    right = int(counts.trace())
    axes.set_title(
        f"epoch {history.epochs[-1]}: {100 * right / max(int(counts.sum()), 1):.1f} % right", fontsize=LABEL, color=INK,
        loc="left", pad=4 if size > _NAMED else 72 * room * 0.9 + 8, weight="bold",
    )  # fmt: skip
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=_SMALL, pad=10, colors=INK)
    if size > _NAMED:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel("predicted", fontsize=_SMALL, color=QUIET)
        axes.set_ylabel("true", fontsize=_SMALL, color=QUIET)
        return
    names = [shorten(safe(name), _SMALL, room or 1) for name in history.classes]
    axes.xaxis.tick_top()
    axes.set_xticks(range(size), names, rotation=90)
    axes.set_yticks(range(size), names)
    for at in range(size):
        axes.add_patch(Rectangle((-0.9, at - 0.5), 0.25, 0.95, color=colours[at], linewidth=0, clip_on=False))
        axes.add_patch(Rectangle((at - 0.5, -0.9), 0.95, 0.25, color=colours[at], linewidth=0, clip_on=False))
    letters = min(_SMALL, 72 * 2.3 / size / (0.75 * len(str(counts.max()))))
    if letters < 3.5:
        return
    for i, j in np.argwhere(counts):
        dark = strength[i, j, 0] > 0.62
        axes.text(j, i, str(counts[i, j]), ha="center", va="center", fontsize=letters, color="white" if dark else INK)


def _caption(history: History, sort: str) -> str:
    sorted_by = f", sorted by {MEASURES[sort].title.lower()} within their true class" if sort else ""
    shared = f"; {-(-len(history.ids) // LINES)} images or fewer share a line" if len(history.ids) > LINES else ""
    return (
        f"Predicted class of {len(history.ids):,} images (rows{sorted_by}{shared}) after each of {len(history.epochs)} "
        "epochs (columns). Right: the last epoch's confusion matrix, true classes in rows."
    )
