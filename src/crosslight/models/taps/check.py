"""How far a tail is from its network, and what it runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge

from ...core.errors import ModelError
from .capture import tensor_at, visiting
from .flops import FlopMeter
from .site import Site
from .state import every_module_called, frozen, modules_run_by
from .tail import Tail, relative_error, tolerance_for
from .tree import logits_of


@dataclass(frozen=True)
class TailFacts:
    """A tail beside its network, for one batch.

    Attributes:
        logits_error: greatest deviation of the logits, as a share of their greatest value.
        gradient_error: the same of the gradient with respect to the features.
        coverage: share of the cells that the gradient of the whole network reaches, of the image that has least.
        finite: whether that gradient is finite throughout.
        rerun: modules that ran again although they had returned something of the image before the site.
        flops: counted in one run, of the whole batch.
    """

    logits_error: float
    gradient_error: float
    coverage: float
    finite: bool
    rerun: tuple[str, ...]
    flops: int


def measure_tail(network: nn.Module, site: Site, x: Tensor) -> TailFacts:
    """Compare a site's tail with the network itself, by one backward pass through each.

    Logits alone would not do: they are also right where a copy is replaced that nothing reads.

    Args:
        network: in evaluation mode.
        site: from `find_sites`.
        x: ``[b, c, h, w]``.

    Raises:
        ModelError: the site is not reached, or the tail does not give the network's own logits.
    """
    with modules_run_by(network) as all_run:
        logits, weights, gradient = _whole(network, site, x)
    tail = Tail.build(network, site, x)
    with frozen(network), torch.enable_grad():
        features = tail.features.clone().requires_grad_(True)
        with modules_run_by(network) as tail_run, FlopMeter() as meter:
            own = tail(features)
        (own_gradient,) = torch.autograd.grad((own * weights).sum(), features)
    left = Counter(all_run)
    left.subtract({name: tail.answered(module) for name, module in network.named_modules()})
    again = Counter(tail_run)
    cells = gradient.abs().amax(dim=1).flatten(1)
    return TailFacts(
        logits_error=relative_error(own, logits),
        gradient_error=relative_error(own_gradient, gradient),
        coverage=float((cells > 0).double().mean(dim=1).min()),
        finite=bool(gradient.isfinite().all()),
        rerun=tuple(name for name in again if again[name] > left[name]),
        flops=meter.total,
    )


def check_tail(network: nn.Module, site: Site, x: Tensor) -> None:
    """Check that a site's tail gives the network's logits and the gradient of the whole network.

    Args:
        network: in evaluation mode.
        site: from `find_sites`.
        x: ``[b, c, h, w]``.

    Raises:
        ModelError: one of them is wrong by more than 1e-5 of its greatest value.
    """
    facts = measure_tail(network, site, x)
    error = max(facts.logits_error, facts.gradient_error)
    if not error <= tolerance_for(x):
        raise ModelError(
            f"the tail at {site.name} differs from its network (relative error {error:.1e}): choose another depth"
        )


def _whole(network: nn.Module, site: Site, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, the weights of a score of them, and its gradient with respect to the features."""
    edges: list[GradientEdge] = []

    def at_site(output: Any) -> None:
        tensor = tensor_at(site, output)
        edges.append(GradientEdge(tensor.grad_fn, tensor.output_nr))  # type: ignore[arg-type]

    with frozen(network), every_module_called(), torch.enable_grad(), visiting(network, site, at_site):
        logits = logits_of(network(x.detach().clone().requires_grad_(True).clone()))
    if not edges:
        raise ModelError(f"{site.name} is not reached when this network runs")
    weights = torch.randn(logits.shape, generator=torch.Generator().manual_seed(0)).to(logits)
    (gradient,) = torch.autograd.grad((logits * weights).sum(), edges)
    return logits.detach(), weights, site.layout.to_features(gradient)
