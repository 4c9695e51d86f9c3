"""The decorator: settings out of signatures, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from crosslight.core.errors import MethodError, UnknownNameError
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import FeatureEvidence, PathGradients
from crosslight.methods import METHODS, find_method
from crosslight.methods.base import make_spec


def good(evidence, *, power: Annotated[float, Field(gt=0, description="exponent")] = 2.0):
    """A method that is well made."""
    return evidence.activations.sum(1) ** power


def test_settings_are_the_functions_and_the_evidences() -> None:
    spec = make_spec("good", good, FeatureEvidence, "none")
    assert set(spec.settings.model_fields) == {"power", "depth", "depth_unit"}
    settings = spec.settings(power=3, depth=0.5)
    assert spec.own_settings(settings) == {"power": 3.0}
    assert spec.evidence_settings(settings) == FeatureEvidence.Settings(depth=0.5)
    assert spec.summary == "A method that is well made."
    for wrong in ({"power": 0}, {"depth": 1.5}, {"depht": 0.5}):
        with pytest.raises(ValidationError):
            spec.settings(**wrong)


def positional(evidence, power=1):
    """Settings must be keyword-only."""


def untyped(evidence, *, power=1):
    """A setting without a type."""


def required(evidence, *, power: float):
    """A setting without a default."""


def clashing(evidence, *, depth: float = 1.0):
    """A setting its evidence has already."""


def silent(evidence):
    return evidence


@pytest.mark.parametrize("function", [positional, untyped, required, clashing, silent])
def test_functions_that_do_not_fit(function) -> None:
    with pytest.raises(MethodError):
        make_spec("bad", function, FeatureEvidence, "none")


def test_unknown_finish_and_tolerance() -> None:
    with pytest.raises(MethodError, match="finish"):
        make_spec("bad", good, FeatureEvidence, "none", finish=abs)
    with pytest.raises(MethodError, match="diagnostics"):
        make_spec("bad", good, FeatureEvidence, "none", tolerance="gap")


def test_unknown_method_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'grad-cam'"):
        find_method("gradcam")


def test_a_users_file(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="no file"):
        find_method("python:missing.py:f", tmp_path)
    with pytest.raises(MethodError, match="FILE"):
        find_method("python:f", tmp_path)
    (tmp_path / "broken.py").write_text("import nothing_of_that_name")
    with pytest.raises(MethodError, match="cannot be imported: ModuleNotFoundError"):
        find_method("python:broken.py:f", tmp_path)
    (tmp_path / "empty.py").write_text("def f(evidence): ...")
    with pytest.raises(MethodError, match="no @method called f"):
        find_method("python:empty.py:f", tmp_path)


def test_evaluations() -> None:
    spec = METHODS["integrated-gradients"]
    assert spec.evaluations(spec.settings(steps=20)) == 20
    assert METHODS["grad-cam"].evaluations(METHODS["grad-cam"].settings()) == 1
    assert PathGradients.extend(PathGradients.Settings(steps=4096)) is None


def test_policy_is_hashable() -> None:
    assert {TargetPolicy(): 1}[TargetPolicy("own")] == 1
