"""In which order a map marks the pixels: the one thing about it that removing pixels depends on."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...core.seeds import seed_for


def ranks(maps: Tensor, identities: Sequence[str], seed: int) -> Tensor:
    """The place of every pixel when pixels are sorted by a map: 0 is the highest.

    Pixels of one value are put in a random order, which depends on the image and the seed alone: the order of a map
    that is constant is a random one, and all maps of one image share it. In the order of rows, which is what sorting
    gives by itself, plateaus such as the zeros of Grad-CAM would be taken from top to bottom.

    Args:
        maps: float ``[b, h, w]``, finite; signed maps are sorted as they are.
        identities: of the images.
        seed: of the evaluation.

    Returns:
        int32 ``[b, h, w]`` on the maps' device, each number from 0 to ``h * w - 1`` once for every map.
    """
    pixels = maps.shape[1] * maps.shape[2]
    places = torch.empty((len(maps), pixels), dtype=torch.int32, device=maps.device)
    numbers = torch.arange(pixels, dtype=torch.int32, device=maps.device)
    lots: dict[str, Tensor] = {}
    for row, (values, identity) in enumerate(zip(maps.reshape(len(maps), -1), identities, strict=True)):
        if identity not in lots:
            chance = torch.Generator().manual_seed(seed_for(seed, identity, "ties"))
            lots[identity] = torch.randperm(pixels, generator=chance).to(maps.device)
        lot = lots[identity]
        order = torch.argsort(values[lot], descending=True, stable=True)
        places[row, lot[order]] = numbers
    return places.view(maps.shape)
