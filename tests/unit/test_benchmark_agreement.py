"""The benchmark of the family question, on few simulations: that it runs, counts and judges as it should."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("this is not a checkout: no benchmarks are here", allow_module_level=True)


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    sys.path.insert(0, str(ROOT))
    yield
    sys.path.remove(str(ROOT))


def test_the_section_of_nulls(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.agreement import main

    assert main(["--section", "nulls", "--simulations", "60", "--json"]) == 0
    rows = {row["method"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert rows["anosim, no shift"]["values"]["found"] < 0.2 < 0.5 < rows["anosim, 2.25 SD"]["values"]["found"]
    assert rows["anosim, no shift"]["targets"] == {"found": "0.03 to 0.07"}
    assert {"regression, no effect", "own estimate, either", "own estimate, widest"} <= rows.keys()
    assert not any(row["error"] for row in rows.values())


def test_the_section_of_intervals(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.agreement import main

    assert main(["--section", "intervals", "--simulations", "300", "--json"]) == 0
    rows = {
        (row["model"], row["method"]): row["values"]["found"] for row in json.loads(capsys.readouterr().out)["rows"]
    }
    assert 0.91 < rows["128 images", "interval"] < 0.99
    assert rows["32 x 8 images", "interval, clusters ignored"] < 0.8 < rows["32 x 8 images", "interval, clusters drawn"]


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.agreement import main

    assert main(["--simulations", "20"]) == 0
    printed = capsys.readouterr().out
    assert "met" in printed
    assert "rows; missed: " in printed
