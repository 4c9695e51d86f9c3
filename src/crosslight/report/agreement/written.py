"""The panels of the page with their files: figures as SVG, tables as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ...agreement import Agreement
from ...agreement.analysis import MethodAnalysis, Relation
from ...agreement.structure import Ellipses, Support, without_gaps
from ...core.progress import Progress, Silent
from ..contents import Contents
from ..figures import dendrogram_figure, matrix_figure
from ..figures.curve import curve_figure
from ..figures.points import map_figure
from ..summary import Pair
from .panel import Panel, panel_of

#: from so many models on, a matrix with its numbers is not readable
MOST = 40


def write_panels(
    contents: Contents,
    methods: Mapping[str, MethodAnalysis],
    folder: Path,
    progress: Progress | None = None,
    relations: Sequence[Relation] = (),
) -> list[Panel]:
    """Draw the figures and write the tables.

    Args:
        contents: fixes the numbers in file names.
        methods: by method label.
        folder: existing.
        progress: told of every method.
        relations: between the matrices of all methods and measures.

    Returns:
        One panel per method that has something to show.
    """
    panels, progress = [], progress or Silent()
    for number, group in enumerate(contents.methods):
        progress.advance(1, f"figures: {group.label}")
        method = methods.get(group.label)
        if method is None:
            continue
        panel = panel_of(method, contents, number, relations)
        (folder / f"{panel.stem}-pairs.csv").write_text(pairs_table(panel.pairs), encoding="utf-8", newline="")
        (folder / f"{panel.stem}-matrix.csv").write_text(matrix_table(method.main), encoding="utf-8", newline="")
        if method.support is not None:
            text = branches_table(method.support)
            (folder / f"{panel.stem}-branches.csv").write_text(text, encoding="utf-8", newline="")
        panels.append(panel)
    return panels


def figures_of(panel: Panel) -> Iterator[tuple[str, Figure]]:
    """The figures of one method that can be drawn, by name: ``matrix``, ``dendrogram``, ``map`` and ``choices``."""
    method, main, groups = panel.method, panel.agreement, panel.groups
    if panel.pairs and len(main.sets) <= MOST:
        support = method.support
        yield "matrix", matrix_figure(main, tree=support.tree if support is not None else None, groups=groups)
        if len(main.sets) > 2:
            yield "dendrogram", dendrogram_figure(main, support=support, groups=groups)
        if method.ellipses is not None:
            yield "map", _map(panel, method.ellipses)
    if method.multiverse is not None and method.multiverse.universes:
        yield "choices", curve_figure(method.multiverse)


def _map(panel: Panel, ellipses: Ellipses) -> Figure:
    _, left, _ = without_gaps(panel.agreement.per_image, panel.agreement.sets)
    groups = panel.groups
    ordination = ellipses.ordination
    return map_figure(
        ordination,
        left,
        None if groups is None else [groups[label] for label in left],
        title=f"{panel.label}: map of the models",
        caption=f"Principal coordinates of the dissimilarities; models that look at similar places are near. Ellipses: "
        f"where {100 * ellipses.level:.0f} % of {ellipses.resamples:,} resamples of the images put a model, each by "
        f"itself. Stress {ordination.stress:.2f} (above 0.2 is poor). The signs of the axes mean nothing.",
        ellipses=ellipses,
        order=tuple(groups.values()) if groups else (),
    )


def pairs_table(pairs: Sequence[Pair]) -> str:
    """Pairs as CSV."""
    head = (
        "model", "other model", "mean", "low", "high", "sd", "median", "chance floor", "ceiling", "images", "relation",
    )  # fmt: skip
    rows = [
        (p.first, p.second, p.mean, p.low, p.high, p.sd, p.median, p.floor, p.ceiling, p.images, p.relation)
        for p in pairs
    ]
    return _table([head, *rows])


def matrix_table(agreement: Agreement) -> str:
    """The matrix of means as CSV."""
    rows = [(name, *row) for name, row in zip(agreement.sets, agreement.mean.tolist(), strict=True)]
    return _table([("", *agreement.sets), *rows])


def branches_table(support: Support) -> str:
    """The branches of the tree with their support as CSV, the root left out."""
    labels, heights = support.tree.labels, support.tree.linkage[:, 2].tolist()
    rows = [
        (height, au, bp, "; ".join(label for label, own in zip(labels, members, strict=True) if own))
        for height, au, bp, members in zip(
            heights, support.au.tolist(), support.bp.tolist(), support.members, strict=True
        )
    ]
    return _table([("height", "AU", "BP", "models"), *rows[:-1]])


def _table(rows: Sequence[Sequence[object]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in rows:
        writer.writerow(["" if isinstance(cell, float) and np.isnan(cell) else cell for cell in row])
    return buffer.getvalue()
