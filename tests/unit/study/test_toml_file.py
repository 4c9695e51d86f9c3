from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crosslight.core.errors import InputError, StudyError
from crosslight.study.toml_file import apply_overrides, expand_variables, key_lines, parse, resolve_path

TEXT = """\
# a comment
[study]
name = "x"

[[models]]
name = "timm/a"
options.width = 2
[[models]]
  "name" = "timm/b"
[models.preprocess]
size = 3

[[methods]]
name = "grad-cam"  # depth = 3
depth = 0.5
"""


def test_every_key_has_its_line() -> None:
    lines = key_lines(TEXT)
    assert lines["study",] == 2
    assert lines["study", "name"] == 3
    assert lines["models", 0] == 5
    assert lines["models", 0, "name"] == 6
    assert lines["models", 1] == 8
    assert lines["models", 1, "name"] == 9
    assert lines["models", 1, "preprocess", "size"] == 11
    assert lines["methods", 0, "depth"] == 15


def test_what_is_no_toml_is_told_with_its_line() -> None:
    with pytest.raises(StudyError, match=r"(?s)my\.toml: 1 problem.*not valid TOML.*line 2"):
        parse("[study]\nname = \n", "my.toml")


def changed(*overrides: str) -> dict[str, Any]:
    data = parse(TEXT, "t")
    data["models"][0]["label"] = "v1"
    data["models"][1]["label"] = "v1.5"
    apply_overrides(data, overrides)
    return data


def test_overrides_in_tables() -> None:
    data = changed("study.seed=7", "images.source = photos ", "study.name=a=b", 'study.target="label"')
    assert data["study"] == {"name": "a=b", "seed": 7, "target": "label"}
    assert data["images"] == {"source": "photos"}


def test_overrides_of_all_entries_of_one_by_number_and_by_name() -> None:
    data = changed("models.*.weights=none", "models.2.weights=pretrained", "methods.grad-cam.depth=0.25")
    assert [entry["weights"] for entry in data["models"]] == ["none", "pretrained"]
    assert data["methods"] == [{"name": "grad-cam", "depth": 0.25}]


def test_a_label_may_hold_dots_and_begin_with_another_one() -> None:
    assert [m.get("weights") for m in changed("models.v1.weights=none")["models"]] == ["none", None]
    assert [m.get("weights") for m in changed("models.v1.5.weights=none")["models"]] == [None, "none"]


def test_overrides_reach_inner_tables() -> None:
    data = changed("models.1.options.width=8", "models.*.preprocess.size=[3, 4]")
    assert data["models"][0]["options"] == {"width": 8}
    assert [entry["preprocess"] for entry in data["models"]] == [{"size": [3, 4]}] * 2


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("study.seed", "write key=value"),
        ("=3", "write key=value"),
        ("seed=3", "name a table and a key"),
        ("models.v2.weights=none", "no such entry in models; known are: v1, v1.5"),
        ("models.3.weights=none", "no such entry in models"),
        ("models.0.weights=none", "no such entry in models"),
        ("methods.grad-kam.depth=1", "no such entry in methods; did you mean 'grad-cam'"),
        ("methods.1=0.5", "name a key of that entry, such as methods.1.depth"),
        ("models.v1.5=none", r"name a key of that entry"),
        ("study.name.x=1", "study.name is not a table"),
        ("study.name.x.y=1", "study.name.x is not a table"),
        ("models.1.name.x=1", "models.1.name is not a table"),
    ],
)
def test_overrides_that_lead_nowhere(override: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        changed(override)


def test_only_paths_are_taken_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("photos", "none", "label", "w.safetensors"):
        (tmp_path / name).mkdir()
    data = changed(
        "images.source=photos", "models.*.weights=none", "study.target=label", "models.1.weights=w.safetensors"
    )
    assert data["images"]["source"] == str(tmp_path / "photos")
    assert [entry["weights"] for entry in data["models"]] == [str(tmp_path / "w.safetensors"), "none"]
    assert data["study"]["target"] == "label"
    assert changed('images.source="photos"')["images"]["source"] == "photos"  # as written in the file
    assert changed("images.source=elsewhere")["images"]["source"] == "elsewhere"


def test_environment_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_ROOT", "/data")
    monkeypatch.delenv("MISSING_ONE", raising=False)
    problems: list[tuple[Any, ...]] = []
    data = {"images": {"source": "${DATA_ROOT}/photos", "limit": 3}, "models": [{"weights": "${MISSING_ONE:-none}"}]}
    assert expand_variables(data, lambda *problem: problems.append(problem)) == {
        "images": {"source": "/data/photos", "limit": 3},
        "models": [{"weights": "none"}],
    }
    assert problems == []
    expand_variables({"models": [{}, {"weights": "${MISSING_ONE}"}]}, lambda *problem: problems.append(problem))
    (problem,) = problems
    assert problem == (
        ("models", 1, "weights"), "models[2]: weights", "the environment variable MISSING_ONE is not set"
    )  # fmt: skip


def test_paths_are_relative_to_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert resolve_path("photos", tmp_path) == tmp_path / "photos"
    assert resolve_path("/photos", tmp_path) == Path("/photos")
    assert resolve_path("~/photos", tmp_path) == Path("/home/me/photos")
