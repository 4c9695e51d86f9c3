"""Finding the spatial features of any network, by what its tensors do and not by what its layers are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from ...core.errors import ModelError
from .graph import Emission, Trace, trace
from .site import Site, SiteKind, Sites
from .state import asleep, awake, evaluating, every_module_called, frozen
from .tail import Tail, tail_error, tolerance_for

FULL = 0.99  # share of the cells that the gradient must reach
MOST = 0.9  # enough where no tensor has that: with few channels all of them are off in some cells
LATE = 0.6  # a cut is late with this share of the FLOPs done when the last usable tensor is ready
DEEP = 0.7  # where there is nothing as late as this, functions between modules are looked at, too
HALF = 0.5  # before this share of all FLOPs, the parameters may hide what comes later
CANDIDATES = 24  # tensors tried by blocking them, each for a backward pass through the tail
FEW_CANDIDATES = 6
TRIES = 4  # sites given to the guard


def find_sites(network: nn.Module, example: Tensor, prefix_tokens: int | None = None) -> Sites:
    """Find the tensors of a network that hold spatial features, and the last of them.

    One pass forward and one backward show, for everything that modules return, its grid, the share of its cells
    that the gradient of the logits reaches, and whether every path from the image to the logits runs through
    it. The last features are the first of these that exist and pass the guard (`check_tail`):

    1. The last cut with gradient on 99 % of its cells (90 % where no tensor has that), if it comes after 60 % of
       the FLOPs that precede the last such tensor that is no cut.
       A *class map* is passed over: a tensor with as many channels as there are logits, and only work without
       parameters after it. Class activation maps there would read one channel, and the practice for such
       networks is the features before.
    2. Where only a class token feeds the head: the last later tensor of the cut's grid and width that carries
       all of the patches' gradient. That is the normalised input of the last attention.
    3. Where several streams leave no late cut: the last tensor that carries all the patch gradient of the
       one before it. It is marked ``partial``.

    Where these lead to no cut after 70 % of the FLOPs, but the graph shows a later one that no module returns, the
    search is made once more with what functions between modules compute, such as the sums of a residual stream; with
    cuts alone, for all else can be read where a module returns it.

    Args:
        network: any module that returns logits. It is left as it was found: mode, ``requires_grad``, hooks,
            ``.grad`` and ``forward``, also if it raises.
        example: ``[1, c, h, w]`` on the network's device, an image or noise. A constant one is replaced by noise.
        prefix_tokens: how many tokens precede the patches, where it is known.

    Returns:
        The usable sites. The cost is about three forward passes; six where functions were looked at.

    Raises:
        ModelError: there is no such tensor; the message says why.
    """
    example = example[:1].detach()
    if example.dim() != 4 or not example.is_floating_point():
        raise ModelError(f"the example must be a float image of shape [1, c, h, w], it is {list(example.shape)}")
    if example.min() == example.max():
        example = torch.randn(example.shape, generator=torch.Generator().manual_seed(0)).to(example)
    with evaluating(network), frozen(network), every_module_called():
        found, reason, hidden = _find(network, example, prefix_tokens)
        if (found is None or found.last.depth < HALF) and asleep(network):
            with awake(network), frozen(network):
                other, reason, hidden = _find(network, example, prefix_tokens)
            if found is None or (other is not None and other.last.depth > found.last.depth):
                found = other
        if hidden and (found is None or found.last.depth < DEEP or not found.last.cut):
            other, _, _ = _find(network, example, prefix_tokens, functions=True)
            if other is not None and other.last.cut and (found is None or other.last.depth > found.last.depth):
                found = other
    if found is None:
        raise ModelError(reason)
    return found


def _find(
    network: nn.Module, example: Tensor, prefix_tokens: int | None, functions: bool = False
) -> tuple[Sites | None, str, bool]:
    """The sites of a network that is ready to be traced, or None and why; and whether later features are hidden."""
    result = trace(network, example, prefix_tokens, functions)
    usable = [emission for emission in result.emissions if _usable(result, emission, FULL)]
    usable = usable or [emission for emission in result.emissions if _usable(result, emission, MOST)]
    if not usable:
        return None, _why_none(result), result.hidden
    problems: list[str] = []
    for _, (emission, kind) in zip(range(TRIES), _best_first(result, usable), strict=False):
        last = _site(result, emission, kind)
        problem = _guard(network, result, emission, last, example)
        if problem is None:
            earlier = [_site(result, e, "cut" if e.cut else "partial") for e in usable if e.order < emission.order]
            sites = _with_blocks(network, (*earlier, last))
            h, w = (int(size) for size in example.shape[-2:])
            found = Sites(sites, sites[-1], (h, w), result.logits.shape[1], result.flops)
            return found, "", result.hidden
        problems.append(f"{last.name}: {problem}")
    return None, "no tail of this network agrees with it; tried " + "; ".join(problems), result.hidden


def _with_blocks(network: nn.Module, sites: tuple[Site, ...]) -> tuple[Site, ...]:
    """The sites, those that blocks return marked."""
    repeated = set()
    for name, parent in network.named_modules():
        if isinstance(parent, nn.Sequential | nn.ModuleList | nn.ModuleDict):
            children = dict(parent.named_children())
            kinds = Counter(map(type, children.values()))
            repeated |= {f"{name}.{key}".lstrip(".") for key, child in children.items() if kinds[type(child)] > 1}
    # What a block returns may have been returned by its last layer before.
    within = {name: [s for s in sites if s.cut and f"{s.module}.".startswith(f"{name}.")] for name in repeated}
    ends = {name: inside[-1] for name, inside in within.items() if inside}
    finest = {
        end for name, end in ends.items() if not any(other.startswith(f"{name}.") for other in ends if other != name)
    }
    return tuple(replace(site, block=site in finest) for site in sites)


def _depth(result: Trace, emission: Emission) -> float:
    """Share of the FLOPs done; of the tensors returned where nothing can be counted."""
    if result.flops:
        return emission.flops / result.flops
    return (emission.order + 1) / len(result.emissions)


def _site(result: Trace, emission: Emission, kind: SiteKind) -> Site:
    assert emission.layout is not None
    return Site(
        module=emission.module,
        call=emission.call,
        path=emission.path,
        layout=emission.layout,
        channels=emission.channels,
        depth=_depth(result, emission),
        order=emission.order,
        cut=emission.cut,
        coverage=emission.coverage,
        kind=kind,
        step=emission.step,
    )


def _usable(result: Trace, emission: Emission, coverage: float) -> bool:
    """Whether a tensor has features that can be read and replaced where it is returned."""
    if emission.layout is None or emission.coverage < coverage or not _depth(result, emission):
        return False
    if emission.used_before or emission.projection:
        return False
    if emission.cut:
        return not _is_class_map(result, emission)
    return emission.channels > 1 and not _is_attention(result, emission)


def _is_class_map(result: Trace, emission: Emission) -> bool:
    """A map of the classes themselves: a channel for each logit, and no parameters in what follows."""
    nothing_follows = emission.flops == result.flops and emission.order >= result.last_layer
    return emission.channels == result.logits.shape[1] and nothing_follows


def _is_attention(result: Trace, emission: Emission) -> bool:
    """Query by key matrices: as high and as wide as some token sequence of the network is long."""
    return len(emission.shape) == 4 and emission.shape[2] == emission.shape[3] and emission.shape[2] in result.lengths


def _best_first(result: Trace, usable: list[Emission]) -> Iterator[tuple[Emission, SiteKind]]:
    """Candidates for the last features, by rules 1 to 3 and then ever earlier."""
    cuts = [emission for emission in usable if emission.cut]
    # After an early cut there is no tensor of class-token networks that all patches run through: the class token
    # reads some of them before.
    if cuts and _depth(result, cuts[-1]) >= LATE * _depth(result, usable[-1]):
        token = _token_site(result, usable, cuts[-1])
        if token is not None:
            yield token, "token"
        yield from ((cut, "cut") for cut in reversed(cuts))
        return
    for i in reversed(range(max(0, len(usable) - CANDIDATES), len(usable))):
        emission = usable[i]
        before = [other for other in usable[:i] if _alike(other, emission)]
        if emission.cut or (before and not result.reaches_around(before[-1], emission)):
            yield emission, "cut" if emission.cut else "partial"
    yield usable[-1], "cut" if usable[-1].cut else "partial"


def _token_site(result: Trace, usable: list[Emission], cut: Emission) -> Emission | None:
    """The last tensor after a cut through which all of the cut's patch gradient runs."""
    later = [emission for emission in usable if emission.order > cut.order and _alike(emission, cut)]
    # Each trial goes back through all that follows the cut: few of them after an early one.
    trials = min(CANDIDATES, max(FEW_CANDIDATES, round(1 / (1.01 - _depth(result, cut)))))
    for emission in later[::-1][:trials]:
        if not result.reaches_around(cut, emission):
            return emission
    return None


def _alike(one: Emission, other: Emission) -> bool:
    """Whether two tensors have the same grid and width."""
    assert one.layout is not None
    assert other.layout is not None
    return one.layout.grid == other.layout.grid and one.channels == other.channels


def _guard(network: nn.Module, result: Trace, emission: Emission, site: Site, example: Tensor) -> str | None:
    """What is wrong with a site's tail, or None."""
    recording = result.recording(emission)
    try:
        if site.layout.batch_axis:  # windows of one token each look the same until there are two images
            Tail.build(network, site, torch.cat([example, example.flip(3)]))
        tail = Tail(network, site, recording) if recording else None
        if tail is None or tail.probe():
            tail = Tail.build(network, site, example)
    except ModelError as wrong:
        return str(wrong)
    gradient = site.layout.to_features(result.gradient(emission))
    error = tail_error(tail, result.logits.detach(), result.weights, gradient)
    if error <= tolerance_for(gradient):
        return None
    return f"its logits or gradients differ by {error:.1e} of the greatest"


def _why_none(result: Trace) -> str:
    """Why no tensor is usable, in words that help."""
    spatial = [emission for emission in result.emissions if emission.layout is not None]
    if not spatial:
        shapes = sorted({emission.shape for emission in result.emissions})[-5:]
        shown = ", ".join(str(list(shape)) for shape in shapes) or "nothing that depends on the image"
        return (
            "no module of this network returns spatial features (at least 2x2 cells in the image's proportions); "
            f"its modules return {shown}"
        )
    best = max(spatial, key=lambda emission: emission.coverage)
    if best.coverage < MOST:
        return (
            "the gradient of the logits reaches no spatial features on 90 % of their cells; the most is "
            f"{best.coverage:.0%}, at {best.module}"
        )
    return (
        "this network has spatial features, but none that can be replaced where a module returns them: "
        "they are class maps, keys and values of attention, attention matrices, or used before they are returned"
    )
