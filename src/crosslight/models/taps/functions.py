"""Functions that a network calls between its modules, such as the sum that ends a residual block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .state import hooked


@dataclass(frozen=True)
class Step:
    """One call of a function in the code of a module.

    Attributes:
        frame: which run of which code: the root's is empty; each number says which of the modules called by the code
            before it is meant. A network that runs the same way twice has the same frames.
        function: name of the function.
        index: which of the calls of that function in the frame, from 0.
    """

    frame: tuple[int, ...]
    function: str
    index: int


@dataclass
class _Frame:
    module: nn.Module
    place: tuple[int, ...]
    modules: int = 0
    functions: Counter[str] = field(default_factory=Counter)


class FunctionWatch(TorchFunctionMode):
    """Tells of every call of a function between modules, with the chance to replace what it returns.

    Functions that other functions call are not told of, nor anything outside the network's own pass.

    Args:
        after: told of a step, its module and the tensor returned; what it returns stands in for that, if anything.
        instead: asked for the result of a step before it is computed; None lets it be computed.
    """

    def __init__(
        self,
        after: Callable[[Step, nn.Module, Tensor], Tensor | None] | None = None,
        instead: Callable[[Step], Tensor | None] | None = None,
    ) -> None:
        super().__init__()
        self._after, self._instead = after, instead
        self._frames: list[_Frame] = []

    def called(self, module: nn.Module, inputs: Any = None) -> None:
        """To be told when a module is called."""
        place: tuple[int, ...] = ()
        if self._frames:
            caller = self._frames[-1]
            place = (*caller.place, caller.modules)
            caller.modules += 1
        self._frames.append(_Frame(module, place))

    def returned(self, module: nn.Module, inputs: Any = None, output: Any = None) -> None:
        """To be told when it has returned."""
        while self._frames.pop().module is not module:
            pass

    def ended(self, module: nn.Module, inputs: Any = None, output: Any = None) -> None:
        """To be told when it has returned or raised; in the latter case its caller may go on."""
        if self._frames and self._frames[-1].module is module:
            self._frames.pop()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not self._frames:
            return func(*args, **(kwargs or {}))
        frame = self._frames[-1]
        name = getattr(func, "__name__", "")
        step = Step(frame.place, name, frame.functions[name])
        frame.functions[name] += 1
        given = self._instead(step) if self._instead else None
        if given is not None:
            return given
        output = func(*args, **(kwargs or {}))
        if self._after is None or not isinstance(output, Tensor):
            return output
        other = self._after(step, frame.module, output)
        return output if other is None else other


@contextmanager
def watching(network: nn.Module, watch: FunctionWatch) -> Iterator[None]:
    """Let a watch follow the network's passes for the length of a block."""
    modules = list(network.modules())
    called, returned, ended = (dict.fromkeys(modules, told) for told in (watch.called, watch.returned, watch.ended))
    with hooked(returned, before=called, always=ended), watch:
        yield


def unwatched() -> Any:
    """A block in which no watch is told of anything: for what hooks compute."""
    return torch._C.DisableTorchFunction()
