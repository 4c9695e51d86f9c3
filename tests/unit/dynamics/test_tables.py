from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from crosslight.dynamics import measure_all, write_table
from crosslight.dynamics.tables import table

from .making import history


def test_images_by_measures(tmp_path: Path) -> None:
    one = history([[0, 1, -1], [1, 1, -1], [1, 0, -1]], [1, -1, 0], ["a, b", 'c "d"'])
    rows = list(csv.DictReader(io.StringIO(write_table(one, tmp_path / "t.csv").read_text())))
    assert [row["image"] for row in rows] == ["i0", "i1", "i2"]
    assert [row["label"] for row in rows] == ['c "d"', "", "a, b"]
    assert [row["last"] for row in rows] == ['c "d"', "a, b", ""]
    for name, values in measure_all(one).items():
        read = [float(row[name]) if row[name] else np.nan for row in rows]
        np.testing.assert_array_equal(read, values)
    assert rows[0]["frequency"] == "0.5"
    assert rows[2]["frequency"] == ""


def test_a_range_of_epochs() -> None:
    assert table(history([[0], [1]], [1], 2), epochs=(0, 0)).splitlines()[1].startswith("i0,c1,c0,")
