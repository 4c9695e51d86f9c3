from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def out(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "out")


@pytest.fixture
def masks(tmp_path):
    """Masks of four of the five photographs, one of them empty."""
    (tmp_path / "masks").mkdir()
    for i in range(4):
        inside = np.zeros((80, 96 + 4 * i), np.uint8)
        if i:
            inside[20:60, 30:70] = 255
        Image.fromarray(inside).save(tmp_path / f"masks/p{i}.png")
    return tmp_path / "masks"


def test_score(out, call, masks, tmp_path):
    result = call("score", out, "--masks", masks, "--csv", tmp_path / "scores.csv")
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    for metric in ("energy", "pointing", "rank-accuracy", "iou", "iou-own"):
        assert any(line.startswith(f"{metric}: mean over images, N = 3") for line in lines)
    at = next(i for i, line in enumerate(lines) if line.startswith("energy:"))
    assert lines[at + 1].split() == ["Net", "A", "Net", "B"]
    assert [line.split()[0] for line in lines[at + 2 : at + 7]] == ["grad-cam", "Gradient", "random", "centre", "edge"]
    assert lines[at + 7].startswith(("* ", "Every method"))
    assert (lines[at + 2].count("*") + lines[at + 3].count("*") > 0) == lines[at + 7].startswith("*")
    assert "1 image, empty mask" in result.err
    assert "1 image, no mask" in result.err
    assert json.loads((out / "scores.json").read_text("utf-8"))["localisation"]["methods"] == ["grad-cam", "Gradient"]
    assert (
        len(list(csv.DictReader((tmp_path / "scores.csv").read_text("utf-8").splitlines())))
        == 5 * (2 + 3) * 2 + 3 * (2 + 2) * 2
    )
    assert any(line.startswith("gini (higher is better): mean over 5 images") for line in lines)
    assert not any("tau = " in line for line in lines)  # two methods have too few orders
    assert lines[-2:] == [str(out / "scores.json"), str(tmp_path / "scores.csv")]


def test_score_as_json(out, call, tmp_path):
    (tmp_path / "boxes.csv").write_text("image,x0,y0,x1,y1\np0.png,10,10,40,40\np1.png,0,0,50,50\n", "utf-8")
    options = ("--masks", tmp_path / "boxes.csv", "--metric", "pointing", "--metric", "iou", "--tolerance", 3)
    result = call("score", out, *options, "--share", 0.3, "--absolute", "--seed", 5, "--per-image", "--json")
    assert result.status == 0, result.err
    answer = json.loads(result.out)
    assert set(answer) == {"out", "scores", "files"}
    scores = answer["scores"]
    assert scores["metrics"] == ["pointing", "iou"]
    assert scores["images"] == 2
    assert scores["settings"] | {"draws": 8} == {
        "sign": "absolute", "finish": True, "tolerance": 3, "share": 0.3, "draws": 8, "seed": 5,
    }  # fmt: skip
    assert np.array(scores["values"], float).shape == (2, 2, 2, 6)
    assert "values" not in json.loads((out / "scores.json").read_text("utf-8"))["localisation"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "does not say where the evidence in its images is: give a folder of PNG masks"),
        (("--masks", "object"), "give a folder of PNG masks"),
        (("--masks", "nowhere"), "nowhere: no such file or folder"),
        (("--masks", "MASKS", "--metric", "enrgy"), "did you mean 'energy'"),
        (("--masks", "MASKS", "--share", "2"), "share must be above 0"),
    ],
)
def test_score_wrong(out, call, masks, options, message):
    result = call("score", out, *(str(masks) if option == "MASKS" else option for option in options))
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert not (out / "scores.json").exists()


def test_a_mask_of_another_size(out, call, masks):
    Image.fromarray(np.ones((10, 10), np.uint8)).save(masks / "p2.png")
    result = call("score", out, "--masks", masks)
    assert result.status == 2
    assert "p2.png: the mask has 10 x 10 pixels, the upright picture 104 x 80" in result.err


def test_probing(out, call, tmp_path):
    """Faithfulness needs no masks; what was probed before stays in the file."""
    options = ("--models", "Net A", "--limit", 2, "--set", "deletion.steps=2")
    result = call("score", out, "--metric", "deletion", *options, "--json", "--csv", tmp_path / "probes.csv")
    assert result.status == 0, result.err
    answer = json.loads(result.out)
    assert set(answer) == {"out", "probes", "rankings", "files"}
    assert answer["probes"]["models"] == ["Net A"]
    assert answer["probes"]["scores"]["count"] == [[[2], [2]]]
    assert "100 %" in result.err
    assert len(list(csv.DictReader((tmp_path / "probes.csv").read_text("utf-8").splitlines()))) == 2 + 3
    result = call("score", out, "--group", "complexity", "--models", "Net A", "--limit", 2)
    assert result.status == 0, result.err
    assert "deletion (lower is better): mean over 2 images" in result.out
    saved = json.loads((out / "scores.json").read_text("utf-8"))
    assert {"deletion", "gini", "entropy"} <= set(saved["probes"]["metrics"])
    assert "localisation" not in saved


def test_list(call):
    found = json.loads(call("score", "--list", "--json").out)["metrics"]
    by_name = {one["name"]: one for one in found}
    assert {one["group"] for one in found} >= {"localisation", "faithfulness", "complexity"}
    assert by_name["deletion"]["settings"]["steps"] == 50
    assert all(one["summary"] and one["cannot_tell"] and one["cost"] and one["reference"] for one in found)
    assert "insertion" in call("score", "--list").out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--metric", "delition"), "did you mean 'deletion'"),
        (("--group", "faithful"), "did you mean 'faithfulness'"),
        (("--metric", "deletion", "--set", "deletion.stps=3"), "did you mean 'steps'"),
        (("--metric", "deletion", "--models", "Nett A"), "did you mean 'Net A'"),
    ],
)
def test_probing_wrong(out, call, options, message):
    result = call("score", out, *options)
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert not (out / "scores.json").exists()


def test_no_folder(call):
    result = call("score")
    assert result.status == 2
    assert "name the folder" in result.err
