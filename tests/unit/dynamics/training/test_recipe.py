"""What can be chosen of a training, and its learning rate step by step."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.core.errors import InputError
from crosslight.dynamics.training.recipe import Recipe, make_recipe, phases, rate


def test_fine_tuning_freezes_for_an_epoch() -> None:
    recipe = make_recipe(finetune=True)
    assert (recipe.epochs, recipe.freeze_epochs, recipe.spread) == (2, 1, 100)
    assert make_recipe(finetune=True, epochs=5).freeze_epochs == 1
    assert make_recipe(finetune=True, epochs=1).freeze_epochs == 0
    assert make_recipe(finetune=True, epochs=1, freeze_epochs=1).freeze_epochs == 1
    assert make_recipe(finetune=False).freeze_epochs == 0
    assert make_recipe(finetune=False, lr=None).lr == Recipe().lr
    first, second = phases(make_recipe(finetune=True, epochs=3, lr=0.01))
    assert (first.start, first.end, first.lr, first.frozen) == (0, 1, 0.01, True)
    assert (second.start, second.end, second.lr, second.frozen) == (1, 3, 0.005, False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"lr": 0.0}, "lr must be above 0"),
        ({"lr": math.nan}, "lr must be above 0"),
        ({"smoothing": 1.0}, "smoothing lies in"),
        ({"weight_decay": -1.0}, "weight_decay must not be below 0"),
        ({"mixup": math.inf}, "mixup must not be below 0"),
        ({"spread": 0.5}, "spread must be at least 1"),
        ({"epochs": 1, "freeze_epochs": 2}, "2 frozen epochs"),
        ({"optimizer": "adam"}, "unknown optimizer 'adam'; did you mean 'adamw'"),
        ({"precision": "8"}, "unknown precision"),
        ({"rate": 1}, "unknown setting of a training 'rate'"),
    ],
)
def test_what_is_not_valid(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make_recipe(finetune=False, **given)


@given(
    st.sampled_from(["one-cycle", "cosine", "constant"]),
    st.integers(1, 6),
    st.integers(0, 3),
    st.integers(1, 20),
    st.floats(0, 0.9),
)
def test_the_rate(schedule: Any, epochs: int, frozen: int, steps: int, warmup: float) -> None:
    recipe = Recipe(epochs=epochs, freeze_epochs=min(frozen, epochs), schedule=schedule, warmup=warmup, lr=0.1)
    for phase in phases(recipe):
        rates = [rate(recipe, epoch, step, steps) for epoch in range(phase.start, phase.end) for step in range(steps)]
        assert all(0 < one <= phase.lr * (1 + 1e-9) for one in rates)
        if schedule == "constant":
            assert set(rates) == {phase.lr}
            continue
        top = rates.index(max(rates))
        assert rates[: top + 1] == sorted(rates[: top + 1])
        assert rates[top:] == sorted(rates[top:], reverse=True)
        assert top <= math.ceil(warmup * len(rates)) + 1
        if not warmup:
            assert rates[0] == pytest.approx(phase.lr)


def test_one_cycle_by_hand() -> None:
    recipe = Recipe(epochs=2, schedule="one-cycle", warmup=0.5, lr=1.0)
    found = [rate(recipe, epoch, step, 4) for epoch in range(2) for step in range(4)]
    up = [1 - 0.96 * (1 + math.cos(math.pi * share)) / 2 for share in (0, 0.25, 0.5, 0.75)]
    down = [1e-5 + (1 - 1e-5) * (1 + math.cos(math.pi * share)) / 2 for share in (0, 0.25, 0.5, 0.75)]
    assert found == pytest.approx(up + down)
    assert found[0] == pytest.approx(1 / 25)
