"""The benchmark of similarities, on a few maps: that it runs, counts and judges as it should."""

from __future__ import annotations

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


def test_the_section_of_similarities(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.similarity import MEASURES, similarity_rows

    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'src'}:{ROOT}")
    rows = {row.method: row for row in similarity_rows(2, quick=True)}
    assert not any(row.missed for row in rows.values())
    whole = rows["all measures / reading"]
    assert whole.values["ratio"] == pytest.approx(whole.values["ours s"] / whole.values["peer s"])
    assert 20 < whole.values["peak MiB"] < 1000
    each = [rows[f"{measure}, per pair"].values["peer s"] for measure in MEASURES]
    assert rows["all measures / per pair"].values["peer s"] == pytest.approx(sum(each))
    assert rows["224 x 224, float32"].values["difference"] < 1e-5
