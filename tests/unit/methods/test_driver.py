"""The tolerance loop: evidence is made closer for the images that need it, and only for those."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from crosslight.core.errors import MethodError
from crosslight.core.geometry import Box, Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering, InputGradients
from crosslight.images import Batch
from crosslight.methods import METHODS, attribute
from crosslight.methods.base import make_spec
from crosslight.models import Classifier

OWN = TargetPolicy()


class Wavy(nn.Module):
    """A logit that oscillates with the image's brightness: the brighter, the more steps an integral needs."""

    def __init__(self) -> None:
        super().__init__()
        self.speed = nn.Parameter(torch.tensor(40.0))

    def forward(self, x: Tensor) -> Tensor:
        level = x.flatten(1).mean(1)
        return torch.stack([torch.sin(self.speed * level) + level + 3, level * 0 - 10], dim=1)


@pytest.fixture
def gathering() -> Gathering:
    preprocess = Preprocess(size=(4, 4), resize=None, mean=(0.0,) * 3, std=(1.0,) * 3)
    levels = torch.tensor([0.01, 0.3, 0.9])[:, None, None, None]
    batch = Batch(levels.expand(3, 3, 4, 4).contiguous(), (Box(0, 0, 4, 4),) * 3, ("a", "b", "c"), (None,) * 3)
    return Gathering(Classifier(Wavy(), preprocess), batch, batch_size=4)


def test_steps_are_added_where_they_are_needed(gathering: Gathering) -> None:
    spec = METHODS["integrated-gradients"]
    loose = attribute(gathering, spec, spec.settings(steps=2), OWN)
    close = attribute(gathering, spec, spec.settings(steps=2, tolerance=1e-3), OWN)
    assert (close.diagnostics["completeness_error"] <= 1e-3).all()
    assert (loose.diagnostics["completeness_error"][1:] > 1e-3).any()
    steps = close.diagnostics["steps"].tolist()
    assert steps[0] == 2, "an image that is good enough is not measured again"
    assert steps[0] < steps[1] < steps[2]
    assert torch.equal(close.maps[0], loose.maps[0])


def test_an_unreachable_tolerance_ends(gathering: Gathering, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = METHODS["integrated-gradients"]
    monkeypatch.setattr(spec.reads, "extend", classmethod(lambda cls, s: None if s.steps >= 8 else _doubled(s)))
    result = attribute(gathering, spec, spec.settings(steps=2, tolerance=1e-12), OWN)
    assert result.diagnostics["steps"].max() == 8
    assert result.diagnostics["completeness_error"].max() > 1e-12


def _doubled(settings):
    return settings.model_copy(update={"steps": settings.steps * 2})


def test_what_a_method_must_return(gathering: Gathering) -> None:
    def wrong(function, match: str, **others) -> None:
        function.__doc__ = "Wrong on purpose."
        spec = make_spec("wrong", function, InputGradients, "none", **others)
        with pytest.raises(MethodError, match=match):
            attribute(gathering, spec, spec.settings(), OWN)

    wrong(lambda evidence: evidence.gradients, "must return maps")
    wrong(lambda evidence: None, "NoneType")
    maps = torch.zeros(3, 4, 4)
    wrong(lambda evidence: (maps, {"extra": torch.zeros(3)}), "must return the diagnostics")
    wrong(lambda evidence: (maps, {"gap": torch.zeros(2)}), r"must be \[3\]", diagnostics=["gap"])


def test_evidence_is_shared_between_methods(gathering: Gathering) -> None:
    for name in ("saliency", "input-x-gradient"):
        attribute(gathering, METHODS[name], METHODS[name].settings(), OWN)
    assert gathering.evaluations == 3


def test_rows_explain_the_same_classes(gathering: Gathering) -> None:
    part = gathering.rows([2, 0])
    assert part.batch.identities == ("c", "a")
    assert torch.equal(part.targets(OWN).classes, gathering.targets(OWN).classes[[2, 0]])
    assert replace(part.batch).inputs.shape[0] == 2
