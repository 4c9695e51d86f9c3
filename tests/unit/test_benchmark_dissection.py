"""The benchmark of dissection by words, on few images: that both sides run and find the same."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

if not Path("/proc/self/status").is_file() or not (ROOT / "benchmarks").is_dir():
    pytest.skip("this is not a checkout on Linux", allow_module_level=True)


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    sys.path.insert(0, str(ROOT))
    yield
    sys.path.remove(str(ROOT))


def test_the_section_of_dissection(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.dissection import dissection_rows

    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'src'}:{ROOT}")
    rows = list(dissection_rows(quick=True, cases=(("soft-wpmi", "own"), ("cosine", "own"))))
    assert [row.method for row in rows] == ["soft-wpmi, own", "cosine, own"]
    for row in rows:
        assert row.values["share"] == pytest.approx(row.values["ours s"] / row.values["peer s"])
        assert row.values["same labels"] >= 0.98
        assert row.values["difference"] < 1e-3
        assert row.missed == []
