"""Which part of the image a cell of the features looks at."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ...core.errors import ModelError
from .capture import module_at, tensor_at
from .site import Site
from .state import every_module_called, frozen, hooked


def receptive_energy(network: nn.Module, site: Site, x: Tensor, cells: list[tuple[int, int]]) -> Tensor:
    """How strongly some cells of a site depend on each pixel: the squared gradient of a random mix of their channels.

    Args:
        network: in evaluation mode.
        site: from `find_sites`.
        x: ``[b, c, h, w]``.
        cells: rows and columns, summed.

    Returns:
        ``[b, h, w]``, each image's sum is 1.

    Raises:
        ModelError: the site is not reached, or these cells depend on nothing.
    """
    calls, found = 0, []

    def at_site(_: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal calls
        if calls == site.call:
            found.append(site.layout.to_features(tensor_at(site, output).clone()))
        calls += 1

    image = x.detach().clone().requires_grad_(True)
    with frozen(network), every_module_called(), torch.enable_grad(), hooked({module_at(network, site): at_site}):
        network(image.clone())
        if not found:
            raise ModelError(f"{site.name} is not reached when this network runs")
        generator = torch.Generator().manual_seed(0)
        weights = torch.randn(len(cells), site.channels, generator=generator).to(found[0])
        rows, columns = (list(index) for index in zip(*cells, strict=True))
        score = (found[0][:, :, rows, columns] * weights.T).sum()
        (gradient,) = torch.autograd.grad(score, image)
    energy = gradient.double().square().sum(dim=1)
    total = energy.sum(dim=(1, 2), keepdim=True)
    if not (total > 0).all():
        raise ModelError(f"the middle of {site.name} does not depend on the image")
    return energy / total
