"""Which class is explained."""

from __future__ import annotations

import pytest
import torch

from crosslight.core.classes import Classes
from crosslight.core.errors import InputError
from crosslight.core.targets import parse_target
from crosslight.evidence import Targets, resolve_targets
from crosslight.evidence.targets import find_class

LOGITS = torch.tensor([[1.0, 3.0, 2.0], [5.0, 0.0, 4.0]])


def resolve(text: str, **others) -> list[list[int]]:
    return [resolve_targets(policy, LOGITS, **others).classes.tolist() for policy in parse_target(text)]


def test_own_and_top() -> None:
    assert resolve("own") == [[1, 0]]
    assert resolve("top:3") == [[1, 0], [2, 2], [0, 1]]


def test_more_ranks_than_classes() -> None:
    with pytest.raises(InputError, match="only 3 classes"):
        resolve("rank:4")


def test_label_with_gaps() -> None:
    targets = resolve_targets(parse_target("label")[0], LOGITS, labels=[2, None])
    assert targets.classes.tolist() == [2, -1]
    assert targets.valid.tolist() == [True, False]
    assert targets.score(LOGITS).tolist() == [2.0, 0.0]


def test_another_models_top1() -> None:
    assert resolve("model:other", references={"other": [0, None]}) == [[0, -1]]
    with pytest.raises(InputError, match="other"):
        resolve("model:other")


def test_classes_by_name_and_index() -> None:
    classes = Classes(("tench, Tinca tinca", "goldfish", "shark"), ("n1", "n2", "n3"))
    assert resolve("class:Tinca tinca", classes=classes) == [[0, 0]]
    assert resolve("class:n3", classes=classes) == [[2, 2]]
    assert resolve("class:1") == [[1, 1]]
    with pytest.raises(InputError, match="goldfish"):
        resolve("class:goldfisch", classes=classes)
    with pytest.raises(InputError, match="give its index"):
        find_class("9", 3, None)


def test_contrast_scores_the_difference() -> None:
    targets = resolve_targets(parse_target("contrast:2:0")[0], LOGITS)
    assert targets.score(LOGITS).tolist() == [1.0, -1.0]


def test_rows() -> None:
    targets = Targets(torch.tensor([0, 1, 2]), torch.tensor([-1, -1, 0]))[torch.tensor([2, 0])]
    assert targets.classes.tolist() == [2, 0]
    assert targets.against.tolist() == [0, -1]
