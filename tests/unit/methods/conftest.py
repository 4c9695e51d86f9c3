"""A batch and two small networks in double precision, so that definitions can be compared closely."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering
from crosslight.methods import METHODS, Attribution, attribute, contract
from crosslight.models import Classifier


@pytest.fixture(params=["_Convolutional", "_Transformer"])
def exact(request: pytest.FixtureRequest) -> Gathering:
    """Three images for a convolutional network and for a transformer."""
    classifier: Classifier = contract._classifier(getattr(contract, request.param))
    classifier.network.double()
    batch = contract._batch().take([0, 1, 2])
    # Without pictures, what the inputs cover is the whole of them.
    return Gathering(classifier, replace(batch, inputs=batch.inputs.double(), pictures=None), batch_size=4)


def apply(gathering: Gathering, name: str, policy: TargetPolicy | None = None, **settings) -> Attribution:
    """A method by its name."""
    spec = METHODS[name]
    return attribute(gathering, spec, spec.settings(**settings), policy or TargetPolicy())


def scores_of(gathering: Gathering, inputs: torch.Tensor, image: int, output: str = "logit") -> torch.Tensor:
    """What the network says of any inputs, for the class explained of an image."""
    logits = gathering.classifier.logits(inputs).detach()
    values = logits.softmax(dim=1) if output == "probability" else logits
    return values[:, gathering.targets(TargetPolicy()).classes[image]]
