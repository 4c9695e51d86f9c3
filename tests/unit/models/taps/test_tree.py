"""Tensors inside nested outputs."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from crosslight.core.errors import ModelError
from crosslight.models.taps import logits_of
from crosslight.models.taps.tree import get, leaves, put, transform

Pair = namedtuple("Pair", ["left", "right"])


@dataclass
class Output:
    hidden: list[Tensor]
    logits: Tensor


def nested() -> tuple[object, list[tuple[int | str, ...]]]:
    t = [torch.full((1, 2), float(i)) for i in range(6)]
    value = (t[0], [t[1], {"a": t[2], "b": None}], Pair(t[3], 7), Output([t[4]], t[5]))
    paths = [(0,), (1, 0), (1, 1, "a"), (2, 0), (3, "hidden", 0), (3, "logits")]
    return value, paths


def test_leaves_come_in_order_with_their_paths() -> None:
    value, paths = nested()
    found = list(leaves(value))
    assert [path for path, _ in found] == paths
    assert [int(tensor[0, 0]) for _, tensor in found] == list(range(6))
    assert all(get(value, path) is tensor for path, tensor in found)


def test_put_replaces_one_and_changes_nothing_else() -> None:
    value, paths = nested()
    new = torch.full((1, 2), 9.0)
    for path in paths:
        changed = put(value, path, new)
        assert get(changed, path) is new
        for other in paths:
            if other != path:
                assert get(changed, other) is get(value, other)
        assert get(value, path) is not new
    assert isinstance(put(value, (2, 0), new)[2], Pair)
    assert put(new, (), 3) == 3


def test_transform_reaches_everything() -> None:
    value, paths = nested()
    doubled = transform(value, lambda part: part * 2 if isinstance(part, Tensor) else part)
    assert [int(get(doubled, path)[0, 0]) for path in paths] == [0, 2, 4, 6, 8, 10]
    assert doubled[2].right == 7


def test_logits_are_found() -> None:
    logits = torch.zeros(1, 5)
    maps = torch.zeros(1, 3, 4, 4)
    assert logits_of(logits) is logits
    assert logits_of((maps, logits)) is logits
    assert logits_of(Output([torch.zeros(1, 2)], logits)) is logits
    assert logits_of(OrderedDict(hidden=torch.zeros(1, 2), logits=logits)) is logits
    for wrong in (maps, [maps], None, "no"):
        with pytest.raises(ModelError, match=r"\[batch, classes\]"):
            logits_of(wrong)
