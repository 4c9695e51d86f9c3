"""One traced pass through a network: which tensors its modules return, and which of them carry everything."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, Node

from ...core.errors import ModelError
from .calls import Call, CallLog, Memo, Recording, memos_in
from .flops import FlopMeter
from .functions import FunctionWatch, Step, unwatched, watching
from .layout import Layout, find_layout
from .projections import projections
from .state import hooked
from .tree import get, leaves, logits_of

Edge = tuple[Node, int]

MODULUS = (1 << 61) - 1  # paths are counted modulo a prime: their number grows exponentially with depth

FEW_CHANNELS = 8


@dataclass(eq=False)
class Emission:
    """A tensor that depends on the image, where a module, or a function, returned it for the first time.

    Attributes:
        module, call, path: which output of which call it is; see `Site`.
        shape: of the tensor.
        edge: its place in the autograd graph.
        order: how many other tensors were returned before.
        flops: done when it was returned.
        born: autograd sequence number at that moment; whatever used the tensor earlier has a smaller one.
        source: the call.
        layout: of its spatial cells, or None.
        cut: whether every path from the image to the logits runs through it.
        coverage: share of its cells that the gradient of the logits reaches.
        used_before: whether something used the tensor before the module returned it, so that replacing what
            the module returns would come too late.
        projection: whether it holds keys and values for attention side by side.
        step: the function's call, where no module returned it.
    """

    module: str
    call: int
    path: tuple[int | str, ...]
    shape: tuple[int, ...]
    edge: Edge
    order: int
    flops: int
    born: int
    source: Call
    layout: Layout | None
    cut: bool = False
    coverage: float = 0.0
    used_before: bool = False
    projection: bool = False
    step: Step | None = None

    @property
    def channels(self) -> int:
        """Channels of the features; 0 without a layout."""
        return self.layout.channels(self.shape) if self.layout else 0


@dataclass
class Trace:
    """What one pass showed.

    Attributes:
        image: the input, a leaf of the graph.
        logits: ``[1, k]``.
        score: a fixed random combination of the logits, which no single dead or saturated class can spoil.
        weights: the combination, ``[1, k]``.
        emissions: in the order of their first return.
        flops: of the whole pass.
        last_layer: how many emissions there were when the last module with parameters of its own was called.
        log: of all calls.
        lengths: lengths of all token tensors.
        hidden: whether all paths run through a spatial tensor that no module returns, after all such that one does.
    """

    image: Tensor
    logits: Tensor
    score: Tensor
    weights: Tensor
    emissions: list[Emission]
    flops: int
    last_layer: int
    log: CallLog
    lengths: set[int]
    hidden: bool = False

    def gradient(self, emission: Emission) -> Tensor:
        """The gradient of the score with respect to an emitted tensor, in that tensor's own shape."""
        (gradient,) = torch.autograd.grad(
            self.score, [GradientEdge(*emission.edge)], retain_graph=True, allow_unused=True
        )
        return torch.zeros(emission.shape, device=self.score.device) if gradient is None else gradient

    def recording(self, emission: Emission) -> Recording | None:
        """What a tail needs; None where later code has overwritten the tensor, or it is a function's."""
        if emission.step is not None:
            return None
        (memo,) = memos_in(get(emission.source.output, emission.path))
        if memo.stale or memo.value is None:
            return None
        finished = self.log.finished_before(emission.source)
        image = Memo(self.image, len(self.image))
        return Recording(self.logits.detach(), image, memo.value.clone(), emission.source.output, finished)

    def reaches_around(self, emission: Emission, blocked: Emission) -> bool:
        """Whether any gradient reaches the cells of `emission` when it may not pass through those of `blocked`."""
        assert blocked.layout is not None
        assert emission.layout is not None
        layout, (node, slot) = blocked.layout, blocked.edge

        def block(gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
            gradient = gradients[slot]
            if gradient is None:
                return gradients
            gradient = gradient.clone()
            layout.to_features(gradient).zero_()
            return (*gradients[:slot], gradient, *gradients[slot + 1 :])

        handle = node.register_prehook(block)
        try:
            return bool(emission.layout.to_features(self.gradient(emission)).any())
        finally:
            handle.remove()


def trace(network: nn.Module, example: Tensor, prefix_tokens: int | None = None, functions: bool = False) -> Trace:
    """Run a frozen network in evaluation mode once forward and once backward.

    Args:
        network: as it should be traced.
        example: ``[1, c, h, w]``.
        prefix_tokens: tokens before the first patch, where it is known.
        functions: whether what functions between modules return is looked at, too, where all paths run through it.

    Raises:
        ModelError: the logits do not depend on the image in a way that can be differentiated, or
            differentiating fails, as it does where values that it needs are overwritten.
    """
    image = example.detach().clone().requires_grad_(True)
    size = (int(image.shape[-2]), int(image.shape[-1]))
    names = {module: name for name, module in network.named_modules()}
    own_parameters = {m for m in names if next(m.parameters(recurse=False), None) is not None}
    found: dict[Edge, Emission] = {}
    grids: set[tuple[int, int]] = set()
    lengths: set[int] = set()
    last_layer = 0
    log = CallLog(lambda part: Memo(part, 1) if _depends(part) else part, nested=True)
    meter = FlopMeter()

    def called(module: nn.Module, inputs: Any) -> None:
        nonlocal last_layer
        log.called(module)
        if module in own_parameters:
            last_layer = len(found)

    def returned(module: nn.Module, inputs: Any, output: Any) -> None:
        with unwatched():
            call = log.returned(module, output)
            for path, tensor in leaves(output):
                if module is not network:
                    keep(tensor, call, path)

    def computed(step: Step, module: nn.Module, output: Tensor) -> None:
        keep(output, log.here(module), (), step)

    def keep(tensor: Tensor, call: Call, path: tuple[int | str, ...], step: Step | None = None) -> None:
        one = tensor.dim() > 1 and tensor.shape[0] == 1
        if tensor.dim() == 3:
            lengths.add(tensor.shape[1] if one else tensor.shape[0])
        if tensor.grad_fn is None:
            return
        edge, order = (tensor.grad_fn, tensor.output_nr), len(found)
        if edge in found:
            # The module that returns what its last function computed is the better name for it.
            if step is not None or found[edge].step is None or found[edge].born != _now():
                return
            order = found[edge].order
        one = one or (tensor.dim() == 3 and tensor.shape[1] == 1)  # length first
        spatial = one and tensor.is_floating_point()
        layout = find_layout(tensor.shape, size, prefix_tokens, grids) if spatial else None
        if layout and tensor.dim() == 4:
            grids.add(layout.grid)
        found[edge] = Emission(
            names[call.module],
            call.index,
            path,
            tuple(tensor.shape),
            edge,
            order=order,
            flops=meter.total,
            born=_now(),
            source=call,
            layout=layout,
            step=step,
        )

    with ExitStack() as stack:
        stack.enter_context(torch.enable_grad())
        stack.enter_context(hooked(dict.fromkeys(names, returned), dict.fromkeys(names, called)))
        if functions:
            stack.enter_context(watching(network, FunctionWatch(computed)))
        with meter:
            logits = logits_of(network(image.clone()))  # the network may write into its input
        if logits.grad_fn is None:
            raise ModelError(
                "the logits do not depend on the image through differentiable operations: "
                "the network detaches, or computes under no_grad or inference_mode"
            )
        weights = torch.randn(logits.shape, generator=torch.Generator().manual_seed(0)).to(logits)
        score = (logits * weights).sum()
    result = Trace(image, logits, score, weights, list(found.values()), meter.total, last_layer, log, lengths)
    # In the image's own shape is the image: copied, or normalised by the network.
    own = tuple(image.shape)
    _count_paths(result, lambda shape: shape != own and find_layout(shape, size, prefix_tokens, grids) is not None)
    _measure_coverage(result)
    return result


def _depends(part: Any) -> bool:
    return isinstance(part, Tensor) and part.requires_grad


def _now() -> int:
    """The sequence number that the next autograd node will get."""
    return int(torch._C._autograd._get_sequence_nr())


def _inputs(node: Node) -> list[Edge]:
    """The outputs of other nodes that a node used."""
    return [(other, slot) for other, slot in node.next_functions if other is not None]


def _sorted_graph(root: Node) -> dict[Node, list[Edge]]:
    """What every node from the root to the image used; a node comes after those it depends on.

    No recursion: graphs are deep. Each node is asked once: that takes longer than all the counting.
    """
    used = {root: _inputs(root)}
    done: dict[Node, list[Edge]] = {}
    stack = [(root, iter(used[root]))]
    while stack:
        node, rest = stack[-1]
        for other, _ in rest:
            if other not in used:
                used[other] = _inputs(other)
                stack.append((other, iter(used[other])))
                break
        else:
            done[node] = used[node]
            stack.pop()
    return done


def _count_paths(result: Trace, spatial: Callable[[tuple[int, ...]], bool]) -> None:
    """Find the cuts: tensors for which (paths from the image) x (paths to the logits) is the number of all paths."""
    root = result.logits.grad_fn
    assert root is not None
    graph = _sorted_graph(root)
    from_image: dict[Node, int] = {}
    for node, used in graph.items():
        leaf = None if used else getattr(node, "variable", None)
        from_image[node] = (
            int(leaf is result.image) if leaf is not None else sum(from_image[n] for n, _ in used) % MODULUS
        )
    to_logits: dict[Edge, int] = {}
    node_to_logits: dict[Node, int] = {root: 1}
    first_use: dict[Edge, int] = {}
    for node, used in reversed(graph.items()):
        paths, sequence = node_to_logits[node], node._sequence_nr()
        for edge in used:
            to_logits[edge] = (to_logits.get(edge, 0) + paths) % MODULUS
            node_to_logits[edge[0]] = (node_to_logits.get(edge[0], 0) + paths) % MODULUS
            first_use[edge] = min(first_use.get(edge, sequence), sequence)
    split = projections(graph, {emission.edge for emission in result.emissions if emission.layout})
    every = from_image[root]
    if not every:
        raise ModelError("the logits do not depend on the image: no path of differentiable operations joins them")
    cuts = {edge for edge, paths in to_logits.items() if paths * from_image[edge[0]] % MODULUS == every}
    for emission in result.emissions:
        if emission.edge in to_logits:
            emission.cut = emission.edge in cuts
            emission.used_before = first_use[emission.edge] < emission.born
            emission.projection = emission.edge in split
            if emission.step is not None and not emission.cut:
                emission.layout = None  # between modules only cuts are of use
        else:
            emission.layout = None  # it leads nowhere, or it is the logits themselves
    shown = max((e.born for e in result.emissions if e.cut and e.layout and not e.used_before), default=0)
    hidden = cuts - {emission.edge for emission in result.emissions}
    later = ((node, slot) for node, slot in hidden if shown < node._sequence_nr() and not hasattr(node, "variable"))
    result.hidden = any(_may_be_spatial(node, slot, spatial) for node, slot in later)


def _may_be_spatial(node: Node, slot: int, spatial: Callable[[tuple[int, ...]], bool]) -> bool:
    """Whether a node's output has spatial features of one image, told from its shape where that is known."""
    known = getattr(node, "_input_metadata", None)
    if known is None:
        return True
    shape = tuple(known[slot].shape)
    return shape[:1] == (1,) and spatial(shape)


def _measure_coverage(result: Trace) -> None:
    """One backward pass; hooks on the graph's nodes look at the gradient of every spatial tensor."""
    by_node: dict[Node, list[Emission]] = {}
    for emission in result.emissions:
        if emission.layout:
            by_node.setdefault(emission.edge[0], []).append(emission)

    def looking(emissions: list[Emission]) -> Any:
        def look(gradients: tuple[Tensor | None, ...]) -> None:
            for emission in emissions:
                gradient = gradients[emission.edge[1]]
                if gradient is not None and emission.layout is not None:
                    emission.coverage = _reached(emission.layout.to_features(gradient))

        return look

    handles = [node.register_prehook(looking(emissions)) for node, emissions in by_node.items()]
    try:
        torch.autograd.grad(result.score, result.image, retain_graph=True)
    except RuntimeError as error:
        raise ModelError(f"this network cannot be differentiated: {error}") from error
    finally:
        for handle in handles:
            handle.remove()


def _reached(gradient: Tensor) -> float:
    """The share of the cells of ``[1, c, h, w]`` where some channel is not zero.

    A few channels mostly settle it, and are much cheaper to look at than all.
    """
    for channels in (gradient[:, :FEW_CHANNELS], gradient):
        share = channels.abs().amax(dim=1).count_nonzero().item() / channels[:, 0].numel()
        if share == 1:
            break
    return share
