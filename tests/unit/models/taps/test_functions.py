"""Calls of functions between modules are told of one by one, and can be answered."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from crosslight.models.taps.functions import FunctionWatch, Step, unwatched, watching


class Inner(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x) + 1


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.layer = Inner(), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.inner(x)
        try:
            self.layer(x[:, :2])  # raises inside the layer
        except RuntimeError:
            x = x * 2
        return x + self.inner(x)


def steps_of(network: nn.Module, x: Tensor) -> list[tuple[Step, nn.Module]]:
    told: list[tuple[Step, nn.Module]] = []
    with watching(network, FunctionWatch(lambda step, module, output: told.append((step, module)))):
        network(x)
    return told


def test_steps_name_the_run_of_the_code_and_the_call() -> None:
    network = Outer()
    told = steps_of(network, torch.ones(1, 3))
    inner = network.inner
    assert [(step, module) for step, module in told if step.function in ("add", "relu", "mul")] == [
        (Step((0,), "relu", 0), inner),
        (Step((0,), "add", 0), inner),
        (Step((), "add", 0), network),
        (Step((), "mul", 0), network),
        (Step((2,), "relu", 0), inner),
        (Step((2,), "add", 0), inner),
        (Step((), "add", 1), network),
    ]


def test_a_second_pass_has_the_same_steps_and_nothing_outside_a_pass_counts() -> None:
    network, told = Outer(), []
    with watching(network, FunctionWatch(lambda step, module, output: told.append(step))):
        network(torch.ones(1, 3))
        first = list(told)
        told.clear()
        torch.ones(2) + 1
        network(torch.zeros(1, 3))
        assert told == first
    told.clear()
    network(torch.ones(1, 3))
    assert not told


def test_results_can_be_replaced_and_answered() -> None:
    network, x = Outer(), torch.ones(1, 3)
    second = Step((), "add", 1)
    with watching(network, FunctionWatch(lambda step, module, output: output * 0 if step == second else None)):
        assert not network(x).any()
    asked: list[Step] = []

    def instead(step: Step) -> Tensor | None:
        asked.append(step)
        return torch.full((1, 3), 7.0) if step == Step((0,), "add", 0) else None

    with watching(network, FunctionWatch(instead=instead)):
        assert network(x).tolist() == [[(8 * 2) + (8 * 2) + 1] * 3]
    assert second in asked


def test_what_hooks_compute_is_not_told() -> None:
    network, told = Outer(), []

    def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
        with unwatched():
            output.cos()
        output.sin()

    with watching(network, FunctionWatch(lambda step, module, output: told.append(step.function))):
        handle = network.inner.register_forward_hook(hook)
        network(torch.ones(1, 3))
        handle.remove()
    assert "cos" not in told
    assert told.count("sin") == 2
