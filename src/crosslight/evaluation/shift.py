"""A classifier that sees its inputs shifted back: the same function of pictures, with inputs elsewhere."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from ..core.errors import ModelError
from ..models import Classifier


def shifted(classifier: Classifier, shift: float) -> Classifier:
    """A classifier g with g(x + shift) = f(x), that shares the parameters of f and keeps its site.

    Args:
        classifier: f.
        shift: in units of the normalised input.

    Raises:
        ModelError: the network is a TorchScript program, which cannot be given another first step.

    Source: Kindermans et al. 2019, arXiv:1711.00867, put the shift into the bias of the first layer. Deviation: here
        the input is shifted back before that layer, which is the same where it does not pad its input, and remains
        exact where it does, where there is no bias, or where several layers read the input.
    """
    network = classifier.network
    if isinstance(network, torch.jit.ScriptModule):
        raise ModelError(
            f"{classifier.label} is a TorchScript program, which cannot be given another first step; hand over the "
            "nn.Module that it was made from"
        )
    kind: Any = type(network)

    class Shifted(kind):
        """The same network with another first step; its modules keep their names, so that sites stay where they are."""

        def forward(self, x: Tensor, *args: Any, **options: Any) -> Any:
            return super().forward(x - shift, *args, **options)

    twin = copy.copy(network)
    twin.__dict__ = {key: copy.copy(value) for key, value in network.__dict__.items()}
    twin.__class__ = Shifted
    made = Classifier(
        twin,
        classifier.preprocess,
        classifier.classes,
        label=classifier.label,
        facts=classifier.facts,
        prefix_tokens=classifier.prefix_tokens,
        device=classifier.device,
        multi_label=classifier.multi_label,
        precision=classifier.precision,
    )
    with suppress(ModelError):
        made.sites = classifier.sites
        made.attention = classifier.attention
    return made
