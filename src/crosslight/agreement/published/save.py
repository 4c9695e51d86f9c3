"""The result of a re-analysis as files: one JSON with everything, and tables for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from .reanalysis import Reanalysis


def save_reanalysis(found: Reanalysis, folder: str | Path) -> list[Path]:
    """Write ``agreement.json``, ``matrix.csv``, ``sets.csv``, ``pairs.csv`` and, with groups, ``left-out.csv``.

    Args:
        found: the result.
        folder: made where it is not there.

    Returns:
        The files written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "agreement.json"]
    text = json.dumps(found.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    files[0].write_text(text + "\n", encoding="utf-8")
    tables = {"matrix": _matrix(found), "sets": _sets(found), "pairs": _pairs(found)}
    if found.family is not None:
        tables["left-out"] = _left_out(found)
    for name, rows in tables.items():
        files.append(folder / f"{name}.csv")
        files[-1].write_text(_text(rows), encoding="utf-8", newline="")
    return files


def _text(rows: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def _matrix(found: Reanalysis) -> list[list[object]]:
    """The matrix as it was analysed, in the order of the average-linkage tree."""
    own = found.case.matrix.take(found.structure.trees["average"].leaves)
    return [["", *own.sets], *([label, *row] for label, row in zip(own.sets, own.values.tolist(), strict=True))]


def _sets(found: Reanalysis) -> list[list[object]]:
    """One row per set: where it lies on both maps, and its cluster by every method."""
    structure, table = found.structure, found.case.groups
    columns: dict[str, Sequence[object]] = {"label": structure.sets}
    if table is not None:
        columns |= {"group": table.groups, "lineage": [one or "" for one in table.lineages]}
    for name, own in (("pca", structure.pca), ("pcoa", structure.pcoa)):
        columns |= {f"{name} {axis + 1}": own.points[:, axis].tolist() for axis in (0, 1)}
    columns |= {f"cluster by {name}": choice.partition.tolist() for name, choice in structure.choices.items()}
    if structure.of_rows is not None:
        columns["cluster by k-means of rows"] = structure.of_rows.partition.tolist()
    columns["cluster by DBSCAN of rows"] = structure.noise.partition.tolist()
    longest = structure.communities.longest if structure.communities else None
    if longest is not None:
        columns["community"] = longest.partition.tolist()
    return [list(columns), *map(list, zip(*columns.values(), strict=True))]


def _pairs(found: Reanalysis) -> list[list[object]]:
    """One row per pair: both sets, the value as analysed, and the other matrix's."""
    case = found.case
    rows, columns = np.triu_indices(len(case.matrix.sets), 1)
    table: dict[str, Sequence[object]] = {
        "one": [case.matrix.sets[i] for i in rows],
        "other": [case.matrix.sets[i] for i in columns],
        case.matrix.kind: case.matrix.pairs.tolist(),
    }
    if case.other is not None:
        table[f"{case.other.kind} in {Path(case.other.file).name}"] = case.other.pairs.tolist()
    if case.groups is not None:
        group = case.groups.groups
        table["groups"] = ["same" if group[i] == group[j] else "different" for i, j in zip(rows, columns, strict=True)]
    return [list(table), *map(list, zip(*table.values(), strict=True))]


def _left_out(found: Reanalysis) -> list[list[object]]:
    """The tests without each set and each lineage."""
    assert found.family is not None
    head = ["left out", "anosim r", "anosim p", "permanova p", "permdisp p", "labelings", "changes", "reason"]
    rows: list[list[object]] = [head]  # type: ignore[list-item]
    for one in found.family.answer.without.without:
        tests = one.tests
        numbers = [tests.r, tests.anosim, tests.permanova, tests.permdisp, tests.count] if tests else [""] * 5
        rows.append([one.name, *numbers, one.changes, one.reason])
    return rows
