"""The benchmark of recorded trainings: that it runs, and that recording is cheap."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crosslight.store import durable

ROOT = Path(__file__).resolve().parents[2]

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("this is not a checkout: no benchmarks are here", allow_module_level=True)


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    sys.path.insert(0, str(ROOT))
    yield
    sys.path.remove(str(ROOT))


def test_recording_costs_a_small_part_of_the_pass() -> None:
    """A fifth of the images: what an epoch costs once counts five times; so the bound is wider than the target."""
    from benchmarks import dynamics

    [row] = dynamics._overhead(1, 2_000)
    assert row.targets == {"share %": "<= 1"}
    assert 0 < row.values["share %"] < 3


def test_size_and_times_of_a_large_history(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import dynamics

    monkeypatch.setattr(durable, "flush_all", lambda paths: None)
    rows = list(dynamics._large(1_000, 100))
    assert [row.method for row in rows] == ["recording", "opening", "all 11 measures"] * 2
    assert not [row for row in rows if row.missed]
