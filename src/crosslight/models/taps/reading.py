"""Looking at several sites in one pass, without gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

from .capture import tensor_at, visiting
from .site import Site
from .state import every_module_called


@contextmanager
def reading(network: nn.Module, sites: Sequence[Site]) -> Iterator[dict[str, Tensor]]:
    """Keep what several sites hold in the latest pass that the block makes.

    Each tensor is a copy, so modules that work in place cannot change it. The network's hooks are as before
    afterwards, also if it raised.

    Args:
        network: in evaluation mode.
        sites: from `find_sites` on this network, or on one of the same architecture.

    Yields:
        By the site's name, its tensor in the network's own layout; it fills when the network is run.

    Raises:
        ModelError: the network has no such module, or what it returns there does not fit the site.
    """
    held: dict[str, Tensor] = {}

    def keeping(site: Site) -> Callable[[Any], None]:
        def keep(output: Any) -> None:
            held[site.name] = tensor_at(site, output).detach().clone()

        return keep

    with ExitStack() as stack:
        stack.enter_context(every_module_called())
        for site in sites:
            stack.enter_context(visiting(network, site, keeping(site)))
        yield held
