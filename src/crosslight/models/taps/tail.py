"""The function from features to logits, which does not run what lies before the features."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from ...core.errors import ModelError
from .calls import Memo, Recording, memos_in, record
from .capture import module_at
from .functions import FunctionWatch, Step, watching
from .site import Site
from .state import every_module_called, frozen, replaced_forward
from .tree import logits_of, put, transform

TOLERANCE = 1e-5


class Tail:
    """The function from the features of a batch to its logits.

    Calls that were complete when the site was reached return what they returned before; the site's module, or
    function, returns the given features; everything after runs. So no layer that depends on the image runs before
    the site. For a cut only the shapes of earlier results are kept; elsewhere also the values that later layers read.

    Attributes:
        site: where it begins.
        logits: of the batch, ``[b, k]``.
        features: of the batch, ``[b, c, h, w]``.
    """

    def __init__(self, network: nn.Module, site: Site, recording: Recording) -> None:
        self.site = site
        self.logits = recording.logits
        self._network = network
        self._native = recording.native
        self._output = recording.output
        self._image = recording.image
        self._native_written = True
        target = module_at(network, site)
        calls = [(call.module, call.index, call.output) for call in recording.finished]
        if site.step is None:
            calls.append((target, site.call, None))
        self._steps = recording.steps
        self._memos = [self._image, *memos_in(self._output), *self._steps.values()]
        # Answers for each module in the order of its calls: its output, None for the site, or _RUN.
        self._answers: dict[nn.Module, list[Any]] = {}
        for module, call, output in sorted(calls, key=lambda c: c[1]):
            memos = memos_in(output)
            self._memos += memos
            at_site = site.step is None and module is target and call == site.call
            self._answers.setdefault(module, []).append(output if memos or at_site else _RUN)

    @classmethod
    def build(cls, network: nn.Module, site: Site, x: Tensor) -> Tail:
        """Build the tail of a batch by one pass and one run of the tail.

        Args:
            network: in evaluation mode.
            site: from `find_sites`.
            x: ``[b, c, h, w]``.

        Raises:
            ModelError: the site is not reached, or the tail does not give the network's own logits.
        """
        keep = site.kind != "cut"
        for copy in (False, True):
            tail = cls(network, site, record(network, site, x, keep, copy))
            if not tail.probe():
                break
        return tail

    @property
    def features(self) -> Tensor:
        """The features of the batch, ``[b, c, h, w]``."""
        return self.site.layout.to_features(self._native)

    def __call__(self, features: Tensor) -> Tensor:
        """The logits of given features.

        Args:
            features: ``[n * b, c, h, w]`` for n repeats of the batch: row ``i * b + j`` belongs to image j.

        Returns:
            ``[n * b, k]``, differentiable with respect to the features.

        Raises:
            ModelError: the features have another shape.
        """
        batch = self._native.shape[self.site.layout.batch_axis]
        expected = (self.site.channels, *self.site.resolution)
        if tuple(features.shape[1:]) != expected or not len(features) or len(features) % batch:
            raise ModelError(
                f"the tail at {self.site.name} takes features of shape [n * {batch}, "
                f"{', '.join(map(str, expected))}], these have {list(features.shape)}"
            )
        native = self.site.layout.to_native(features, self._native)
        if self._native_written:
            native = native.clone()
        n = len(features) // batch
        return self._replay(native, n, lambda memo: memo.rows(n))

    def answered(self, module: nn.Module) -> int:
        """How many calls of a module are not computed: those answered from memory, and the site's own."""
        return sum(answer is not _RUN for answer in self._answers.get(module, ()))

    def probe(self) -> bool:
        """Run the tail once on the batch itself: learn what is read and what is written to, and compare the logits.

        Returns:
            Whether a value that is read had been overwritten, so that recording must copy.
        """
        keep = self.site.kind != "cut"
        given: list[tuple[Memo, Tensor, Tensor]] = []

        def give(memo: Memo) -> Tensor:
            leaf = memo.rows(1).detach().requires_grad_(keep)
            passed = leaf.clone()
            given.append((memo, leaf, passed))
            return passed

        with frozen(self._network), torch.set_grad_enabled(keep):
            native = self._native.clone()
            logits = self._replay(native, 1, give)
            leaves = [leaf for _, leaf, _ in given]
            reads = torch.autograd.grad(logits.sum(), leaves, allow_unused=True) if logits.requires_grad else None
        self._native_written = native._version > 0
        for memo in self._memos:
            memo.written = False
        for memo, _, passed in given:
            memo.written |= passed._version > 0
        read = {memo for (memo, _, _), gradient in zip(given, reads or (), strict=False) if gradient is not None}
        if any(memo.stale for memo in read):
            return True
        for memo in self._memos:
            if memo not in read:
                memo.value = None
        error = relative_error(logits, self.logits)
        if not error <= tolerance_for(self.logits):
            raise ModelError(
                f"the tail at {self.site.name} does not give the network's logits (relative error {error:.1e}): "
                "the network passes something by that site which autograd does not see"
            )
        return False

    def _replay(self, native: Tensor, n: int, rows: Callable[[Memo], Tensor]) -> Tensor:
        reached = False

        def restored(output: Any) -> Any:
            return transform(output, lambda part: rows(part) if isinstance(part, Memo) else part)

        def answering(forward: Callable[..., Any], answers: list[Any]) -> Callable[..., Any]:
            queue = iter(answers)

            def answer(*args: Any, **kwargs: Any) -> Any:
                nonlocal reached
                output = next(queue, _RUN)
                if output is _RUN:
                    return forward(*args, **kwargs)
                if output is not None:
                    return restored(output)
                reached = True
                return put(restored(self._output), self.site.path, native)

            return answer

        def instead(step: Step) -> Tensor | None:
            nonlocal reached
            if step == self.site.step:
                reached = True
                return native
            return rows(self._steps[step]) if step in self._steps else None

        modules = {module: answering(module.forward, answers) for module, answers in self._answers.items()}
        with every_module_called(), replaced_forward(modules), ExitStack() as stack:
            if self.site.step is not None:
                stack.enter_context(watching(self._network, FunctionWatch(instead=instead)))
            logits = logits_of(self._network(rows(self._image)))
        if not reached:
            raise ModelError(f"{self.site.name} is not reached when the tail runs: the network takes another way")
        return logits


_RUN = object()


def relative_error(value: Tensor, reference: Tensor) -> float:
    """The greatest deviation, as a share of the reference's greatest value."""
    value, reference = value.detach(), reference.detach()
    scale = reference.abs().max().clamp_min(torch.finfo(reference.dtype).tiny)
    return float((value - reference).abs().max() / scale)


def tolerance_for(tensor: Tensor) -> float:
    """1e-5, or four roundings where the type is coarser than that."""
    return max(TOLERANCE, 4 * torch.finfo(tensor.dtype).eps)


def tail_error(tail: Tail, logits: Tensor, weights: Tensor, gradient: Tensor) -> float:
    """How far a tail is from its network.

    Args:
        tail: of a batch.
        logits: the network's own, ``[b, k]``.
        weights: of the logits in the score that was differentiated, ``[b, k]``.
        gradient: of that score with respect to the features, through the whole network, ``[b, c, h, w]``.

    Returns:
        The greater of the relative errors of the logits and of the gradient.
    """
    with frozen(tail._network), torch.enable_grad():
        features = tail.features.clone().requires_grad_(True)
        own = tail(features)
        (own_gradient,) = torch.autograd.grad((own * weights).sum(), features)
    return max(relative_error(own, logits), relative_error(own_gradient, gradient))
