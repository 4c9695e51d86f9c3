"""The ready study's eight classifiers predict what their reference predictions say, on all photographs."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from crosslight.study import make_plan, read_study
from crosslight.study.worker import Item, explain_block

STUDY = Path(__file__).resolve().parents[2] / "studies" / "imagenet-sample.toml"

#: 400 x 500 pixels, resized to a shorter side of 182: the longer one falls on 227.5, which the reference rounded to 228
#: and a division in floating point to 227; that moves the probability by .25, and not the class
ROUNDED = ("mobilenetv1_050_160", "n01608432_kite.JPEG")


def test_all_reference_predictions(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSLIGHT_DATA", str(shared_data))
    plan = make_plan(read_study(STUDY))
    assert plan.problems == []
    with (shared_data / "models" / "expected_predictions.csv").open(encoding="utf-8") as file:
        expected = {(row["model"], row["file"]): row for row in csv.DictReader(file)}
    names = {section.label: Path(section.weights).stem for section in plan.spec.models}
    compared, worst = 0, 0.0
    for model in plan.plans:
        items = [Item(record.identity, record.load) for record in plan.images]
        outcome = explain_block(model.load(), items, (), batch_size=8)
        logits = outcome.predictions.logits.astype(np.float64)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        for record, row in zip(plan.images, shares, strict=True):
            key = (names[model.label], Path(record.name).name)
            assert int(row.argmax()) == int(expected[key]["top1"]), key
            if key != ROUNDED:
                worst = max(worst, abs(row.max() - float(expected[key]["top1_prob"])))
            compared += 1
    assert compared == len(expected) == 480
    assert worst < 1e-4
