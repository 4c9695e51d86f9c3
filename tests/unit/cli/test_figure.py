from __future__ import annotations

import json

import pytest

from crosslight.cli import figure as command
from crosslight.report.figures.plots import KINDS


def test_help_lists_every_kind(call):
    text = " ".join(call("figure", "--help").out.split())
    assert set(command.KINDS) == {*KINDS, "all"}
    for kind in command.KINDS:
        assert kind in text


def test_json_names_the_files(call, finished, tmp_path):
    result = call("figure", finished, "matrix", "pairs", "--method", "Gradient", "--method", "grad-cam", "--dpi", 50,
                  "--format", "svg", "--format", "png", "--to", tmp_path, "--json")  # fmt: skip
    assert result.status == 0, result.err
    found = json.loads(result.out)
    assert [(one["kind"], one["method"]) for one in found["files"]][::2] == [
        ("matrix", "Gradient"), ("matrix", "grad-cam"), ("pairs", "Gradient"), ("pairs", "grad-cam"),
    ]  # fmt: skip
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(one["file"].rpartition("/")[2] for one in found["files"])
    assert "matrix--grad-cam.svg" in names
    assert (tmp_path / "matrix--grad-cam.png").read_bytes().startswith(b"\x89PNG")


def test_overlays_by_model_and_image(call, finished, tmp_path):
    result = call("figure", finished, "overlays", "--model", "Net A", "--method", "grad-cam", "--method", "Gradient",
                  "--image", "p1.png", "--style", "contour", "--to", tmp_path, "--dpi", 50)  # fmt: skip
    assert result.status == 0, result.err
    assert result.out.split() == [str(tmp_path / "overlays.png")]


def test_all_leaves_out_what_the_study_lacks_and_says_why(call, finished, tmp_path):
    result = call("figure", finished, "all", "--to", tmp_path, "--dpi", 40, "--limit", 1, "--json")
    assert result.status == 0, result.err
    found = json.loads(result.out)
    kinds = {one["kind"] for one in found["files"]}
    assert {"overlays", "matrix", "comparison", "pairs"} <= kinds
    assert {one["kind"] for one in found["skipped"]} == set(KINDS) - kinds
    assert "crosslight score" in next(one["reason"] for one in found["skipped"] if one["kind"] == "scorecard")
    assert "left out: scorecard" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["matrx"], "unknown kind of figure 'matrx'; did you mean 'matrix'"),
        (["scorecard"], "crosslight score"),
        (["matrix", "--method", "gradcam"], "did you mean 'grad-cam'"),
        (["matrix", "--format", "jpg"], "unknown format 'jpg'"),
        (["overlays", "--style", "hot"], "a style cannot be 'hot'"),
        (["overlays", "--model", "Net C"], "unknown model 'Net C'"),
        (["matrix", "--measure", "cosin"], "did you mean 'cosine'"),
    ],
)
def test_what_cannot_be_drawn_is_bad_input(call, finished, tmp_path, arguments, message):
    result = call("figure", finished, *arguments, "--to", tmp_path / "figures")
    assert result.status == 2
    assert message in result.err
    assert not (tmp_path / "figures").exists()
