"""The demo, on a study of two random classifiers and four pictures."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from crosslight.cli import demo as command
from crosslight.methods import METHODS
from crosslight.report.learning import sheets
from crosslight.scenes.classifiers.table import LINEAGES
from crosslight.study import demo as packaged

STUDY = """
[study]
name = "tiny demo"
threads = 1

[images]
source = "scenes"
limit = 4
sample = "first"

[[models]]
name = "scenes/resnet"
weights = "none"
label = "Net A"

[[models]]
name = "scenes/levit"
weights = "none"
label = "Net B"

[[methods]]
name = "grad-cam"

[[methods]]
name = "saliency"
limit = 2
"""


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module", autouse=True)
def tiny(patch, tmp_path_factory):
    """Stands for the packaged study."""
    file = tmp_path_factory.mktemp("packaged") / "demo.toml"
    file.write_text(STUDY, encoding="utf-8")
    patch.setattr(packaged, "FILE", file)
    patch.setattr(command, "LEARNED", ("vit",))
    patch.setattr(sheets, "SCENES_LIMIT", 3)
    patch.setattr(packaged, "DISSECTED_IMAGES", 10)
    patch.setattr(packaged, "DISSECTED_LAYERS", (1.0,))
    patch.setattr("os.fsync", lambda descriptor: None)
    return file


@pytest.fixture(scope="module")
def finished(call, tmp_path_factory):
    """The folder of a finished demo, and what the command said."""
    out = tmp_path_factory.mktemp("demo") / "out"
    return out, call("demo", "--out", out)


def test_findings_and_the_report_are_printed_last(finished):
    out, result = finished
    assert result.status == 0, result.err
    title, *found, report = result.out.splitlines()
    assert title == "What 2 classifiers, 2 methods and 4 pictures show"
    assert report == f"report: {out / 'report' / 'index.html'}"
    heads = [line for line in found if not line.startswith(" ")]
    assert [line.partition("  ")[0] for line in heads][:2] == ["Who is right", "Where they look"]
    assert any(line.startswith("Are maps right") for line in heads)
    assert (out / "scores.json").is_file()
    assert (out / "agreement" / "grad-cam.json").is_file()
    assert '<div class="view" id="learning">' in (out / "report" / "index.html").read_text("utf-8")


def test_every_step_has_a_line_of_its_own(finished):
    _, result = finished
    steps = [line for line in result.err.splitlines() if line.startswith("[")]
    assert steps == [f"[{i}/{len(command.STEPS)}] {step.title}" for i, step in enumerate(command.STEPS, 1)]
    assert "100 %" in result.err
    assert "tiny demo: 12 evaluations" in result.err  # 2 models x (4 images for Grad-CAM, 2 for saliency)


def test_json_of_a_finished_demo_computes_no_map_again(finished, call, monkeypatch):
    out, first = finished
    monkeypatch.setattr("crosslight.evaluation.score", lambda *_: pytest.fail("scored again"))
    result = call("demo", "--out", out, "--json")
    assert result.status == 0, result.err
    answer = json.loads(result.out)
    assert answer["evaluations"]["done_before"] == answer["evaluations"]["total"] == 12
    assert (answer["models"], answer["methods"], answer["images"], answer["failures"]) == (2, 2, 4, 0)
    assert answer["maps"]["skipped"] == 4
    assert sum(answer["maps"].values()) == 16
    assert set(answer["seconds"]) == {step.name for step in command.STEPS} | {"total"}
    assert Path(answer["report"]).is_file()
    assert answer["out"] == str(out)
    for finding in answer["findings"]:
        assert set(finding) == {"head", "text", "warns"}
        assert finding["head"] in first.out
        assert finding["text"].split(";")[0].split(".")[0] in first.out


def test_a_folder_that_holds_something_else_is_refused(finished, call, tmp_path, monkeypatch, tiny):
    (tmp_path / "letters.txt").write_text("mine")
    result = call("demo", "--out", tmp_path)
    assert (result.status, result.out) == (2, "")
    assert f"error: {tmp_path} is not empty and holds no Crosslight study" in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]
    out, _ = finished
    other = tmp_path / "other.toml"
    other.write_text(STUDY.replace('"tiny demo"', '"mine"'))
    monkeypatch.setattr(packaged, "FILE", other)
    result = call("demo", "--out", out)
    assert (result.status, result.out) == (2, "")
    assert "holds the study 'tiny demo', which is another one" in result.err


def test_after_ctrl_c_the_same_command_goes_on(call, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr("crosslight.agreement.analysis.analyse", interrupted)
        result = call("demo", "--out", tmp_path / "out", "--json")
    assert (result.status, result.out) == (130, "")
    assert result.err.splitlines()[-1] == "interrupted; the same command goes on where it stopped"
    answer = json.loads(call("demo", "--out", tmp_path / "out", "--json").out)
    assert answer["evaluations"]["done_before"] == answer["evaluations"]["total"]


def test_the_report_is_opened_when_asked_for(finished, call, monkeypatch):
    out, _ = finished
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or False)
    result = call("demo", "--out", out, "--open")
    assert result.status == 0
    assert opened == [(out / "report" / "index.html").as_uri()]
    assert "there is no browser" in result.err


def test_the_study_file_is_printed_as_it_is(call, tiny):
    result = call("demo", "--study")
    assert (result.status, result.err) == (0, "")
    assert result.out == tiny.read_text("utf-8") == packaged.demo_text()


def test_the_packaged_study_has_every_lineage_and_every_method(patch):
    with pytest.MonkeyPatch.context() as real:
        real.setattr(packaged, "FILE", packaged.files(packaged.__package__) / "demo.toml")
        study, tables = packaged.demo_study(), tomllib.loads(packaged.demo_text())
    assert tuple(model.name.removeprefix("scenes/") for model in study.spec.models) == LINEAGES
    assert all(model.weights == "pretrained" for model in study.spec.models)
    assert tables["images"] == {"source": "scenes", "limit": 64, "sample": "first"}
    built_in = {name for name, spec in METHODS.items() if spec.function.__module__.startswith("crosslight.")}
    assert {task.method.name for task in study.spec.tasks} == built_in
    assert study.spec.command == "crosslight demo --out OUT"
