from __future__ import annotations

from pathlib import Path

import pytest
import torch

from crosslight.core.errors import ModelError, UnknownNameError
from crosslight.models.classifier import Classifier
from crosslight.models.sources import check_model_name, load_model

SOURCE = """
import torch
from torch import nn
from neighbour import WIDTH

def tiny(classes: int = 2, grey: bool = False):
    network = nn.Sequential(nn.Conv2d(1 if grey else 3, WIDTH, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                            nn.Linear(WIDTH, classes))
    return network

class Net(nn.Module):
    def __init__(self, classes=2):
        super().__init__()
        self.head = nn.Linear(4, classes)

def broken():
    width = 0
    return 1 / width

def nothing():
    pass

def quits():
    raise SystemExit(3)

def ready():
    from crosslight.core.geometry import Preprocess
    from crosslight.models.classifier import Classifier
    return Classifier(tiny(), Preprocess(size=(32, 32), resize=None), label="Ready")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(SOURCE)
    (tmp_path / "neighbour.py").write_text("WIDTH = 6\n")
    (tmp_path / "wrong.py").write_text("import torch\n\ndef tiny(:\n")
    (tmp_path / "fails.py").write_text("import torch\nimport no_such_module_at_all\n\ndef tiny(): pass\n")
    return tmp_path


def test_a_function_with_options_and_own_preprocessing(folder: Path) -> None:
    classifier = load_model(
        "python:mine.py:tiny",
        options={"classes": 3},
        preprocess={"size": 48},
        classes=["a", "b", "c"],
        base=folder,
    )
    assert classifier.logits(torch.zeros(2, 3, 48, 48)).shape == (2, 3)
    assert classifier.class_name(2) == "c"
    assert classifier.facts is not None
    assert (classifier.facts.source, classifier.facts.weights) == ("python", "as built")
    assert classifier.facts.name == classifier.label == "python:mine.py:tiny"


def test_weights_are_the_same_each_time_and_an_edit_is_seen(folder: Path) -> None:
    facts = [load_model("python:mine.py:tiny", base=folder).facts for _ in range(2)]
    assert facts[0] == facts[1]
    (folder / "mine.py").write_text(SOURCE.replace("Linear(WIDTH, classes)", "Linear(WIDTH, classes + 1)"))
    assert load_model("python:mine.py:tiny", base=folder).outputs == 3


def test_a_file_of_weights_goes_into_it(folder: Path) -> None:
    network = load_model("python:mine.py:tiny", base=folder, seed=5).network
    torch.save(network.state_dict(), folder / "w.pt")
    other = load_model("python:mine.py:tiny", base=folder, weights="w.pt")
    assert other.facts is not None
    assert other.facts.weights == "w.pt"
    assert torch.equal(other.network[0].weight, network[0].weight)


def test_a_classifier_keeps_what_it_says(folder: Path) -> None:
    classifier = load_model("python:mine.py:ready", base=folder)
    assert classifier.label == "Ready"
    assert classifier.preprocess.size == (32, 32)
    assert load_model("python:mine.py:ready", base=folder, label="Other").label == "Other"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("python:mine.py:broken", {}, r"mine.py, line 18: ZeroDivisionError: division by zero"),
        ("python:mine.py:quits", {}, r"mine.py, line 24: SystemExit: 3"),
        ("python:mine.py:nothing", {}, "returned a NoneType"),
        ("python:mine.py:tiny", {"clases": 2}, "no option 'clases'; did you mean 'classes'"),
        ("python:wrong.py:tiny", {}, r"wrong.py, line 3: SyntaxError"),
        ("python:fails.py:tiny", {}, r"fails.py, line 2: ModuleNotFoundError"),
        ("python:mnie.py:tiny", {}, "no file .*did you mean 'mine.py'"),
        ("python:mine.py", {}, "write python:FILE.py:FUNCTION"),
    ],
)
def test_failures_are_one_line_with_the_place(folder: Path, name: str, options: dict, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        load_model(name, options=options, base=folder)
    assert "\n" not in str(caught.value)


def test_an_unknown_function_names_the_nearest(folder: Path) -> None:
    for act in (load_model, check_model_name):
        with pytest.raises(UnknownNameError, match="did you mean 'tiny'"):
            act("python:mine.py:tinny", base=folder)


def test_checking_runs_nothing(folder: Path) -> None:
    (folder / "loud.py").write_text("raise RuntimeError\n\ndef tiny(): pass\n")
    check_model_name("python:loud.py:tiny", base=folder)
    check_model_name("python:mine.py:Net", base=folder)
    with pytest.raises(ModelError, match="line 3: SyntaxError"):
        check_model_name("python:wrong.py:tiny", base=folder)


def test_the_classifier_class_is_what_python_returns(folder: Path) -> None:
    assert isinstance(load_model("python:mine.py:tiny", base=folder), Classifier)
