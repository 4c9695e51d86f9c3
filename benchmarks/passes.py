"""The limit: what as many passes cost as a method evaluates, at the batch size that is best for the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering
from crosslight.images.batch import Batch
from crosslight.methods import METHODS, Attribution, attribute
from crosslight.models import Classifier

from .networks import photographs
from .timing import best, interleaved

OWN = TargetPolicy()
#: milliseconds of a pass from which on there are targets: below it, what surrounds passes counts
SLOW_MS = 5.0
SIZES = {"cpu": (1, 2, 4, 8, 16), "cuda": (4, 16, 64, 128, 256), "mps": (4, 16, 64)}


@dataclass(frozen=True)
class Bench:
    """A network with what all rows about it share.

    Attributes:
        classifier: the network.
        rounds: counted rounds.
        peers: whether peers run too.
        quick: fewer evaluations, so that everything takes a minute: a check of the benchmark, not of the code.
        peer_channels: channels that grad-cam's Score-CAM and Ablation-CAM run, from which all are extrapolated.
    """

    classifier: Classifier
    rounds: int = 3
    peers: bool = True
    quick: bool = False
    peer_channels: int | None = None

    @property
    def device(self) -> torch.device:
        return self.classifier.device

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        sizes = SIZES.get(self.device.type, SIZES["cpu"])
        return sizes[1:3] if self.quick else sizes

    @cached_property
    def batch(self) -> Batch:
        """One photograph."""
        return photographs(self.classifier, 1)

    @cached_property
    def many(self) -> Tensor:
        """The photograph as often as passes are counted."""
        return self.repeated(self.batch.inputs)

    @cached_property
    def size(self) -> int:
        """The batch size at which a pass is cheapest."""
        return self.best_size(self.passes)

    @cached_property
    def best_pass(self) -> float:
        """Seconds of a pass, roughly."""
        size = self.size  # found first, so that the search is no part of it
        return self.timed({"passes": partial(self.passes, size)}, rounds=1)["passes"][0] / self.counted

    @cached_property
    def gradient_size(self) -> int:
        """The batch size at which a forward and backward pass is cheapest."""
        return self.best_size(self.gradients)

    @property
    def counted(self) -> int:
        """How many passes are timed at a time: as many of every batch size."""
        return 2 * max(self.sizes)

    def best_size(self, run: Callable[..., object]) -> int:
        """The batch size at which something is cheapest; it takes it as ``size``."""
        trial = {str(size): partial(run, size=size) for size in self.sizes}
        return int(best(self.timed(trial, rounds=1 if self.quick else 2, warmup=1)))

    def timed(
        self, candidates: dict[str, Callable[[], object]], rounds: int | None = None, warmup: int = 0
    ) -> dict[str, list[float]]:
        return interleaved(candidates, rounds or self.rounds, warmup, self.device)

    def passes(self, size: int = 0, inputs: Tensor | None = None) -> None:
        """As many forward passes as are counted.

        Args:
            size: of a batch; by default the best.
            inputs: ``[counted, c, h, w]``; by default the photograph.
        """
        inputs = self.many if inputs is None else inputs
        with torch.no_grad(), self.classifier.evaluating():
            for part in inputs.split(size or self.size):
                self.classifier.logits(part)

    def gradients(self, size: int = 0, inputs: Tensor | None = None) -> None:
        """As `passes`, forward and backward down to the input."""
        inputs = self.many if inputs is None else inputs
        with self.classifier.evaluating() as network:
            for part in inputs.split(size or self.gradient_size):
                x = part.detach().requires_grad_()
                torch.autograd.grad(network(x).amax(1).sum(), x)

    def gathering(self, batch: Batch, size: int) -> Gathering:
        return Gathering(self.classifier, batch, batch_size=size)

    def repeated(self, inputs: Tensor) -> Tensor:
        """Inputs ``[n, c, h, w]``, again and again until as many as are counted."""
        if len(inputs) == self.counted:
            return inputs
        return inputs.repeat(-(-self.counted // len(inputs)), 1, 1, 1)[: self.counted]


class Recording(Gathering):
    """A gathering that keeps some of the inputs it evaluates, evenly from all of them.

    On some networks passes cost less where much of an image is hidden, so the limit is that of passes over a method's
    own inputs.

    Args:
        bench: the network.
        batch: of images.
        size: the most images that go through the network at once.
        expected: about how many inputs there will be.
    """

    def __init__(self, bench: Bench, batch: Batch, size: int, expected: int):
        super().__init__(bench.classifier, batch, batch_size=size)
        self._stride, self._seen, self._filled = max(1, expected // bench.counted), 0, 0
        self._buffer = batch.inputs.new_empty((bench.counted, *batch.inputs.shape[1:]))

    @property
    def kept(self) -> Tensor:
        """``[n, c, h, w]``: those inputs, at most as many as are counted."""
        return self._buffer[: self._filled]

    def forward(self, inputs: Tensor) -> Tensor:
        for row in range(-self._seen % self._stride, len(inputs), self._stride):
            if self._filled < len(self._buffer):
                self._buffer[self._filled].copy_(inputs[row].detach())
                self._filled += 1
        self._seen += len(inputs)
        return super().forward(inputs)


def explained(gathering: Gathering, name: str, policy: TargetPolicy | None = None, **settings: object) -> Attribution:
    """Our maps, by default of the class that the network sees."""
    spec = METHODS[name]
    return attribute(gathering, spec, spec.settings(**settings), policy or OWN)
