"""The agreement of models under each method: figures and tables of the page, and the same as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib import rc_context

from ..agreement import Agreement, agree_store
from ..agreement.aggregate import describe_count
from ..core.progress import Progress, Silent
from .contents import Contents
from .figures import dendrogram_figure, matrix_figure
from .summary import Pair, pairs_of

#: from so many models on, a matrix with its numbers is not readable
MOST = 40


@dataclass(frozen=True)
class Panel:
    """What the page shows of one method.

    Attributes:
        label: the method's.
        agreement: all of it.
        pairs: the most alike first.
        count: how many images, in words.
        stem: what its files' names begin with.
        figures: names of the figures that were drawn.
    """

    label: str
    agreement: Agreement
    pairs: tuple[Pair, ...]
    count: str
    stem: str
    figures: tuple[str, ...]

    @property
    def mean(self) -> float:
        """Mean cosine over all pairs."""
        return float(np.mean([pair.mean for pair in self.pairs])) if self.pairs else np.nan

    @property
    def floor(self) -> float:
        """Mean chance floor over all pairs."""
        return float(np.mean([pair.floor for pair in self.pairs])) if self.pairs else np.nan

    @property
    def used(self) -> str:
        """How many images, in two numbers."""
        most = max((pair.images for pair in self.pairs), default=0)
        return f"{most:,} of {len(self.agreement.images):,}"

    @property
    def by_chance(self) -> int:
        """How many pairs do not lie above their floor."""
        return sum(pair.by_chance for pair in self.pairs)


def agreements_of(contents: Contents, known: Mapping[str, Agreement]) -> dict[str, Agreement]:
    """Agreement by label, for the methods with maps of two models or more; those `known` are not computed again."""
    found = {}
    for group in contents.methods:
        if len(group.sets) > 1:
            label = group.first.label
            agreement = known.get(label)
            if agreement is None or set(agreement.sets) != set(group.sets):
                agreement = agree_store(contents.store, label, sets=list(group.sets.values()))[label]
            found[group.label] = replace(agreement, label=group.label)
    return found


def write_panels(
    contents: Contents, agreements: Mapping[str, Agreement], folder: Path, progress: Progress | None = None
) -> list[Panel]:
    """Draw the figures and write the tables.

    Args:
        contents: fixes the numbers in file names.
        agreements: by method label.
        folder: existing.
        progress: told of every method.

    Returns:
        One panel per method that has something to show.
    """
    panels, progress = [], progress or Silent()
    for number, group in enumerate(contents.methods):
        progress.advance(1, f"figures: {group.label}")
        agreement = agreements.get(group.label)
        if agreement is None:
            continue
        pairs, stem, drawn = tuple(pairs_of(agreement)), f"agreement-{number}", []
        (folder / f"{stem}-pairs.csv").write_text(_pairs_table(pairs), encoding="utf-8", newline="")
        (folder / f"{stem}-matrix.csv").write_text(_matrix_table(agreement), encoding="utf-8", newline="")
        if pairs and len(agreement.sets) <= MOST:
            for name, draw in (("matrix", matrix_figure), ("dendrogram", dendrogram_figure)):
                if name == "matrix" or len(agreement.sets) > 2:
                    with rc_context({"svg.hashsalt": stem}):  # else identifiers in it are random
                        draw(agreement).savefig(folder / f"{stem}-{name}.svg", metadata={"Date": None})
                    drawn.append(name)
        panels.append(Panel(group.label, agreement, pairs, describe_count(agreement), stem, tuple(drawn)))
    return panels


def _pairs_table(pairs: Sequence[Pair]) -> str:
    head = ("model", "other model", "mean cosine", "low", "high", "sd", "median", "chance floor", "images")
    rows = [(p.first, p.second, p.mean, p.low, p.high, p.sd, p.median, p.floor, p.images) for p in pairs]
    return _table([head, *rows])


def _matrix_table(agreement: Agreement) -> str:
    rows = [(name, *row) for name, row in zip(agreement.sets, agreement.mean.tolist(), strict=True)]
    return _table([("", *agreement.sets), *rows])


def _table(rows: Sequence[Sequence[object]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in rows:
        writer.writerow(["" if isinstance(cell, float) and np.isnan(cell) else cell for cell in row])
    return buffer.getvalue()
