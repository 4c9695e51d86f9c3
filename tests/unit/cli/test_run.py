from __future__ import annotations

import json
import os
import signal
import time

import pytest

from crosslight.cli.progress import Bar, Lines, duration


def test_plan_and_progress_go_to_stderr(study, call, tmp_path):
    result = call("run", study, "--out", tmp_path / "out", "--limit", 3, "--set", "images.sample=first", "--no-report")
    assert result.status == 0
    for text in ("Net A, Net B", "grad-cam, Gradient", "3 from photos", "evaluations"):
        assert text in result.err
    assert "100 %" in result.err
    assert result.out.startswith("2 models, 2 methods, 3 images: 12 good maps\n")
    assert str(tmp_path / "out") in result.out


def test_json_is_all_there_is_on_stdout(study, call, tmp_path):
    result = call("run", study, "--out", tmp_path / "out", "--no-report", "--json", "--weights", "none")
    answer = json.loads(result.out)
    assert answer["models"] == ["Net A", "Net B"]
    assert answer["images"] == 6
    assert answer["maps"] == {"ok": 20, "failed": 4}
    assert {f["name"] for f in answer["failures"]} == {"text.jpg"}
    assert {f["stage"] for f in answer["failures"]} == {"decode"}
    assert answer["evaluations"]["done_before"] == 0
    assert answer["report"] is None
    again = json.loads(call("run", study, "--out", tmp_path / "out", "--no-report", "--json").out)
    assert again["evaluations"]["done_before"] == again["evaluations"]["total"] > 0
    assert again["maps"] == answer["maps"]


def test_failures_are_named_once_per_reason(study, call, finished):
    result = call("run", study, "--out", finished, "--no-report")
    assert result.status == 0
    assert "failed (decode, 2 times): not an image but text, though it is named .jpg" in result.out
    assert "already done" in result.err


def test_a_dry_run_writes_nothing(study, call, tmp_path):
    result = call("run", study, "--out", tmp_path / "out", "--dry-run")
    assert (result.status, result.out) == (0, "")
    assert "evaluations" in result.err
    assert not (tmp_path / "out").exists()
    assert json.loads(call("run", study, "--out", tmp_path / "out", "--dry-run", "--json").out)["dry_run"] is True


def test_every_problem_of_a_study_at_once(study, call, tmp_path):
    result = call(
        "run", study, "--out", tmp_path / "out",
        "--set", "methods.1.name=grad-kam", "--set", "methods.2.depht=1", "--set", "study.nam=x",
    )  # fmt: skip
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert "3 problems" in result.err
    assert "'grad-cam'" in result.err
    assert "Traceback" not in result.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("--set=nonsense", "write key=value"),
        ("--device=cuda:99", "cuda:99"),
        ("--weights=nowhere.safetensors", "nowhere"),
    ],
)
def test_wrong_values(study, call, tmp_path, change, message):
    result = call("run", study, "--out", tmp_path / "out", change)
    assert result.status == 2
    assert message in result.err
    assert not (tmp_path / "out").exists()


def test_another_study_in_the_folder_is_refused(study, call, finished):
    result = call("run", study, "--out", finished, "--set", "study.seed=7")
    assert result.status == 2
    assert "another" in result.err


def test_what_a_users_network_prints_is_no_result(study, call, tmp_path):
    (tmp_path / "net.py").write_text(
        "import timm\ndef net():\n    print('hello from my network')\n    return timm.create_model('test_resnet')\n"
    )
    (tmp_path / "s.toml").write_text(
        f'[images]\nsource = "{study.parent.as_posix()}/photos"\nlimit = 1\n'
        '[[models]]\nname = "python:net.py:net"\n[[methods]]\nname = "grad-cam"\n'
    )
    result = call("run", tmp_path / "s.toml", "--out", tmp_path / "out", "--no-report", "--json")
    assert result.status == 0, result.err
    json.loads(result.out)
    assert "hello from my network" in result.err


@pytest.mark.skipif(os.name == "nt", reason="signals differ")
def test_ctrl_c_and_on(study, call, tmp_path, start):
    arguments = [
        "run", str(study), "--out", str(tmp_path / "out"), "--no-report",
        "--set", 'methods.2.name="smoothgrad"', "--set", "methods.2.samples=4000",
    ]  # fmt: skip
    process = start(*arguments)
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if line.startswith("tiny:"):
            break
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert err.splitlines()[-1] == "interrupted; the same command goes on where it stopped"
    assert "Traceback" not in err
    again = call(*arguments, "--dry-run")
    assert again.status == 0


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_lines_come_at_every_tenth(capsys):
    clock = Clock()
    lines = Lines(clock=clock)
    lines.start(1000, "work")
    for _ in range(200):
        clock.now += 0.1
        lines.advance(5, "Net A")
    lines.finish()
    out, err = capsys.readouterr()
    shown = err.splitlines()
    assert out == ""
    assert shown[0] == "work: 1,000 evaluations"
    assert len(shown) == 11
    assert shown[5] == " 50 %  500 of 1,000 evaluations, 50/s, 10 s left  (Net A)"
    assert shown[-1] == "100 %  1,000 of 1,000 evaluations, 50/s, in 20 s  (Net A)"


def test_lines_say_where_they_ended_and_let_messages_through(capsys):
    lines = Lines(clock=Clock())
    lines.start(100, "work")
    lines.advance(55, "Net A")
    lines.message("batch halved")
    lines.finish()
    shown = capsys.readouterr().err.splitlines()
    assert shown[2:] == ["batch halved", "ended after 55 of 100 evaluations, in 0 s"]


def test_nothing_to_do(capsys):
    lines = Lines()
    lines.start(0, "work")
    lines.finish()
    assert capsys.readouterr().err == "work: nothing left to do\n"


def test_the_bar_shows_numbers_and_messages(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    bar = Bar()
    bar.start(1000, "work [bold]x")
    bar.advance(250, "Net [red]A")
    bar.message("batch [halved] to 4")
    bar.advance(900, "Net B")  # more than announced
    bar.finish()
    out, err = capsys.readouterr()
    assert out == ""
    assert "batch [halved] to 4" in err
    assert "1,150 / 1,150 evaluations" in err
    assert "100 %" in err


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (125, "2 min 05 s"), (11400, "3 h 10 min")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text
