"""Parameters by how early they act, and the learning rate that each group of them gets."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from .head import head_parameters


@dataclass(frozen=True)
class Group:
    """Parameters that share a rate and a weight decay.

    Attributes:
        names: of the parameters.
        factor: of the head's learning rate, in (0, 1].
        decay: whether their weights decay.
    """

    names: tuple[str, ...]
    factor: float
    decay: bool


def layers_of(network: nn.Module, outputs: int) -> dict[str, int]:
    """The layer of every parameter, from 0 at the input; the head is the last.

    Networks of timm say which parameters belong together by ``group_matcher``. In others, a layer is what has the
    first two parts of a parameter's name, in the order in which the network lists them.

    Args:
        network: a classifier's.
        outputs: number of its classes.
    """
    matcher = getattr(network, "group_matcher", None)
    names = [name for name, _ in network.named_parameters()]
    if callable(matcher):
        from timm.models import group_parameters

        found = group_parameters(network, matcher(coarse=False), reverse=True)
    else:
        parts: dict[tuple[str, ...], int] = {}
        found = {name: parts.setdefault(tuple(name.split(".")[:2]), len(parts)) for name in names}
    head = head_parameters(network, outputs)
    body = sorted({found[name] for name in names if name not in head})
    rank = {layer: number for number, layer in enumerate(body)}
    return {name: len(body) if name in head else rank[found[name]] for name in names}


def make_groups(network: nn.Module, outputs: int, spread: float) -> tuple[Group, ...]:
    """Groups of parameters with rates that grow geometrically from the first layer to the head.

    Args:
        network: a classifier's.
        outputs: number of its classes.
        spread: the head's rate over that of the first layer, at least 1.

    Returns:
        In the order of the layers. Biases, normalisations and what the network itself exempts do not decay.

    Source: Howard and Ruder, arXiv:1801.06146, section 3.2. Deviation: the ratio between neighbours is such that the
        first layer gets 1 / `spread`, whatever the number of layers.
    """
    layers = layers_of(network, outputs)
    last = max(layers.values())
    exempt_of = getattr(network, "no_weight_decay", None)
    exempt = set(exempt_of()) if callable(exempt_of) else set()
    gathered: dict[tuple[int, bool], list[str]] = {}
    for name, parameter in network.named_parameters():
        decay = parameter.ndim > 1 and name not in exempt and not any(name.endswith(f".{part}") for part in exempt)
        gathered.setdefault((layers[name], decay), []).append(name)
    return tuple(
        Group(tuple(gathered[key]), spread ** ((key[0] - last) / max(1, last)), key[1]) for key in sorted(gathered)
    )
