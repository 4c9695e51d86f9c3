from __future__ import annotations

import csv
import json

import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


def test_a_table_and_files(call, tmp_path):
    fast = ("--choices", "depth_unit=flops", "--range", "depth=0.4..1")
    command = ("tune", "grad-cam", "--model", "scenes/regnet", "--budget", 3, "--limit", 4, *fast)
    result = call(*command, "--out", tmp_path)
    assert result.status == 0, result.err
    assert {path.name for path in tmp_path.iterdir()} == {
        "front.png", "front.svg", "study.toml", "trials.csv", "trials.jsonl", "tuned.json"
    }  # fmt: skip
    title, heads, default, *_ = result.out.splitlines()
    assert title == "grad-cam on 2 images that the search did not see"
    assert {"avg_iou", "avg_time", "evaluations", "settings"} <= set(heads.split())
    assert default.split()[0] == "default"
    assert "trial 3/3" in result.err
    assert "Nothing better" in result.out or "too few for an interval" in result.out
    with (tmp_path / "trials.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["trial"] for row in rows] == ["0", "1", "2"]
    assert min(Image.open(tmp_path / "front.png").size) > 800
    study = (tmp_path / "study.toml").read_text()
    assert call("run", tmp_path / "study.toml", "--dry-run", "--out", tmp_path / "run").status == 0
    assert 'label = "grad-cam (tuned)"' in study
    again = call(*command, "--out", tmp_path, "--json")
    answer = json.loads(again.out)
    assert answer["trials"]["done"] + answer["trials"]["pruned"] == 3
    assert answer["points"][0]["label"] == "default"
    assert answer["points"][0]["avg_iou"] == pytest.approx(float(default.split()[1]), abs=5e-4)
    assert "nothing left to do" in again.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("lyme",), "did you mean 'lime'"),
        (("lime", "--range", "segment=1..2"), "or 'segments'?"),
        (("lime", "--range", "segments=1-2"), "write key=from..to"),
        (("lime", "--choices", "segmentation=slik"), "should be 'slic'"),
        (("lime", "--objective", "energi"), "did you mean 'energy'"),
        (("lime", "--minutes", "0"), "above 0"),
        (("saliency",), "has no settings"),
    ],
)
def test_bad_input_ends_with_2(call, tmp_path, arguments, message):
    result = call("tune", *arguments, "--model", "scenes/regnet", "--out", tmp_path / "o")
    assert result.status == 2
    assert message in result.err
    assert not (tmp_path / "o").exists()
