"""Changing training pictures at random, a batch at a time on the device that trains."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ...core.seeds import seed_for

#: by which share of its side a picture is shifted at most, either way
SHIFT = 1 / 8
#: scale, brightness, contrast and saturation change at most by this factor, either way
SCALE, COLOUR = 1.3, 1.4
#: share of the pictures of which a rectangle is erased, and the largest share of the side that it has
ERASED, RECTANGLE = 0.25, 0.5


def augmented(pixels: Tensor, strength: str, *seeds: str | int) -> Tensor:
    """Pictures changed at random.

    Args:
        pixels: uint8 ``[b, c, h, w]``.
        strength: ``none``, ``light`` (shifted, mirrored at the edges, and half of them flipped) or ``strong`` (also
            scaled, recoloured, and some erased in part).
        seeds: the changes depend on these alone, not on the device or the process.

    Returns:
        float32 ``[b, c, h, w]`` in [0, 1].
    """
    if strength == "none":
        return pixels.float().div_(255)
    rng = np.random.default_rng(seed_for("augment", *seeds))
    if strength == "light":
        return _moved(pixels, rng).float().div_(255)
    values = _scaled(pixels.float().div_(255), rng)
    return _erased(_recoloured(values, rng), rng)


def mixed(inputs: Tensor, alpha: float, *seeds: str | int) -> tuple[Tensor, Tensor, float]:
    """Pictures blended with others of their batch.

    Args:
        inputs: float ``[b, c, h, w]``.
        alpha: parameter of the beta distribution that the share is drawn from, above 0.
        seeds: the draw depends on these alone.

    Returns:
        The blend; the row that each picture is blended with; the share of the picture itself, at least one half.

    Source: Zhang et al., arXiv:1710.09412, equation 1, with one share for a batch.
    """
    rng = np.random.default_rng(seed_for("mixup", *seeds))
    share = float(rng.beta(alpha, alpha))
    share = max(share, 1 - share)
    rows = torch.from_numpy(rng.permutation(len(inputs))).to(inputs.device)
    return inputs * share + inputs[rows] * (1 - share), rows, share


def _moved(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    n, _, height, width = pixels.shape
    down, right = max(1, round(SHIFT * height)), max(1, round(SHIFT * width))
    top, left = rng.integers(-down, down + 1, (n, 1)), rng.integers(-right, right + 1, (n, 1))
    rows, columns = _mirrored(np.arange(height) + top, height), _mirrored(np.arange(width) + left, width)
    flipped = rng.random(n) < 0.5
    columns[flipped] = columns[flipped, ::-1]
    at = [torch.from_numpy(np.ascontiguousarray(a)).to(pixels.device) for a in (rows, columns)]
    batch = torch.arange(n, device=pixels.device)[:, None, None]
    return pixels.permute(0, 2, 3, 1)[batch, at[0][:, :, None], at[1][:, None, :]].permute(0, 3, 1, 2)


def _mirrored(at: np.ndarray, length: int) -> np.ndarray:
    """Positions beyond the edges, reflected into the picture."""
    at = np.abs(at)
    return np.clip(np.where(at >= length, 2 * (length - 1) - at, at), 0, length - 1)


def _scaled(values: Tensor, rng: np.random.Generator) -> Tensor:
    """Shifted, flipped and scaled."""
    n = len(values)
    scale = np.exp(rng.uniform(-math.log(SCALE), math.log(SCALE), n))
    sign = np.where(rng.random(n) < 0.5, -1.0, 1.0)
    shift = rng.uniform(-2 * SHIFT, 2 * SHIFT, (n, 2))
    matrix = np.zeros((n, 2, 3), np.float32)
    matrix[:, 0, 0], matrix[:, 1, 1], matrix[:, :, 2] = scale * sign, scale, shift
    grid = functional.affine_grid(torch.from_numpy(matrix).to(values.device), list(values.shape), align_corners=False)
    return functional.grid_sample(values, grid, padding_mode="reflection", align_corners=False)


def _recoloured(values: Tensor, rng: np.random.Generator) -> Tensor:
    factors = np.exp(rng.uniform(-math.log(COLOUR), math.log(COLOUR), (3, len(values), 1, 1, 1))).astype(np.float32)
    brightness, contrast, saturation = torch.from_numpy(factors).to(values.device)
    grey = values.mean(1, keepdim=True)
    values = grey + (values - grey) * saturation
    mean = values.mean((1, 2, 3), keepdim=True)
    return ((values - mean) * contrast + mean * brightness).clamp(0, 1)


def _erased(values: Tensor, rng: np.random.Generator) -> Tensor:
    n, _, height, width = values.shape
    sides = rng.uniform(0.1, RECTANGLE, (n, 2)) * (height, width)
    corners = rng.uniform(0, 1, (n, 2)) * ((height, width) - sides)
    hit = rng.random(n) < ERASED
    rows, columns = np.arange(height)[None], np.arange(width)[None]
    inside_rows = (rows >= corners[:, :1]) & (rows < corners[:, :1] + sides[:, :1])
    inside_columns = (columns >= corners[:, 1:]) & (columns < corners[:, 1:] + sides[:, 1:])
    inside = inside_rows[:, None, :, None] & inside_columns[:, None, None, :] & hit[:, None, None, None]
    return values.masked_fill(torch.from_numpy(inside).to(values.device), 0.5)
