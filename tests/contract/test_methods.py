"""One contract, every registered method; and the contract itself must be able to fail."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
import torch

from crosslight.core.errors import ModelError
from crosslight.evidence import InputGradients
from crosslight.methods import METHODS, find_method
from crosslight.methods.base import make_spec
from crosslight.methods.contract import (
    CHECKS,
    check_batches,
    check_determinism,
    check_left_as_found,
    check_maps,
    check_price,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("name", sorted(METHODS))
def test_contract(name: str, check) -> None:
    check(METHODS[name])


def test_methods_of_the_field_are_there() -> None:
    assert {
        "saliency", "input-x-gradient", "smoothgrad", "integrated-gradients", "grad-cam", "grad-cam-plus-plus",
        "hires-cam", "xgrad-cam", "layer-cam", "eigen-cam", "attention-rollout", "gradient-attention-rollout",
        "occlusion", "rise", "score-cam", "ablation-cam", "kernel-shap", "lime",
    } <= set(METHODS)  # fmt: skip


def test_a_users_method_is_held_by_the_same_contract(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        dedent('''
        from typing import Annotated
        from pydantic import Field
        from crosslight import method
        from crosslight.evidence import InputGradients

        @method("mine", reads=InputGradients, reference="none", sign="magnitude")
        def mine(evidence, *, power: Annotated[float, Field(gt=0, description="exponent")] = 2.0):
            """The gradient's magnitude to a power."""
            return evidence.gradients.abs().sum(1) ** power
        ''')
    )
    spec = find_method("python:mine.py:mine", tmp_path)
    for check in CHECKS:
        check(spec)
    assert find_method("python:mine.py:mine", tmp_path) is spec
    file.write_text(file.read_text().replace("abs()", "square()"))
    edited = find_method("python:mine.py:mine", tmp_path)
    assert edited.function.__module__ != spec.function.__module__, "an edited method must not pass for the old one"
    METHODS.remove("mine")


def broken(function, **others):
    function.__doc__ = "Broken on purpose."
    return make_spec("broken", function, InputGradients, "none", **others)


@pytest.mark.parametrize(
    ("check", "function"),
    [
        (check_maps, lambda evidence: torch.full_like(evidence.gradients[:, 0], torch.nan)),
        (check_maps, lambda evidence: evidence.gradients[:, 0, ::2]),
        (check_maps, lambda evidence: torch.zeros_like(evidence.gradients[:, 0])),
        (check_determinism, lambda evidence: torch.rand_like(evidence.gradients[:, 0])),
        (check_batches, lambda evidence: evidence.gradients[:, 0] / evidence.gradients.abs().amax()),
    ],
)
def test_the_contract_can_fail(check, function) -> None:
    with pytest.raises(AssertionError):
        check(broken(function))


@pytest.mark.parametrize(("needs", "message"), [("eyes", "must apply"), ("", "what it needs")])
def test_a_method_must_apply_somewhere_and_say_what_it_needs(needs: str, message: str) -> None:
    class Picky(InputGradients):
        @classmethod
        def check(cls, classifier, settings):
            raise ModelError("it has no eyes")

    Picky.needs = needs
    with pytest.raises(AssertionError, match=message):
        check_maps(make_spec("picky", contract_function, Picky, "none"))


def test_passes_that_were_not_announced_are_noticed() -> None:
    class Cheap(InputGradients):
        @classmethod
        def gather(cls, gathering, policy, settings):
            gathering.forward(gathering.inputs.repeat(3, 1, 1, 1))
            return super().gather(gathering, policy, settings)

    with pytest.raises(AssertionError):
        check_price(make_spec("cheap", contract_function, Cheap, "none"))


def test_a_network_left_changed_is_noticed() -> None:
    class Careless(InputGradients):
        @classmethod
        def gather(cls, gathering, policy, settings):
            gathering.classifier.network.zero_grad()
            return super().gather(gathering, policy, settings)

    spec = make_spec("careless", contract_function, Careless, "none")
    with pytest.raises(AssertionError, match="after success"):
        check_left_as_found(spec)


def contract_function(evidence):
    """Sum of the gradients."""
    return evidence.gradients.sum(1)
