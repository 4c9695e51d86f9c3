"""Scores of methods on models, or under several metrics, as a table of heat with intervals and baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from ...core.errors import InputError, UnknownNameError
from ...evaluation import Scorecard
from ...evaluation.table import Row
from ...evaluation.written import describe_count
from .lettering import CAPTION, EDGE, INK, LABEL, LINE, QUIET, TITLE, measure, page, safe, wrap
from .matrix import contrast
from .words import UNKNOWN, cell_number

_ROW = 0.27  # inches
_APART = 0.14  # inches between methods and baselines
_MEAN, _INTERVAL = 7.6, 5.3  # points


def scorecard_figure(
    card: Scorecard,
    *,
    metric: str = "",
    model: str = "",
    methods: Sequence[str] = (),
    models: Sequence[str] = (),
    title: str = "",
    caption: str = "",
) -> Figure:
    """Scores as a table: methods x models under one metric, or methods x metrics on one model; baselines below.

    Args:
        card: the scores.
        metric: under which models stand beside each other; the card's first where neither this nor `model` is given.
        model: on which all metrics stand beside each other instead.
        methods: rows wanted; all if empty.
        models: columns wanted where they are models; all if empty.
        title: on top, in place of one that names metric or model.
        caption: in place of one that names images, masks and interval.

    Returns:
        A figure with its own canvas. Each cell has the mean and below it its interval. Under one metric all cells have
        one scale of colours; of several metrics, each column has its own. An asterisk marks what is not shown to be
        better than chance.

    Raises:
        UnknownNameError: the card holds no such metric, method or model.
        InputError: metric and model are both given, or the card is empty.
    """
    if metric and model:
        raise InputError("a table of scores is of one metric or of one model, not of both")
    if not (card.methods and card.models and card.metrics):
        raise InputError("there are no scores to draw")
    asked = {"model": ([model] if model else models, card.models), "method label": (methods, card.methods)}
    for kind, (wanted, known) in asked.items():
        for name in wanted:
            if name not in known:
                raise UnknownNameError(kind, name, known)
    metric = metric or ("" if model else card.metrics[0])
    columns, rows = _cells(card, metric, model, list(models) or list(card.models))
    rows = [row for row in rows if row.baseline or not methods or row.label in methods]
    title = safe(title or (f"Scores on {model}" if model else f"Scores of methods on models: {metric}"))
    names = [safe(name) for name in columns]
    left = EDGE + max(measure(safe(row.label), LABEL) for row in rows) + 0.1
    cell = float(np.clip(5.4 / len(names), 0.46, 0.8))
    longest = max(measure(name, LABEL) for name in names)
    turned = longest > cell * 0.95
    ends = [cell * (i + 0.5) + (0.72 * measure(name, LABEL) if turned else 0) for i, name in enumerate(names)]
    bar = 0.0 if model else 0.62
    across = cell * len(names)
    width = max(left + max(across + bar, max(ends)) + EDGE, measure(title, TITLE, bold=True) + 2 * EDGE, 3.4)
    lines = wrap(safe(caption or _caption(card, rows, bool(model))), width - 2 * EDGE)
    apart = [0.0 if not row.baseline else _APART for row in rows]
    head, below = 0.36 + (0.72 * longest + 0.14 if turned else 0.22), LINE * len(lines) + 0.22
    height = head + _ROW * len(rows) + max(apart) + below
    figure = page(width, height, title, lines)
    means = np.array([[one.mean for one in row.cells] for row in rows])
    ranges = [_range(means[:, i : i + 1]) for i in range(len(names))] if model else [_range(means)] * len(names)
    box = (left / width, below / height, across / width, (_ROW * len(rows) + max(apart)) / height)
    _table(figure, rows, names, ranges, cell, apart, box, turned)
    if not model:
        _bar(figure, ranges[0], ((left + across + 0.12) / width, box[1], 0.11 / width, box[3]))
    return figure


def _cells(card: Scorecard, metric: str, model: str, models: Sequence[str]) -> tuple[Sequence[str], list[Row]]:
    """Heads of the columns, and the rows: of models under the metric, or of metrics on the model."""
    if metric:
        places = [card.models.index(name) for name in models]
        return models, [replace(row, cells=tuple(row.cells[i] for i in places)) for row in card.rows(metric)]
    at = card.models.index(model)
    tables = zip(*(card.rows(name) for name in card.metrics), strict=True)
    return card.metrics, [replace(own[0], cells=tuple(one.cells[at] for one in own)) for own in tables]


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(np.floor(known.min() * 20) / 20), float(np.ceil(known.max() * 20) / 20)
    return (low, high) if high - low >= 0.1 else ((low + high) / 2 - 0.05, (low + high) / 2 + 0.05)


def _table(
    figure: Figure,
    rows: Sequence[Row],
    names: Sequence[str],
    ranges: Sequence[tuple[float, float]],
    cell: float,
    apart: Sequence[float],
    box: tuple[float, float, float, float],
    turned: bool,
) -> None:
    axes = figure.add_axes(box)
    axes.set_xlim(0, cell * len(names))
    axes.set_ylim(_ROW * len(rows) + max(apart), 0)
    colours = colormaps["viridis"]
    centres = [_ROW * (i + 0.5) + away for i, away in enumerate(apart)]
    for row, y in zip(rows, centres, strict=True):
        for column, (one, (low, high)) in enumerate(zip(row.cells, ranges, strict=True)):
            known = np.isfinite(one.mean)
            shade = colours((one.mean - low) / (high - low)) if known else UNKNOWN
            corner = (column * cell, y - _ROW / 2)
            axes.add_patch(Rectangle(corner, cell, _ROW, facecolor=shade, edgecolor="white", linewidth=1.0))
            ink = contrast(to_rgb(shade)) if known else QUIET
            interval = known and np.isfinite(one.low) and np.isfinite(one.high)
            text = cell_number(one.mean) + ("*" if one.no_better else "")
            middle = (column + 0.5) * cell
            axes.text(middle, y - (0.045 if interval else 0), text, fontsize=_MEAN, color=ink, ha="center", va="center")
            if interval:
                span = f"{cell_number(one.low)}\N{EN DASH}{cell_number(one.high)}"
                axes.text(middle, y + 0.075, span, fontsize=_INTERVAL, color=ink, ha="center", va="center")
    axes.set_xticks([(i + 0.5) * cell for i in range(len(names))], names)
    axes.set_yticks(centres, [safe(row.label) for row in rows])
    axes.tick_params(length=0, labelsize=LABEL, pad=4, labeltop=True, labelbottom=False, colors=INK)
    for tick, row in zip(axes.get_yticklabels(), rows, strict=True):
        if row.baseline:
            tick.set(style="italic", color=QUIET)
    if turned:
        for tick in axes.get_xticklabels():
            tick.set(rotation=45, ha="left", rotation_mode="anchor")
    axes.spines[:].set_visible(False)


def _bar(figure: Figure, span: tuple[float, float], place: tuple[float, float, float, float]) -> None:
    axes = figure.add_axes(place)
    bar = figure.colorbar(ScalarMappable(Normalize(*span), colormaps["viridis"]), cax=axes)
    bar.outline.set_visible(False)
    axes.tick_params(labelsize=CAPTION, length=2, colors=QUIET)


def _caption(card: Scorecard, rows: Sequence[Row], by_metric: bool) -> str:
    level = 100 * card.bootstrap.get("level", 0.95)
    said = describe_count(card)
    parts = [said[0].upper() + said[1:], f"Small: {level:.0f} % intervals over images"]
    parts.append("Colours: every column from its lowest to its highest score" if by_metric else "")
    if any(cell.no_better for row in rows for cell in row.cells):
        parts.append("* Not shown to be better than chance (random maps, a bump in the middle)")
    parts.append("In italics: maps that know nothing of any classifier")
    return ". ".join(filter(None, parts)) + "."
