"""Labels of units as a table in the columns of CLIP-Dissect: layer, unit, description, similarity."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InputError
from .records import NONE, Labelling

COLUMNS = ("layer", "unit", "description", "similarity")


@dataclass(frozen=True)
class Description:
    """One unit in words.

    Attributes:
        layer: name of the layer.
        unit: number of the unit.
        description: the concept.
        similarity: its score.
    """

    layer: str
    unit: int
    description: str
    similarity: float


def descriptions_of(labellings: Iterable[Labelling]) -> list[Description]:
    """The units that have a label, layer by layer."""
    return [
        Description(labelling.layer, unit, labelling.concepts[best], _score(labelling, unit, best))
        for labelling in labellings
        for unit, best in enumerate(labelling.best.tolist())
        if best != NONE
    ]


def _score(labelling: Labelling, unit: int, best: int) -> float:
    """The score of a unit's label; NaN where the label is none of its candidates."""
    at = (labelling.candidates[unit] == best).nonzero()[0]
    return float(labelling.scores[unit, at[0]]) if len(at) else float("nan")


def write_descriptions(descriptions: Iterable[Description], path: str | os.PathLike[str]) -> Path:
    """Write a table, UTF-8 with lines that end in a line feed.

    Raises:
        StoreError: it cannot be written.
    """
    from ..store.durable import reported

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((one.layer, one.unit, one.description, f"{one.similarity:.8g}") for one in descriptions)
    where = Path(path)
    with reported(f"cannot write {where}"):
        part = where.with_name(f".{where.name}.{os.getpid()}.part")
        part.write_text(text.getvalue(), encoding="utf-8")
        part.replace(where)
    return where


def read_descriptions(path: str | os.PathLike[str]) -> list[Description]:
    """Read a table that CLIP-Dissect or `write_descriptions` wrote; further columns are left aside.

    Raises:
        InputError: the file is not there or not UTF-8, a column is missing, or a cell cannot be read; all bad lines
            are named, up to five.
    """
    where = Path(path)
    try:
        text = where.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{where} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise InputError(f"{where} is not UTF-8; save it as UTF-8") from None
    rows = csv.DictReader(io.StringIO(text, newline=""), restval="")
    missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
    if missing:
        raise InputError(f"{where} has no column {', '.join(missing)}; its first line names {', '.join(COLUMNS)}")
    found, wrong = [], []
    for row in rows:
        try:
            found.append(Description(row["layer"], int(row["unit"]), row["description"], float(row["similarity"])))
        except ValueError:
            wrong.append(f"line {rows.line_num}: unit {row['unit']!r}, similarity {row['similarity']!r}")
    if wrong:
        raise InputError(f"{where}: unit and similarity are numbers, not as in " + "; ".join(wrong[:5]))
    return found


def unique_concepts(descriptions: Sequence[Description]) -> dict[str, int]:
    """How many different descriptions there are.

    Returns:
        By layer, in the order in which layers come up, and ``overall`` first; exact match of the texts.
    """
    by_layer: dict[str, set[str]] = {}
    for one in descriptions:
        by_layer.setdefault(one.layer, set()).add(one.description)
    overall = set().union(*by_layer.values()) if by_layer else set()
    return {"overall": len(overall), **{layer: len(names) for layer, names in by_layer.items()}}
