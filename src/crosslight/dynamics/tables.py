"""A table of images by measures, as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from .history import MISSING, UNKNOWN, History
from .measures import measure_all
from .selection import Epochs, select


def table(history: History, *, epochs: Epochs = None) -> str:
    """Images by measures, as CSV with a head.

    Args:
        history: what was recorded.
        epochs: first and last number, both included; None for all.

    Returns:
        Columns ``image``, ``label``, ``last`` (the prediction at the last epoch), then the measures by name. Cells of
        which nothing can be said are empty. Numbers are written so that they are read back as they were.

    Raises:
        InputError: no epoch lies in the range.
    """
    chosen = select(history, epochs=epochs)
    measured = measure_all(chosen)
    last = chosen.predictions[-1] if len(chosen.epochs) else np.full(len(chosen.ids), MISSING, np.uint16)
    labels = ["" if number == UNKNOWN else chosen.classes[number] for number in chosen.labels.tolist()]
    said = ["" if number == MISSING else chosen.classes[number] for number in last.tolist()]
    columns = [[_text(value) for value in values.tolist()] for values in measured.values()]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["image", "label", "last", *measured])
    writer.writerows(zip(chosen.ids, labels, said, *columns, strict=True))
    return file.getvalue()


def write_table(history: History, path: str | Path, *, epochs: Epochs = None) -> Path:
    """Write `table` into a file.

    Returns:
        The file.
    """
    target = Path(path)
    target.write_text(table(history, epochs=epochs), encoding="utf-8")
    return target


def _text(value: float) -> str:
    if value != value:
        return ""
    return str(int(value)) if value.is_integer() else repr(value)
