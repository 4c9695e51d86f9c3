from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from crosslight.cli.app import app
from crosslight.core.errors import InputError, StudyError
from crosslight.core.targets import TargetPolicy
from crosslight.study.spec import check_methods, check_study, read_study

from .conftest import HERE, model, tables

BAD = """\
[study]
nam = "x"
seed = -1
target = "lable"

[images]
source = "fotos"
limit = 0

[imges]

[[models]]
name = "timm/resnet81"

[[models]]
name = "torchvision/resnet18"
weigths = "none"

[[models]]
name = "timm/resnet18"
label = "A"
weights = "w.safetensor"

[[models]]
name = "timm/resnet34"
label = "A"
preprocess = { sise = 3 }

[[methods]]
name = "grad-kam"

[[methods]]
name = "smoothgrad"
sample = 3

[[methods]]
name = "grad-cam"
depth = 2

[[methods]]
name = "saliency"
target = "model:B"

[[methods]]
name = "saliency"
label = "${NOT_SET_ANYWHERE}"
"""


@pytest.fixture
def bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)
    (tmp_path / "photos").mkdir()
    (tmp_path / "w.safetensors").touch()
    (tmp_path / "bad.toml").write_text(BAD)
    return tmp_path / "bad.toml"


def test_every_problem_at_once_with_its_line_and_the_nearest_name(bad: Path) -> None:
    with pytest.raises(StudyError) as caught:
        read_study(bad)
    problems = [(problem.line, str(problem)) for problem in caught.value.problems]
    expected = [
        (2, "study: nam: unknown key; did you mean 'name'?"),
        (3, "study: seed: should be greater than or equal to 0, not -1"),
        (4, "study: target: no such target 'lable'; did you mean 'label'?"),
        (7, "fotos; did you mean 'photos'?"),
        (8, "images: limit: should be greater than or equal to 1, not 0"),
        (10, "imges: unknown table; did you mean 'images'?"),
        (13, "models[1] (timm/resnet81): unknown"),
        (17, "models[2] (torchvision/resnet18): weigths: unknown key; did you mean 'weights'?"),
        (22, "w.safetensor; did you mean 'w.safetensors'?"),
        (24, "models: 2 entries are called 'A'; give each its own label"),
        (27, "preprocess: unknown key 'sise'; did you mean 'resize' or 'size'?"),
        (30, "unknown method 'grad-kam'; did you mean 'grad-cam' or"),
        (34, "methods[2] (smoothgrad): sample: unknown key; did you mean 'name' or 'samples'"),
        (38, "methods[3] (grad-cam): depth: should be less than or equal to 1, not 2"),
        (42, "methods[4] (saliency): target: no model is labelled 'B'"),
        (46, "methods[5]: label: the environment variable NOT_SET_ANYWHERE is not set"),
    ]
    for line, text in expected:
        assert any(line == at and text in problem for at, problem in problems), (line, text, problems)
    assert str(caught.value).startswith(f"{bad}: {len(problems)} problems\n  - line 2: ")
    assert len(problems) == len(expected)
    assert [line for line, _ in problems] == sorted(line for line, _ in expected)


def test_a_bad_study_ends_with_2_and_writes_nothing(bad: Path) -> None:
    before = sorted(bad.parent.iterdir())
    done = CliRunner().invoke(app, ["run", str(bad), "--out", str(bad.parent / "out")])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "'grad-cam'" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(bad.parent.iterdir()) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "at least one [[models]] table is needed"),
        ("models = 3\nmethods = 3", "at least one [[methods]] table is needed"),
        ("models = [3]\n", "models[1]: must be a table"),
        ("study = 3\n", "study: must be a table"),
        ("[images]\n", "images: source: is missing"),
        ("[[models]]\nlabel = 'x'\n", "models[1] (x): name: is missing"),
        ("[[models]]\nname = 'python:none.py:f'\n", "there is no file"),
        ("[[methods]]\nname = 'python:none.py:f'\n", "there is no file"),
        ("[[methods]]\nname = 'saliency'\nlimit = 'x'\n", "not 'x'"),
        ("[study]\nthreads = 1.5\n", "not 1.5"),
        ("[study]\nname = ''\n", "study: name:"),
        ("[[methods]]\nname = 'saliency'\n[[methods]]\nname = 'saliency'\n", "2 entries are called 'saliency'"),
        ("[[methods]]\nname = 'integrated-gradients'\ntolerance = inf\n", "tolerance"),
    ],
)
def test_other_mistakes(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(StudyError) as caught:
        read_study(tmp_path / "s.toml")
    assert message in str(caught.value)


def test_what_is_no_study_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the study file"):
        read_study(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8 text"):
        read_study(tmp_path / "binary.toml")


def test_an_override_is_checked_like_the_file(tmp_path: Path, photos: Path) -> None:
    (tmp_path / "s.toml").write_text(
        f'[images]\nsource = "photos"\n[[models]]\nname = "python:{HERE / "networks.py"}:tiny"\nlabel = "v1.5"\n'
        '[[methods]]\nname = "grad-cam"\n'
    )
    spec = read_study(tmp_path / "s.toml", ["models.v1.5.options.width=3", "methods.1.depth=0.5", "study.seed=4"])
    assert spec.models[0].options == {"width": 3}
    assert spec.tasks[0].settings.model_dump() == {"depth": 0.5, "depth_unit": "flops"}
    assert spec.study.seed == 4
    with pytest.raises(StudyError, match="did you mean 'depth'"):
        read_study(tmp_path / "s.toml", ["methods.1.depht=0.5"])
    with pytest.raises(StudyError, match="did you mean 'study'"):
        read_study(tmp_path / "s.toml", ["stdy.seed=4"])


def test_paths_and_environment(tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_PHOTOS", "photos")
    (tmp_path / "s.toml").write_text(
        f'[images]\nsource = "${{MY_PHOTOS}}"\n[[models]]\nname = "python:{HERE / "networks.py"}:tiny"\n'
        'weights = "${MY_WEIGHTS:-none}"\n[[methods]]\nname = "grad-cam"\n'
    )
    spec = read_study(tmp_path / "s.toml")
    assert (spec.images.source, spec.models[0].weights) == ("photos", "none")
    assert spec.base == tmp_path


def test_top_k_makes_k_sets(photos: Path) -> None:
    methods = [{"name": "grad-cam", "target": "top:3"}, {"name": "saliency", "label": "S"}]
    spec = check_study(tables(photos, methods, target="top:2"))
    assert [(task.label, task.policy.rank) for task in spec.tasks] == [
        ("grad-cam (top 1)", 1),
        ("grad-cam (top 2)", 2),
        ("grad-cam (top 3)", 3),
        ("S (top 1)", 1),
        ("S (top 2)", 2),
    ]


def test_a_method_stands_several_times_with_its_own_label_settings_target_and_limit(photos: Path) -> None:
    methods = [
        {"name": "grad-cam"},
        {"name": "grad-cam", "label": "half", "depth": 0.5},
        {"name": "grad-cam", "label": "B's", "target": "model:B", "limit": 3},
        {"name": "grad-cam", "label": "2 against 0", "target": "contrast:2:0"},
    ]
    spec = check_study(tables(photos, methods, [model(label="A"), model("other", "B")], target="class:1"))
    assert [task.label for task in spec.tasks] == ["grad-cam", "half", "B's", "2 against 0"]
    assert [str(task.policy) for task in spec.tasks] == ["class:1", "class:1", "model:B", "contrast:2:0"]
    assert [task.settings.model_dump()["depth"] for task in spec.tasks] == [1.0, 0.5, 1.0, 1.0]
    assert [task.limit for task in spec.tasks] == [None, None, 3, None]


def test_what_the_study_asks_for_can_be_read_back(photos: Path) -> None:
    spec = check_study(tables(photos, [{"name": "smoothgrad", "target": "top:2", "samples": 3}], seed=5))
    again = spec.as_dict()
    assert [method["target"] for method in again["methods"]] == ["own", "rank:2"]
    assert again["methods"][0] == {
        "name": "smoothgrad", "label": "smoothgrad (top 1)", "target": "own", "limit": None, "samples": 3,
        "noise": 0.15,
    } | {k: v for k, v in again["methods"][0].items() if k not in ("samples", "noise")}  # fmt: skip
    again["methods"] = [{k: v for k, v in m.items() if v is not None} for m in again["methods"]]
    assert [str(task.policy) for task in check_study(again).tasks] == ["own", "rank:2"]


def test_methods_alone(tmp_path: Path) -> None:
    tasks = check_methods([{"name": "grad-cam"}, {"name": "saliency", "target": "label"}], "top:2")
    assert [task.policy for task in tasks] == [TargetPolicy(), TargetPolicy(rank=2), TargetPolicy("label")]
    with pytest.raises(StudyError, match=r"(?s)2 problems.*grad-cam.*saliency"):
        check_methods([{"name": "grad-kam"}, {"name": "salienci"}])
    with pytest.raises(StudyError, match="no such target"):
        check_methods([{"name": "grad-cam"}], "topp:2")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["study", "images", "models", "methods", "other"]),
)
def test_nothing_a_file_can_hold_is_a_fault_of_ours(value: object, key: str) -> None:
    with pytest.raises(StudyError):
        check_study({key: value})
    with pytest.raises(StudyError):
        check_study({key: [{"name": value, "label": value, "preprocess": value, "target": value}]})
