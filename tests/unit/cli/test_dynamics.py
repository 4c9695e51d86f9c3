"""``crosslight dynamics``: pages, tables and words of recorded runs."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crosslight.dynamics import History, read_instanceflow, scenes_history
from crosslight.dynamics.saving import save_history


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded run of an embedded classifier, without the pictures."""
    history = scenes_history("resnet")
    short = replace(history, facts={"model": "a network"})
    folder = tmp_path_factory.mktemp("runs") / "first run"
    save_history(short, folder)
    return folder


def test_a_page_is_written_and_findings_are_printed(call, run):
    result = call("dynamics", run)
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    assert lines[0] == "a network: 1,000 images, 20 epochs, 10 classes"
    assert any(line.startswith("Accuracy") and "99.7 %" in line for line in lines)
    assert lines[-1] == f"page: {run / 'page' / 'index.html'}"
    text = (run / "page" / "index.html").read_text("utf-8")
    assert "How a network learned" in text
    assert "crosslight dynamics" in text


def test_json_says_it_all_and_nothing_else(call, run, tmp_path):
    result = call("dynamics", run, "scenes/vit", "--out", tmp_path / "page", "--pictures", "0", "--json")
    assert result.status == 0, result.err
    told = json.loads(result.out)
    assert told["page"] == str(tmp_path / "page" / "index.html")
    assert [one["label"] for one in told["runs"]] == ["a network", "ViT (class token)"]
    first = told["runs"][0]
    assert (first["images"], first["epochs"][-1], len(first["classes"])) == (1000, 20, 10)
    assert first["accuracy"] == pytest.approx(0.997)
    assert {"kind", "head", "text", "warns", "images", "classes", "epochs"} == set(first["findings"][0])


def test_one_file(call, run):
    result = call("dynamics", run, "--single-file")
    assert result.status == 0, result.err
    page = run / "page.html"
    assert result.out.endswith(f"page: {page}\n")
    assert "assets/" not in page.read_text("utf-8").split("<script")[0]


def test_tables_a_figure_and_other_formats(call, run, tmp_path):
    files = [tmp_path / name for name in ("a.csv", "a.json", "a.png")]
    options = zip(("--csv", "--instanceflow", "--figure"), files, strict=True)
    result = call("dynamics", run, "--no-page", *(one for pair in options for one in pair))
    assert result.status == 0, result.err
    assert result.out.splitlines()[-3:] == list(map(str, files))
    assert not (tmp_path / "page").exists()
    rows = list(csv.DictReader(files[0].read_text("utf-8").splitlines()))
    assert len(rows) == 1000
    back = read_instanceflow(files[1])
    np.testing.assert_array_equal(back.predictions, scenes_history("resnet").predictions)
    assert files[2].read_bytes().startswith(b"\x89PNG")
    result = call("dynamics", "--import", files[1], "--out", tmp_path / "imported")
    assert result.status == 0, result.err
    assert "a: 1,000 images" in result.out
    assert (tmp_path / "imported" / "index.html").is_file()


def test_a_finished_run_is_followed_to_its_end(call, tmp_path):
    history = scenes_history("resnet")
    few: History = replace(
        history, ids=history.ids[:5], labels=history.labels[:5], predictions=history.predictions[:, :5],
        probability=None, margin=None, facts={"epochs": 20},
    )  # fmt: skip
    save_history(few, tmp_path / "run")
    result = call("dynamics", tmp_path / "run", "--live", "--every", "0.1")
    assert result.status == 0, result.err
    assert "Training is finished: 20 epochs are recorded." in result.err
    assert (tmp_path / "run" / "page" / "live" / "0" / "latest.js").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name the folder"),
        (("nowhere",), "there is no recorded run"),
        (("scenes/vitt",), "vit"),
        (("scenes/vit", "--live"), "--live follows folders"),
        (("a", "b", "--csv", "x.csv"), "name one"),
        (("nowhere", "--live", "--every", "0.1", "--patience", "0.1"), "nothing was recorded"),
    ],
)
def test_what_was_asked_for_wrongly_is_said(call, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    result = call("dynamics", *arguments)
    assert result.status == 2
    assert words in result.err
