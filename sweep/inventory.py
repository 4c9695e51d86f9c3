"""Which classifiers there are, how large they are, and which are left out."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from . import tiny

MOST_PARAMETERS = 120_000_000


@dataclass(frozen=True)
class Entry:
    """One classifier that could be checked.

    Attributes:
        source: ``timm``, ``torchvision`` or ``transformers``.
        name: within the source.
        architecture: module and class of the network.
        parameters: their number.
        size: length of the input's longer side by default, in pixels.
        left_out: why it is not checked; empty where it is.
    """

    source: str
    name: str
    architecture: str = ""
    parameters: int = 0
    size: int = 0
    left_out: str = ""

    @property
    def key(self) -> str:
        """Source and name."""
        return f"{self.source}/{self.name}"

    @property
    def cost(self) -> int:
        """Roughly how much work a pass is: sorts small before large."""
        return self.parameters * max(self.size, 1) ** 2


def inventory(cache: Path, tell: Callable[[str], None]) -> list[Entry]:
    """Every classifier of every source; read from `cache` where it was taken before."""
    if cache.is_file():
        return [Entry(**entry) for entry in json.loads(cache.read_text())]
    entries: list[Entry] = []
    for find in (_timm, _torchvision, _transformers):
        entries += find()
        tell(f"{len(entries)} classifiers listed")
    cache.write_text(json.dumps([asdict(entry) for entry in entries]))
    return entries


def in_order(entries: list[Entry]) -> list[Entry]:
    """The smallest of every architecture first, then the others; small before large in both."""
    rest = sorted(entries, key=lambda entry: (entry.cost, entry.key))
    first = smallest(rest)
    return first + [entry for entry in rest if entry not in set(first)]


def smallest(entries: list[Entry]) -> list[Entry]:
    """The smallest classifier of every architecture of every source, small before large."""
    found: dict[tuple[str, str], Entry] = {}
    for entry in sorted(entries, key=lambda entry: (entry.cost, entry.key)):
        found.setdefault((entry.source, entry.architecture), entry)
    return list(found.values())


def _timm() -> list[Entry]:
    import timm

    def build(name: str) -> tuple[nn.Module, int]:
        config = timm.get_pretrained_cfg(name)
        return timm.create_model(name, pretrained=False), max(config.input_size[1:]) if config else 224

    return [_entry("timm", name, partial(build, name)) for name in timm.list_models()]


def _torchvision() -> list[Entry]:
    from torchvision import models

    def build(name: str) -> tuple[nn.Module, int]:
        weights = list(models.get_model_weights(name))
        size = max(weights[0].transforms().crop_size) if weights else 224
        return models.get_model(name, weights=None), size

    return [_entry("torchvision", name, partial(build, name)) for name in models.list_models(module=models)]


def _transformers() -> Iterator[Entry]:
    for name, build in tiny.classifiers().items():
        if isinstance(build, str):
            yield Entry("transformers", name, left_out=build)
        else:
            yield _entry("transformers", name, build)


def _entry(source: str, name: str, build: Callable[[], tuple[nn.Module, int]]) -> Entry:
    """What building a network without memory for its parameters tells of it, or with memory where that fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            try:
                with torch.device("meta"):
                    network, size = build()
            except Exception:
                network, size = build()
        except Exception as error:
            return Entry(source, name, left_out=f"cannot be built: {type(error).__name__}: {first_line(error)}")
    parameters = sum(parameter.numel() for parameter in network.parameters())
    left_out = f"{parameters / 1e6:.0f} M parameters" if parameters > MOST_PARAMETERS else ""
    return Entry(source, name, architecture_of(network), parameters, size, left_out)


def architecture_of(network: nn.Module) -> str:
    """Module and class of a network."""
    return f"{type(network).__module__}.{type(network).__name__}"


def first_line(error: Any) -> str:
    """An error's message in one line."""
    return " ".join(str(error).split())[:400]
