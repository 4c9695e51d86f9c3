"""What is known of a classifier: the facts that are stored and shown beside its maps."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .family import Family, family


@dataclass(frozen=True)
class Facts:
    """What is known of a classifier.

    Attributes:
        name: as a study names it, such as ``timm/resnet18.a1_in1k``.
        source: ``timm``, ``torchvision``, ``scenes``, ``python`` or ``module`` (a network handed over in Python).
        family: ``convolutional``, ``transformer``, ``hybrid``, ``mlp`` or ``unknown``, see `models.family`.
        parameters: number of parameters, shared ones counted once.
        input_size: height and width of the input, in pixels.
        outputs: number of classes where the network says so without being run, else None.
        weights: ``pretrained``, ``none``, ``as built`` (by the user's own code) or the name of a file.
        weights_digest: short digest of all weights; another digest means another classifier.
        reference: the paper, or the page that describes the network.
        licence: of the pretrained weights, where their source states it.
        accuracy: published top-1 accuracy of the pretrained weights on ImageNet-1k in [0, 1], where their source states
            it.
        lineage: of which kin the classifier is, such as one construction in several sizes or trainings; empty where
            nobody says. Classifiers of one lineage are no independent witnesses of what their family does.
        replicate: of which classifiers it is one that differ in the seed of their training alone; empty where nobody
            says.
    """

    name: str
    source: str
    family: Family
    parameters: int
    input_size: tuple[int, int]
    outputs: int | None
    weights: str
    weights_digest: str
    reference: str = ""
    licence: str = ""
    accuracy: float | None = None
    lineage: str = ""
    replicate: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The facts as JSON can hold them."""
        return asdict(self) | {"input_size": list(self.input_size)}


def describe(
    network: nn.Module,
    *,
    name: str,
    source: str = "module",
    input_size: tuple[int, int] = (224, 224),
    weights: str = "as built",
    reference: str = "",
    licence: str = "",
    accuracy: float | None = None,
    lineage: str = "",
    replicate: str = "",
) -> Facts:
    """Find out what can be known of a network without running it.

    Args:
        network: with its weights loaded.
        name: as a study names it.
        source: where it is from.
        input_size: height and width of the input, in pixels.
        weights: ``pretrained``, ``none``, ``as built`` or the name of a file.
        reference: the paper, or the page that describes the network.
        licence: of the weights.
        accuracy: of the weights, as published.
        lineage: of which kin the classifier is.
        replicate: of which classifiers it is one that differ in their seed alone.
    """
    return Facts(
        name=name,
        source=source,
        family=family(network),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        input_size=input_size,
        outputs=count_outputs(network),
        weights=weights,
        weights_digest=weights_digest(network),
        reference=reference,
        licence=licence,
        accuracy=accuracy,
        lineage=lineage,
        replicate=replicate,
    )


def weights_digest(network: nn.Module, length: int = 12) -> str:
    """A short hexadecimal digest of every parameter and buffer that a network saves.

    The names, shapes, dtypes and bytes count, and not the device. One SHA-256 over all of it.
    """
    total = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        if not isinstance(value, Tensor):
            continue  # a module's own extra state
        total.update(f"{name}\x1f{list(value.shape)}\x1f{value.dtype}\x1e".encode())
        flat = value.detach().to("cpu").contiguous().reshape(-1)
        if flat.numel():
            total.update(flat.view(torch.uint8).numpy().data)
    return total.hexdigest()[:length]


def count_outputs(network: nn.Module) -> int | None:
    """The number of classes as the network says without being run, else None.

    Its own ``num_classes`` and its last layer are asked; None where they disagree (as after a head was
    replaced) or neither says.
    """
    stated = getattr(network, "num_classes", None)
    if not isinstance(stated, int) or isinstance(stated, bool) or stated <= 0:
        stated = None
    if stated == 1:  # a single logit tells two classes apart
        stated = 2
    last = None
    for module in network.modules():
        if any(True for _ in module.parameters(recurse=False)):
            last = module
    if isinstance(last, nn.Linear):
        width = last.out_features
    elif isinstance(last, nn.Conv2d) and last.kernel_size == (1, 1):
        width = last.out_channels
    else:
        return stated
    width = max(width, 2)
    return width if stated in (None, width) else None
