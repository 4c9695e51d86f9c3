"""How a tensor holds its spatial cells, and how to read that from its shape."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Kind = Literal["NCHW", "NHWC", "NLC", "NCL", "LNC"]
Grid = tuple[int, int]

MOST_PREFIX_TOKENS = 16
FEWEST_TOKEN_CHANNELS = 16  # below this, [1, 1, 256] would pass for a 16x16 map of one channel


@dataclass(frozen=True)
class Layout:
    """Where the spatial cells of a tensor are.

    Attributes:
        kind: order of the axes: batch N, channels C, rows H, columns W, tokens L. Only ``LNC`` does not begin with
            the batch.
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

    @property
    def batch_axis(self) -> int:
        """The axis of the batch."""
        return self.kind.index("N")

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
            case "LNC":
                return native[self.prefix :].permute(1, 2, 0).unflatten(2, self.grid)

    def to_native(self, features: Tensor, like: Tensor) -> Tensor:
        """The inverse: a tensor in this layout with the given cells; prefix tokens come from `like`.

        Args:
            features: ``[n * b, c, h, w]``.
            like: a tensor in this layout for ``b`` images; its prefix tokens are repeated for every n.

        Returns:
            ``[n * b, ...]`` with the memory format of `like`, because what follows in the network may ask
            for a view that needs it.
        """
        if self.kind in ("NCHW", "NHWC"):
            native = features if self.kind == "NCHW" else features.permute(0, 2, 3, 1)
            if not like.is_contiguous() and like.is_contiguous(memory_format=torch.channels_last):
                return native.contiguous(memory_format=torch.channels_last)
            return native.contiguous()
        cells = features.flatten(2).permute(["NCL".index(axis) for axis in self.kind])
        if self.prefix:
            batch, axis = self.batch_axis, self.kind.index("L")
            prefix = like.narrow(axis, 0, self.prefix)
            repeats = [cells.shape[i] // like.shape[i] if i == batch else 1 for i in range(3)]
            cells = torch.cat([prefix.repeat(repeats), cells], dim=axis)
        return cells.contiguous()


def find_layout(
    shape: Sequence[int],
    image: Grid,
    prefix_tokens: int | None = None,
    seen: Collection[Grid] = (),
) -> Layout | None:
    """Read the layout of a tensor from its shape.

    The grid must have the image's proportions. Tokens are a prefix and a grid: the known prefix comes first, then
    those that lead to a grid that the network has held as a map before, then the smallest; there are no more prefix
    tokens than cells. Tokens behind channels are flattened maps, so their grid must be one of those.

    Args:
        shape: of a tensor of three or four axes for one image.
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
    orders: list[tuple[Kind, int, int]] = [("NLC", shape[1], shape[2]), ("NCL", shape[2], shape[1])]
    if shape[1] == 1 < shape[0]:
        orders = [("LNC", shape[0], shape[2])]
    found = [
        Layout(kind, *grid, prefix)
        for kind, tokens, channels in orders
        for prefix, grid in _token_grids(tokens, image)
        if (channels >= FEWEST_TOKEN_CHANNELS and kind != "NCL") or (channels > 1 and kind == "NCL" and grid in seen)
    ]
    return min(found, key=lambda f: (f.prefix != prefix_tokens, f.grid not in seen, f.prefix), default=None)


def _token_grids(tokens: int, image: Grid) -> Iterator[tuple[int, Grid]]:
    """Every split of `tokens` into a prefix and a grid with the image's proportions."""
    for prefix in range(min(MOST_PREFIX_TOKENS, tokens // 2) + 1):
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
