"""How a tensor holds its spatial cells, and how to read that from its shape."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Kind = Literal["NCHW", "NHWC", "NLC", "NCL"]
Grid = tuple[int, int]

MOST_PREFIX_TOKENS = 16
FEWEST_TOKEN_CHANNELS = 16  # below this, [1, 1, 256] would pass for a 16x16 map of one channel


@dataclass(frozen=True)
class Layout:
    """Where the spatial cells of a tensor are.

    Attributes:
        kind: order of the axes: batch N, channels C, rows H, columns W, tokens L.
        height: rows of the grid.
        width: columns of the grid.
        prefix: tokens before the first cell, such as a class token and registers (token kinds only).
    """

    kind: Kind
    height: int
    width: int
    prefix: int = 0

    @property
    def grid(self) -> Grid:
        """Rows and columns."""
        return self.height, self.width

    def channels(self, shape: Sequence[int]) -> int:
        """The channels of a tensor of this layout and this shape."""
        return int(shape[self.kind.index("C")])

    def to_features(self, native: Tensor) -> Tensor:
        """The spatial cells as ``[b, c, h, w]``: a view where strides allow, differentiable.

        Args:
            native: a tensor in this layout, as its network holds it.
        """
        match self.kind:
            case "NCHW":
                return native
            case "NHWC":
                return native.permute(0, 3, 1, 2)
            case "NLC":
                return native[:, self.prefix :].transpose(1, 2).unflatten(2, self.grid)
            case "NCL":
                return native[:, :, self.prefix :].unflatten(2, self.grid)

    def to_native(self, features: Tensor, like: Tensor) -> Tensor:
        """The inverse: a tensor in this layout with the given cells; prefix tokens come from `like`.

        Args:
            features: ``[n * b, c, h, w]``.
            like: a tensor in this layout with ``b`` rows; its prefix tokens are repeated for every n.

        Returns:
            ``[n * b, ...]`` with the memory format of `like`, because what follows in the network may ask
            for a view that needs it.
        """
        if self.kind in ("NCHW", "NHWC"):
            native = features if self.kind == "NCHW" else features.permute(0, 2, 3, 1)
            if not like.is_contiguous() and like.is_contiguous(memory_format=torch.channels_last):
                return native.contiguous(memory_format=torch.channels_last)
            return native.contiguous()
        axis = self.kind.index("L")
        cells = features.flatten(2)
        cells = cells.transpose(1, 2) if self.kind == "NLC" else cells
        if self.prefix:
            prefix = like.narrow(axis, 0, self.prefix)
            cells = torch.cat([prefix.repeat(len(cells) // len(like), 1, 1), cells], dim=axis)
        return cells.contiguous()


def find_layout(
    shape: Sequence[int],
    image: Grid,
    prefix_tokens: int | None = None,
    seen: Collection[Grid] = (),
) -> Layout | None:
    """Read the layout of a tensor from its shape.

    The grid must have the image's proportions. Tokens are a prefix and a grid: the known prefix is tried first,
    then those that lead to a grid that the network has held as a map before, then the smallest.

    Args:
        shape: of a tensor of three or four axes, the batch first.
        image: height and width of the network's input.
        prefix_tokens: how many there are, where it is known.
        seen: grids of four-axis tensors met earlier in the network.

    Returns:
        The layout, or None where the shape holds no grid of at least 2x2 cells.
    """
    if len(shape) == 4:
        _, a, b, c = shape
        if _proportional((b, c), image):
            return Layout("NCHW", b, c)
        return Layout("NHWC", a, b) if _proportional((a, b), image) else None
    if len(shape) != 3:
        return None
    for kind, tokens, channels in (("NLC", shape[1], shape[2]), ("NCL", shape[2], shape[1])):
        if channels < FEWEST_TOKEN_CHANNELS:
            continue
        found = list(_token_grids(tokens, image))
        if found:
            prefix, grid = min(found, key=lambda f: (f[0] != prefix_tokens, f[1] not in seen, f[0]))
            return Layout(kind, *grid, prefix)  # type: ignore[arg-type]
    return None


def _token_grids(tokens: int, image: Grid) -> Iterator[tuple[int, Grid]]:
    """Every split of `tokens` into a prefix and a grid with the image's proportions."""
    for prefix in range(min(MOST_PREFIX_TOKENS, tokens - 4) + 1):
        cells = tokens - prefix
        if image[0] == image[1]:
            side = math.isqrt(cells)
            grids = [(side, side)] if side * side == cells else []
        else:
            grids = [(h, cells // h) for h in range(2, cells // 2 + 1) if cells % h == 0]
        grids = [grid for grid in grids if _proportional(grid, image)]
        if grids:
            yield prefix, min(grids, key=lambda grid: _distortion(grid, image))


def _distortion(grid: Grid, image: Grid) -> float:
    """How far a cell is from being square in the image: 0 is square."""
    return abs((image[0] / grid[0]) / (image[1] / grid[1]) - 1)


def _proportional(grid: Grid, image: Grid) -> bool:
    """Whether a grid can come from the image by equal strides in both directions (one cell of rounding)."""
    if min(grid) < 2 or grid[0] > image[0] or grid[1] > image[1]:
        return False
    if image[0] == image[1]:
        return grid[0] == grid[1]
    return _distortion(grid, image) < 1 / min(grid)
