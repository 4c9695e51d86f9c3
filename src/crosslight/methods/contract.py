"""What every method promises, as checks that anyone's method can be put to.

A package that adds a method tests it with::

    @pytest.mark.parametrize("check", crosslight.methods.contract.CHECKS)
    def test_contract(check):
        check(crosslight.methods.find_method("my-method"))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import torch
from PIL import Image
from pydantic import BaseModel
from torch import Tensor, nn

from ..core.errors import ModelError
from ..core.finish import FINISHES
from ..core.geometry import Box, Preprocess
from ..core.targets import TargetPolicy
from ..evidence import Gathering
from ..images import Batch
from ..models import Classifier
from .base import Attribution, MethodSpec
from .driver import attribute

IMAGES, SIZE, CLASSES = 5, (48, 48), 7


class _Thrown(Exception):
    """Thrown on purpose in the middle of a pass."""


class _Convolutional(nn.Module):
    """Convolutions with batch norm, dropout and in-place activations."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 8, 16, 24)
        self.body = nn.Sequential(
            *(
                layer
                for before, after in pairwise(widths)
                for layer in (
                    nn.Conv2d(before, after, 3, stride=2, padding=1),
                    nn.BatchNorm2d(after),
                    nn.ReLU(inplace=True),
                )
            )
        )
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(widths[-1], CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.drop(self.body(x).mean(dim=(-2, -1))))


class _Block(nn.Module):
    """A transformer block with its own attention, so that every token mixes with every other."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v)
        x = x + self.project(mixed.transpose(1, 2).reshape(b, n, c))
        return x + self.mlp(self.norm2(x))


class _Transformer(nn.Module):
    """Patches, a class token, two blocks, and a head that reads the class token alone."""

    def __init__(self) -> None:
        super().__init__()
        width, patch = 32, 8
        self.embed = nn.Conv2d(3, width, patch, stride=patch)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.position = nn.Parameter(torch.randn(1, 1 + (SIZE[0] // patch) * (SIZE[1] // patch), width))
        self.blocks = nn.Sequential(_Block(width, 4), _Block(width, 4))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        patches = self.embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), patches], dim=1) + self.position
        return self.head(self.norm(self.blocks(x))[:, 0])


@dataclass(frozen=True)
class _Found:
    """Everything about a network that explaining must not change."""

    modes: tuple[bool, ...]
    flags: tuple[bool, ...]
    grads: tuple[Any, ...]
    hooks: tuple[int, ...]
    forwards: tuple[bool, ...]
    values: tuple[Tensor, ...]


def _look(network: nn.Module) -> _Found:
    modules, parameters = list(network.modules()), list(network.parameters())
    return _Found(
        modes=tuple(module.training for module in modules),
        flags=tuple(parameter.requires_grad for parameter in parameters),
        grads=tuple(None if parameter.grad is None else id(parameter.grad) for parameter in parameters),
        hooks=tuple(
            len(module._forward_hooks) + len(module._forward_pre_hooks) + len(module._backward_hooks)
            for module in modules
        ),
        forwards=tuple("forward" in vars(module) for module in modules),
        values=tuple(value.detach().clone() for value in network.state_dict().values()),
    )


def _same(before: _Found, after: _Found) -> bool:
    alike = all(torch.equal(a, b) for a, b in zip(before.values, after.values, strict=True))
    return alike and (before.modes, before.flags, before.grads, before.hooks, before.forwards) == (
        after.modes,
        after.flags,
        after.grads,
        after.hooks,
        after.forwards,
    )


def _classifier(kind: type[nn.Module]) -> Classifier:
    """A small network as a user might hand it over: training mode, one frozen parameter, a gradient, a hook."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = kind()
    network.train()
    first, second = list(network.parameters())[:2]
    first.requires_grad_(False)
    second.grad = torch.ones_like(second)
    return Classifier(network, Preprocess(size=SIZE, resize=None), label=kind.__name__.strip("_").lower())


def _batch() -> Batch:
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn((IMAGES, 3, *SIZE), generator=generator)
    boxes = tuple(Box(i, 2 * i, i + 96, 2 * i + 96) for i in range(IMAGES))
    pictures = tuple(Image.new("RGB", (96 + 2 * i, 96 + 3 * i)) for i in range(IMAGES))
    names = tuple(f"image-{i}" for i in range(IMAGES))
    return Batch(inputs, boxes, names, (0, 1, None, 3, 4), pictures, Preprocess(size=SIZE, resize=None))


def _run(
    spec: MethodSpec, classifier: Classifier, rows: range | None = None, size: int = 8, seed: int = 0
) -> Attribution:
    batch = _batch()
    batch = replace(batch, inputs=batch.inputs.to(next(classifier.network.parameters()).dtype))
    batch = batch.take(list(rows)) if rows is not None else batch
    gathering = Gathering(classifier, batch, batch_size=size, seed=seed)
    return attribute(gathering, spec, _settings(spec), TargetPolicy())


def _settings(spec: MethodSpec) -> BaseModel:
    return spec.settings(**spec.reads.quick)


@contextmanager
def _throwing(network: nn.Module, passes: int) -> Iterator[None]:
    """Make the network's head throw in the middle of its nth pass."""
    head = network.get_submodule("head")
    forward, count = head.forward, 0

    def throw(x: Tensor) -> Tensor:
        nonlocal count
        count += 1
        if count >= passes:
            raise _Thrown
        return forward(x)

    vars(head)["forward"] = throw
    try:
        yield
    finally:
        del vars(head)["forward"]


def _fits(spec: MethodSpec, classifier: Classifier) -> bool:
    """Whether a method applies to a network; one that does not must say so as a `ModelError`, and say what it needs."""
    try:
        spec.reads.check(classifier, spec.evidence_settings(_settings(spec)))
    except ModelError:
        assert spec.reads.needs, "evidence that not every classifier has must state what it needs"
        return False
    return True


def each_network(check: Callable[[MethodSpec, Classifier], None]) -> Callable[[MethodSpec], None]:
    """The same check on a convolutional network and on a transformer, or on the one that the method applies to."""

    def run(spec: MethodSpec) -> None:
        fitting = [
            classifier for kind in (_Convolutional, _Transformer) if _fits(spec, classifier := _classifier(kind))
        ]
        assert fitting, "the method must apply to one of the two networks"
        for classifier in fitting:
            check(spec, classifier)

    run.__name__ = check.__name__
    run.__doc__ = check.__doc__
    return run


@each_network
def check_maps(spec: MethodSpec, classifier: Classifier) -> None:
    """One finite floating-point map per image, of the size its evidence announces; never negative if it says so."""
    maps = _run(spec, classifier).maps
    settings = spec.evidence_settings(_settings(spec))
    assert maps.shape == (IMAGES, *spec.reads.resolution(classifier, settings))
    assert maps.is_floating_point()
    assert not maps.requires_grad
    assert torch.isfinite(maps).all()
    assert (maps.flatten(1).std(1) > 0).all(), "a generic network gives a map that varies"
    if spec.sign == "magnitude":
        assert (maps >= 0).all()


@each_network
def check_determinism(spec: MethodSpec, classifier: Classifier) -> None:
    """The same seed gives the same maps, bit for bit."""
    first, second = _run(spec, classifier, seed=5), _run(spec, classifier, seed=5)
    assert torch.equal(first.maps, second.maps)
    for name, values in first.diagnostics.items():
        assert torch.equal(values, second.diagnostics[name])


@each_network
def check_batches(spec: MethodSpec, classifier: Classifier) -> None:
    """An image's map is the same whatever batch it comes in, and however large batches are, to 1e-5.

    In double precision: small differences of scores, which some methods are made of, magnify single rounding.
    """
    classifier.network.double()
    whole = _run(spec, classifier).maps
    scale = whole.abs().amax(dim=(-2, -1), keepdim=True)
    for size in (1, 2, 3):
        assert ((_run(spec, classifier, size=size).maps - whole).abs() <= 1e-5 * scale).all()
    for start, stop in ((0, 1), (1, 4), (4, 5)):
        part = _run(spec, classifier, range(start, stop)).maps
        assert ((part - whole[start:stop]).abs() <= 1e-5 * scale[start:stop]).all()


@each_network
def check_left_as_found(spec: MethodSpec, classifier: Classifier) -> None:
    """Mode, requires_grad, .grad, hooks and weights are as they were, after success and after an exception."""
    classifier = _classifier(type(classifier.network))
    before = _look(classifier.network)
    # What is read is found now, so that the exceptions below fall into the method's own passes.
    spec.reads.check(classifier, spec.evidence_settings(_settings(spec)))
    _ = classifier.sites
    assert _same(before, _look(classifier.network)), "after finding what is read"
    _run(spec, classifier)
    assert _same(before, _look(classifier.network)), "after success"
    for passes in (1, 2):
        with _throwing(classifier.network, passes):
            try:
                _run(spec, classifier, size=2)
            except _Thrown:
                pass
            else:
                assert passes > 1, "the exception was swallowed"
        assert _same(before, _look(classifier.network)), f"after an exception in pass {passes}"


@each_network
def check_price(spec: MethodSpec, classifier: Classifier) -> None:
    """It says beforehand how many passes it takes at most, those for the logits left aside."""
    gathering = Gathering(classifier, _batch(), batch_size=8)
    attribute(gathering, spec, _settings(spec), TargetPolicy())
    planned = spec.evaluations(_settings(spec), classifier)
    assert 1 <= spec.evaluations(_settings(spec)) <= planned
    # What does not depend on the image, such as a baseline, may be measured once for all of them.
    assert gathering.evaluations <= IMAGES * (planned + 1) + 1


def check_description(spec: MethodSpec) -> None:
    """It has a reference, a known finishing step, and documented settings."""
    assert spec.reference
    assert spec.summary.endswith((".", ":")) or len(spec.summary) > 10
    assert spec.finish in FINISHES
    for name, info in spec.settings.model_fields.items():
        assert info.description, f"setting {name!r} has no description"


#: every check; each takes a `MethodSpec` and raises AssertionError where the promise is broken
CHECKS: tuple[Callable[[MethodSpec], None], ...] = (
    check_maps,
    check_determinism,
    check_batches,
    check_left_as_found,
    check_price,
    check_description,
)
