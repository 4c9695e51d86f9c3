"""A recording that is killed at any moment loses the batch being recorded alone, and ends as if it never had been."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosslight.dynamics import open_history

KILLS = 14


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    if not hasattr(os, "fork"):
        pytest.skip("processes are forked here")
    folder = tmp_path_factory.mktemp("recording")
    driver = Path(__file__).with_name("recording_driver.py")
    done = subprocess.run(
        [sys.executable, str(driver), str(folder), "3", str(KILLS)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return folder, [json.loads(line) for line in done.stdout.splitlines()]


def test_every_batch_that_was_recorded_is_there(killed: tuple[Path, list[dict[str, Any]]]) -> None:
    _, attempts = killed
    assert len(attempts) == KILLS
    torn = 0
    for attempt in attempts:
        torn += any("is torn" in told for told in attempt["remarks"])
        if attempt["said"] is None:  # killed before the first batch
            continue
        epoch, batches = attempt["said"]
        assert set(range(epoch)) <= set(attempt["epochs"])
        if batches and str(epoch) in attempt["partial"]:
            assert attempt["partial"][str(epoch)] >= batches
        elif batches:  # the epoch ended before the child could say so
            assert epoch in attempt["epochs"]
    assert torn >= 1  # a write was cut in the middle
    assert sum(attempt["said"] is not None for attempt in attempts) >= KILLS // 3
    assert any(attempt["partial"] for attempt in attempts)


def test_the_end_is_as_if_nothing_had_happened(killed: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, _ = killed
    one, other = open_history(folder / "undisturbed"), open_history(folder / "killed")
    assert (one.classes, one.ids, dict(one.facts)) == (other.classes, other.ids, dict(other.facts))
    assert [told for told in other.remarks if "line of the metrics" not in told] == list(one.remarks)
    for name in ("labels", "epochs", "predictions", "probability", "margin"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert one.metrics["train/loss"].tolist() == other.metrics["train/loss"].tolist()
    paths = {path.relative_to(folder / "killed") for path in (folder / "killed").rglob("*") if path.is_file()}
    assert paths == {
        path.relative_to(folder / "undisturbed") for path in (folder / "undisturbed").rglob("*") if path.is_file()
    }
    for path in paths:
        if path.name != "metrics.jsonl":  # which may say a thing twice
            assert (folder / "killed" / path).read_bytes() == (folder / "undisturbed" / path).read_bytes(), path
