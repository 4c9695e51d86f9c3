from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def out(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "out")


def test_agree(out, call):
    result = call("agree", out)
    assert result.status == 0, result.err
    assert "Net B" in result.out
    assert (out / "agreement/grad-cam.json").is_file()
    answer = json.loads(call("agree", out, "--method", "Gradient", "--grid", 4, "--json").out)
    assert list(answer["agreement"]) == ["Gradient"]
    assert answer["agreement"]["Gradient"]["steps"]["grid"] == 4
    assert len(answer["agreement"]["Gradient"]["mean"]) == 2
    assert all(file.endswith((".json", ".csv", ".npz")) for file in answer["files"])


def test_agree_wrong(out, call, tmp_path):
    result = call("agree", out, "--method", "grad-kam")
    assert result.status == 2
    assert "did you mean 'grad-cam'" in result.err
    result = call("agree", tmp_path / "nowhere")
    assert result.status == 2
    assert "no Crosslight study" in result.err


def test_report(out, call):
    result = call("report", out, "--json")
    assert result.status == 0, result.err
    answer = json.loads(result.out)
    assert (out / "report/index.html").samefile(answer["report"])


def test_report_in_one_file(out, call, tmp_path):
    result = call("report", out, "--single-file", "--out", tmp_path / "sent.html", "--json")
    assert result.status == 0, result.err
    assert json.loads(result.out)["report"] == str(tmp_path / "sent.html")
    assert "<body data-single>" in (tmp_path / "sent.html").read_text("utf-8")


def test_export(out, call, tmp_path):
    result = call("export", out, "--out", tmp_path / "e", "--what", "overlay,npy", "--model", "Net A")
    assert result.status == 0, result.err
    assert "overlay: 10 files" in result.out
    assert "100 %" in result.err
    answer = json.loads(
        call(
            "export", out, "--out", tmp_path / "m", "--what", "mask", "--share", 0.5, "--size", "picture", "--json"
        ).out
    )
    assert answer["files"] == {"mask": 20}
    rows = list(csv.DictReader(Path(answer["index"]).read_text("utf-8").splitlines()))
    assert len(rows) == 24
    assert {row["status"] for row in rows if row["image"] == "text.jpg"} == {"failed"}


@pytest.mark.parametrize(
    "wrong", [("--what", "overlais"), ("--share", "2"), ("--size", "huge"), ("--model", "Net C"), ("--method", "x")]
)
def test_export_wrong(out, call, tmp_path, wrong):
    result = call("export", out, "--out", tmp_path / "e", *wrong)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: ")


def test_what_was_exported_can_be_imported_and_compared(out, call, tmp_path):
    call("export", out, "--out", tmp_path / "e", "--what", "npy", "--method", "Gradient", "--model", "Net A")
    maps = tmp_path / "e/net-a/gradient"
    np.save(maps / "p99.npy", np.load(maps / "p0.npy"))
    arguments = ("import", out, "--maps", maps, "--model", "Net C", "--method", "Gradient", "--box", "full")
    result = call(*arguments, "--json")
    assert result.status == 0, result.err
    answer = json.loads(result.out)
    assert answer["maps"] == 5
    assert answer["missing"] == ["text.jpg"]
    assert answer["unmatched"] == ["p99.npy"]
    assert "p99.npy" in result.err
    answer = json.loads(call("agree", out, "--method", "Gradient", "--json").out)
    assert answer["agreement"]["Gradient"]["sets"] == ["Net A", "Net B", "Net C"]
    result = call("import", out, "--maps", maps, "--model", "Net A", "--method", "Gradient")
    assert result.status == 2
    assert "choose another label" in result.err


def test_models(call):
    result = call("models", "test_resnet*")
    assert "timm/test_resnet.r160_in1k" in result.out.splitlines()
    answer = json.loads(call("models", "resnet18", "--source", "torchvision", "--json").out)
    assert answer == {"models": ["torchvision/resnet18"]}
    assert json.loads(call("models", "no-such-thing", "--json").out) == {"models": []}
    assert call("models", "no-such-thing").status == 2
    assert call("models", "--source", "timn").status == 2


def test_methods(call):
    result = call("methods")
    assert "arXiv:1610.02391" in next(line for line in result.out.splitlines() if line.startswith("grad-cam "))
    listed = {entry["name"]: entry for entry in json.loads(call("methods", "--json").out)["methods"]}
    assert {"grad-cam", "saliency", "integrated-gradients"} <= set(listed)
    assert listed["saliency"]["sign"] == "magnitude"
    steps = listed["integrated-gradients"]["settings"]["steps"]
    assert (steps["type"], steps["default"], steps["minimum"]) == ("integer", 50, 1)
    assert all(entry["reference"] and entry["summary"] for entry in listed.values())


def test_one_method_with_its_settings(call):
    shown = call("methods", "integrated-gradients").out
    line = next(line for line in shown.splitlines() if line.startswith("steps"))
    assert "50" in line
    assert "whole number >= 1" in line
    assert "gauss-legendre | " in shown
    wrong = call("methods", "grad-kam")
    assert wrong.status == 2
    assert "did you mean 'grad-cam'" in wrong.err
