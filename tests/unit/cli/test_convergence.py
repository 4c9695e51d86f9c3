from __future__ import annotations

import csv
import json
import re

import pytest
from PIL import Image

MODEL = ("--model", "timm/test_resnet.r160_in1k", "--weights", "none")
QUICK = ("--set", "segmentation=grid", "--set", "kernel-shap.segments=9", "--repeats", "2")
STEM = "timm-test_resnet.r160_in1k"


def test_figures_a_table_and_a_file_of_numbers(study, call, tmp_path):
    photos, out = study.parent / "photos", tmp_path / "o"
    arguments = (photos / "p0.png", photos / "p1.png", *MODEL, *QUICK, "--budgets", "12,20,24", "--out", out)
    result = call("convergence", *arguments)
    assert result.status == 0, result.err
    assert sorted(path.name for path in out.iterdir()) == [
        "convergence.csv", *(f"p{i}--{STEM}--kernel-shap.png" for i in (0, 1))
    ]  # fmt: skip
    assert min(Image.open(out / f"p0--{STEM}--kernel-shap.png").size) > 1000
    heads = ["samples", "evaluations", "seconds", "error", "spread", "correlation", "standard error"]
    title, table, *rows = result.out.splitlines()
    assert title.startswith(str(photos / "p0.png"))
    assert re.split(r"\s{2,}", table.strip()) == heads
    assert [row.split()[:2] for row in rows[:2]] == [["20", "20"], ["24", "24"]]
    assert "2 figures and convergence.csv" in rows[-1]
    assert result.err.count("12: samples must be at least 18 for 9 segments") == 2
    assert "repeat 2 of 2" in result.err
    with (out / "convergence.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["budget"] for row in rows] == ["20", "24"] * 4
    assert [row["evaluations"] for row in rows] == ["20", "24"] * 4
    assert {row["photo"] for row in rows} == {str(photos / "p0.png"), str(photos / "p1.png")}


def test_json_and_a_photograph_that_fails(study, call, tmp_path):
    photos = study.parent / "photos"
    result = call(
        "convergence", photos / "text.jpg", photos / "p0.png", *MODEL, "--method", "rise", "--budgets", "4,8",
        "--repeats", "2", "--set", "centre=true", "--target", "class:goldfish", "--out", tmp_path / "o", "--json",
    )  # fmt: skip
    assert result.status == 0, result.err
    answer = json.loads(result.out)
    assert (answer["method"], answer["setting"], answer["tolerance"]) == ("rise", "masks", "standard_error")
    assert [failure["photo"] for failure in answer["failures"]] == [str(photos / "text.jpg")]
    (entry,) = answer["photos"]
    assert entry["target"] == "goldfish"
    assert [row["evaluations"] for row in entry["budgets"]] == [5, 9]
    assert set(entry["budgets"][0]) >= {
        "budget",
        "seconds",
        "error",
        "cosine",
        "correlation",
        "spread",
        "standard_error",
    }
    assert "text.jpg" in result.err


def test_seeds_that_change_nothing_are_told(study, call, tmp_path):
    result = call(
        "convergence", study.parent / "photos/p0.png", *MODEL, "--method", "integrated-gradients", "--budgets", "1,2",
        "--out", tmp_path / "o",
    )  # fmt: skip
    assert result.status == 0, result.err
    assert "the very same maps" in result.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--method", "grad-cam"), "grad-cam has no budget"),
        (("--method", "rize"), "did you mean 'rise'"),
        (("--budgets", "100,many"), "whole numbers with commas"),
        (("--budgets", "10,50"), "at least 100 for 50 segments"),
        (("--set", "samples=200"), "samples cannot be a setting here"),
        (("--set", "segmants=20"), "did you mean 'segments'"),
        (("--target", "top:2"), "one class is needed"),
        (("--model", "timm/resnet_18"), "did you mean"),
    ],
)
def test_wrong_wishes(study, call, tmp_path, arguments, message):
    result = call("convergence", study.parent / "photos/p0.png", *MODEL, "--out", tmp_path / "o", *arguments)
    assert (result.status, result.out) == (2, ""), result.err
    assert message in result.err
    assert result.err.startswith("error: ")
    assert not (tmp_path / "o").exists()


def test_none_usable_is_bad_input(study, call, tmp_path):
    result = call("convergence", study.parent / "photos/text.jpg", *MODEL, "--out", tmp_path / "o", "--json")
    assert (result.status, result.out) == (2, "")
    assert "not an image" in result.err
    assert not (tmp_path / "o").exists()
