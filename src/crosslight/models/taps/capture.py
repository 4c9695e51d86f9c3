"""Features with gradients at about the cost of one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ...core.errors import ModelError
from .functions import FunctionWatch, Step, watching
from .site import Site
from .state import every_module_called, hooked
from .tree import get, put


class Captured:
    """What was read at a site in the latest pass.

    Attributes:
        site: where.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self._native: Tensor | None = None

    @property
    def native(self) -> Tensor:
        """The tensor as the network holds it: a leaf that requires gradients.

        Raises:
            ModelError: no pass has reached the site.
        """
        if self._native is None:
            raise ModelError(f"no pass has reached {self.site.name}: run the network inside the capturing block first")
        return self._native

    @property
    def features(self) -> Tensor:
        """Its spatial cells, ``[b, c, h, w]``, a view of `native`."""
        return self.to_features(self.native)

    def to_features(self, gradient: Tensor) -> Tensor:
        """The spatial cells of anything shaped like `native`, such as its gradient, as ``[b, c, h, w]``."""
        return self.site.layout.to_features(gradient)


def module_at(network: nn.Module, site: Site) -> nn.Module:
    """The module that emits a site.

    Raises:
        ModelError: this network has no such module.
    """
    try:
        return network.get_submodule(site.module)
    except AttributeError:
        raise ModelError(f"this network has no module {site.module!r}: the site belongs to another one") from None


@contextmanager
def capture(network: nn.Module, site: Site) -> Iterator[Captured]:
    """Read a site, with the graph that leads from it to the logits.

    Run the network inside the block under ``torch.no_grad()``: nothing is recorded up to the site. There the
    tensor becomes a leaf and gradients are switched on until the network returns, so that
    ``torch.autograd.grad(score, captured.native)`` costs a backward pass through the tail alone.

    The captured tensor is a copy, and so is what the network goes on with, so modules that work in place
    cannot change it. The network's hooks are as before afterwards, also if it raised.

    Args:
        network: in evaluation mode, if determinism is wanted.
        site: from `find_sites` on this network, or on one of the same architecture.

    Raises:
        ModelError: the network has no such module, or what it returns there does not fit the site.
    """
    captured = Captured(site)
    grad_before: list[bool] = []

    def start(_: nn.Module, inputs: Any) -> None:
        if torch.is_inference_mode_enabled():
            raise ModelError("features cannot be captured under torch.inference_mode(): use torch.no_grad()")
        grad_before.append(torch.is_grad_enabled())

    def at_site(output: Any) -> Any:
        captured._native = tensor_at(site, output).detach().clone().requires_grad_(True)
        torch.set_grad_enabled(True)
        return put(output, site.path, captured._native.clone())

    def end(_: nn.Module, inputs: Any, output: Any) -> None:
        if grad_before:
            torch.set_grad_enabled(grad_before.pop())

    passes = hooked({}, before={network: start}, always={network: end})
    with every_module_called(), passes, visiting(network, site, at_site):
        yield captured


@contextmanager
def visiting(network: nn.Module, site: Site, visit: Callable[[Any], Any]) -> Iterator[None]:
    """Look at what holds a site's tensor in every pass of a block, as soon as it is there.

    Args:
        network: the site's.
        site: where.
        visit: told of what the module or the function returns; what it returns stands in for that, unless None.

    Raises:
        ModelError: the network has no such module.
    """
    module = module_at(network, site)
    calls = 0

    def start(_: nn.Module, inputs: Any) -> None:
        nonlocal calls
        calls = 0

    def returned(_: nn.Module, inputs: Any, output: Any) -> Any:
        nonlocal calls
        calls += 1
        return visit(output) if calls == site.call + 1 else None

    def computed(step: Step, _: nn.Module, output: Tensor) -> Any:
        return visit(output) if step == site.step else None

    if site.step is not None:
        with watching(network, FunctionWatch(computed)):
            yield
    else:
        with hooked({module: returned}, before={network: start}):
            yield


def tensor_at(site: Site, output: Any) -> Tensor:
    """The site's tensor in what its module returned.

    Raises:
        ModelError: it is not there, or has another layout.
    """
    try:
        tensor = get(output, site.path)
        fits = isinstance(tensor, Tensor) and site.layout.channels(tensor.shape) == site.channels
        fits = fits and tuple(site.layout.to_features(tensor).shape[2:]) == site.resolution
    except (LookupError, AttributeError, TypeError, RuntimeError):
        fits = False
    if not fits:
        h, w = site.resolution
        raise ModelError(
            f"{site.name} does not return {site.channels} channels of {h}x{w} cells here: "
            "the input has another size than the one the site was found for, or the network is another one"
        )
    return tensor
