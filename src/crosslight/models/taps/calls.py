"""What the modules of a network returned in one pass, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from ...core.errors import ModelError
from .capture import module_at, tensor_at
from .functions import FunctionWatch, Step, unwatched, watching
from .site import Site
from .state import every_module_called, frozen, hooked
from .tree import logits_of, transform


class Memo:
    """A tensor that depends on the image and was ready before a site.

    Where nothing after the site reads it, its shape is enough. (No data class: those are taken for containers.)

    Attributes:
        value: the tensor, or None where the shape is enough.
        written: whether the code between the modules writes into it.
    """

    def __init__(self, tensor: Tensor, batch: int, keep: bool = True, copy: bool = False, axis: int = 0) -> None:
        tensor = tensor.detach()
        self.value: Tensor | None = (tensor.clone() if copy else tensor) if keep else None
        self.written = True
        self._batch, self._axis, self._shape = batch, axis, tuple(tensor.shape)
        self._empty = tensor.new_empty(0)
        self._version = self.value._version if self.value is not None else 0

    @property
    def stale(self) -> bool:
        """Whether the value was overwritten after it was returned."""
        return self.value is not None and self.value._version != self._version

    def rows(self, n: int) -> Tensor:
        """The tensor for n repeats of the batch, image by image within each repeat."""
        axis = self._batch_axis()
        if self.value is None:
            shape = [size * n if i == axis else size for i, size in enumerate(self._shape)]
            return self._empty.new_zeros(shape) if self.written else self._empty.new_zeros(()).expand(shape)
        if n == 1 or axis is None:
            return self.value.clone() if self.written else self.value
        if self._shape[axis] == 1 and not self.written:
            return self.value.expand([n if i == axis else -1 for i in range(len(self._shape))])
        return self.value.repeat([n if i == axis else 1 for i in range(len(self._shape))])

    def _batch_axis(self) -> int | None:
        """The axis to repeat: the first, which may hold several windows an image, or one as long as the batch.

        Networks that hold tokens length first are known by their site; other tensors of theirs are not so.
        """
        if self._axis and len(self._shape) == 3 and self._shape[self._axis] == self._batch:
            return self._axis
        if self._shape and self._shape[0] % self._batch == 0:
            return 0
        return self._shape.index(self._batch) if self._batch in self._shape else None


def memos_in(value: Any) -> list[Memo]:
    """The memos inside a nested output."""
    found: list[Memo] = []
    transform(value, lambda part: found.append(part) if isinstance(part, Memo) else None)
    return found


@dataclass(eq=False)
class Call:
    """One call of a module.

    Attributes:
        module: which.
        caller: position of the calling call in the log, or -1.
        index: which call of this module it was, from 0; -1 while it runs.
        done: when it returned: how many calls had returned before, or -1 while it runs.
        output: what it returned, with memos for the tensors that depend on the image.
    """

    module: nn.Module
    caller: int
    index: int = -1
    done: int = -1
    output: Any = None


class CallLog:
    """The calls of one pass, in the order in which they began.

    Args:
        remember: what to keep of a returned value that is no container.
        nested: whether to keep calls whose caller has returned.
    """

    def __init__(self, remember: Callable[[Any], Any], nested: bool) -> None:
        self._remember, self._nested = remember, nested
        self._calls: list[Call] = []
        self._running: list[int] = []
        self._counts: dict[nn.Module, int] = {}
        self._done = 0

    def called(self, module: nn.Module) -> None:
        """To be told when a module is called."""
        self._calls.append(Call(module, self._running[-1] if self._running else -1))
        self._running.append(len(self._calls) - 1)

    def returned(self, module: nn.Module, output: Any) -> Call:
        """To be told when it returns."""
        position = self._position(module)
        self._running.pop()
        call = self._calls[position]
        call.index = self._counts[module] = self._counts.get(module, -1) + 1
        call.done, call.output = self._done, transform(output, self._remember)
        self._done += 1
        if not self._nested:
            del self._calls[position + 1 :]
        return call

    def here(self, module: nn.Module) -> Call:
        """A place in the code of the module that runs now, as if a call ended there."""
        return Call(module, self._position(module), self._counts.get(module, -1) + 1, self._done)

    def _position(self, module: nn.Module) -> int:
        """Where in the log the call is that runs now."""
        while self._calls[self._running[-1]].module is not module:  # a call that raised, and whose caller went on
            self._running.pop()
        return self._running[-1]

    def finished_before(self, call: Call) -> list[Call]:
        """The calls that had returned before this one did, made by calls that were still running."""
        running, position = set(), call.caller
        while position >= 0:
            running.add(position)
            position = self._calls[position].caller
        return [c for c in self._calls if c.caller in running and 0 <= c.done < call.done]


@dataclass
class Recording:
    """One pass, as far as a tail needs it.

    Attributes:
        logits: of the batch, ``[b, k]``.
        image: the batch.
        native: the site's tensor, a copy.
        output: all that the site's module returned, with memos.
        finished: what had returned by then; an output without memos does not depend on the image.
        steps: what functions had computed from the image by then, where the site is a function's.
    """

    logits: Tensor
    image: Memo
    native: Tensor
    output: Any
    finished: list[Call]
    steps: dict[Step, Memo] = field(default_factory=dict)


def record(network: nn.Module, site: Site, x: Tensor, keep: bool, copy: bool) -> Recording:
    """Run a batch once and remember what the tail may need.

    Args:
        network: any.
        site: where the tail begins.
        x: the batch.
        keep: whether to keep values, or shapes alone.
        copy: whether to copy the values, for networks that overwrite them.

    Raises:
        ModelError: the site is not reached.
    """

    def remember(part: Any) -> Any:
        depends = isinstance(part, Tensor) and part.requires_grad
        return Memo(part, len(x), keep, copy, site.layout.batch_axis) if depends else part

    target = module_at(network, site)
    log = CallLog(remember, nested=False)
    reached: list[tuple[Tensor, Any, list[Call]]] = []
    steps: dict[Step, Memo] = {}

    def called(module: nn.Module, inputs: Any) -> None:
        if not reached:
            log.called(module)

    def returned(module: nn.Module, inputs: Any, output: Any) -> None:
        if reached:
            return
        with unwatched():
            call = log.returned(module, output)
            if site.step is None and module is target and call.index == site.call:
                native = tensor_at(site, output).detach().clone()
                reached.append((native, call.output, log.finished_before(call)))

    def computed(step: Step, module: nn.Module, output: Tensor) -> None:
        if reached:
            return
        if step == site.step:
            reached.append((tensor_at(site, output).detach().clone(), None, log.finished_before(log.here(module))))
        elif output.requires_grad:
            steps[step] = remember(output)

    modules = list(network.modules())
    with ExitStack() as stack:
        stack.enter_context(frozen(network))
        stack.enter_context(every_module_called())
        stack.enter_context(hooked(dict.fromkeys(modules, returned), dict.fromkeys(modules, called)))
        if site.step is not None:
            stack.enter_context(watching(network, FunctionWatch(computed)))
        stack.enter_context(torch.enable_grad())
        # A graph shows what depends on the image; nobody goes back through it, so it need not hold tensors.
        stack.enter_context(saved_tensors_hooks(lambda tensor: None, lambda nothing: nothing))
        image = x.detach().requires_grad_(True)
        logits = logits_of(network(image.clone())).detach()
    if not reached:
        raise ModelError(f"{site.name} is not reached when this network runs")
    return Recording(logits, remember(image), *reached[0], steps)
