from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace

import pytest

from crosslight.scenes.classifiers import CLASSIFIERS, Recipe, run, table, training


def test_make(call, tmp_path):
    result = call("scenes", "make", "--out", tmp_path / "s", "--count", 3, "--variant", "patch", "--json")
    assert result.status == 0, result.err
    told = json.loads(result.out)
    assert told["count"] == 3
    assert told["variant"] == "patch"
    assert len(list((tmp_path / "s" / "images").rglob("*.png"))) == 3


def test_an_unknown_variant_is_bad_input(call, tmp_path):
    result = call("scenes", "make", "--out", tmp_path / "s", "--count", 1, "--variant", "watermarks")
    assert result.status == 2
    assert "watermark" in result.err
    assert not (tmp_path / "s").exists()


@pytest.fixture
def quick(monkeypatch):
    """Two classifiers whose training takes a second."""
    recipe = Recipe(pictures=8, steps=20, batch=4)
    entries = {name: replace(CLASSIFIERS[name], recipe=recipe) for name in ("levit", "vit")}
    monkeypatch.setattr(table, "CLASSIFIERS", entries)
    monkeypatch.setattr(run, "CLASSIFIERS", entries)
    monkeypatch.setattr(training, "TESTED", 10)
    return entries


def test_train_and_on_and_accuracy(call, tmp_path, quick, monkeypatch):
    out = tmp_path / "weights"
    first = call("scenes", "train", "levit", "--out", out, "--device", "cpu", "--json")
    assert first.status == 0, first.err
    told = json.loads(first.out)
    assert told["out"] == str(out)
    assert (told["there"], told["failed"]) == ([], {})
    (one,) = told["trained"]
    assert (one["name"], one["file"]) == ("levit", str(out / "levit.safetensors"))
    assert 0 <= one["accuracy"] <= 1
    assert "20 of 20 steps" in first.err
    assert list((out / "pictures").glob("train-clean-8.npy"))

    def broken(*_, **__):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(training, "train", broken)
    second = call("scenes", "train", "--out", out, "--device", "cpu")
    assert second.status == 1
    assert second.out == ""
    assert "scenes/vit failed: ZeroDivisionError: by nothing" in second.err
    assert "1 classifier there already" in second.err

    tables = tmp_path / "tables.inc"
    result = call("scenes", "accuracy", "--weights", out, "--count", 4, "--out", tables, "--device", "cpu", "--json")
    assert result.status == 0, result.err
    told = json.loads(result.out)
    assert (told["count"], told["missing"]) == (4, ["vit"])
    assert [row["name"] for row in told["classifiers"]] == ["levit"]
    assert told["classifiers"][0]["accuracy"]["clean"]["of"] == 4
    assert "scenes/levit" in tables.read_text(encoding="utf-8")


def test_what_cannot_be_trained_or_measured(call, tmp_path):
    unknown = call("scenes", "train", "levitt", "--out", tmp_path / "w")
    assert unknown.status == 2
    assert "did you mean 'levit'" in unknown.err
    assert call("scenes", "train", "levit", "--out", tmp_path / "w", "--jobs", 0).status == 2
    absent = call("scenes", "accuracy", "levit", "--weights", tmp_path / "w")
    assert absent.status == 2
    assert "crosslight scenes train levit --out" in absent.err
    assert call("scenes", "accuracy", "--weights", tmp_path / "w", "--out", tmp_path / "t.html").status == 2
    assert not (tmp_path / "w").exists()


@pytest.mark.skipif(os.name == "nt", reason="signals differ")
def test_ctrl_c_while_training(tmp_path, start):
    process = start("scenes", "train", "levit", "--out", str(tmp_path / "w"), "--jobs", "2", "--device", "cpu")
    assert process.stderr is not None
    for line in process.stderr:
        if "clean pictures" in line:
            break
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert out == ""
    assert err.splitlines()[-1] == "interrupted; the same command goes on where it stopped"
    assert "Traceback" not in err
    assert [path.name for path in (tmp_path / "w").rglob("*")] == ["pictures"]
