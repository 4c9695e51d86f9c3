"""Where the cells of a feature map lie in the input that a network is given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from ...core.errors import ModelError
from .capture import tensor_at, visiting
from .layout import Grid
from .site import Site
from .state import evaluating, every_module_called


@dataclass(frozen=True)
class Axis:
    """The cells of a grid along one axis, in pixels of the input.

    Attributes:
        size: number of cells.
        start: centre of the first cell; the input's own first pixel has its centre at .5.
        jump: from one centre to the next.
    """

    size: int
    start: float
    jump: float

    def windows(self, size: int, kernel: int, stride: int, padding: float = 0, dilation: int = 1) -> Axis:
        """The centres of `size` windows, as a convolution or a pooling lays them."""
        return Axis(size, self.start + self.jump * (dilation * (kernel - 1) / 2 - padding), self.jump * stride)

    def spread(self, size: int, kernel: int, stride: int, padding: float = 0, dilation: int = 1) -> Axis:
        """The cells from which `windows` would make these: what a transposed convolution returns."""
        jump = self.jump / stride
        return Axis(size, self.start - jump * (dilation * (kernel - 1) / 2 - padding), jump)

    def divided(self, size: int) -> Axis:
        """The same length in `size` equal cells."""
        jump = self.jump * self.size / size
        return Axis(size, self.start + (jump - self.jump) / 2, jump)

    def ends(self, size: int) -> Axis:
        """`size` cells whose first and last have the centres of these."""
        jump = self.jump * (self.size - 1) / (size - 1) if size > 1 else self.jump
        return Axis(size, self.start, jump)


Axes = tuple[Axis, Axis]


@dataclass(frozen=True)
class Place:
    """Where the cells of a site lie.

    Cell i stands for the part of the input around the centre of what it sees. A convolution of 3x3 with a stride of 2
    and a padding of 1 has its output i centred on the input's pixel 2i, not between 2i and 2i + 1: with every such
    layer the map as a whole lies further up and to the left than an even division of the input says.

    Attributes:
        rows: the cells from top to bottom.
        columns: the cells from left to right.
        image: height and width of the input.
        followed: whether the network's operations could be followed up to the site; otherwise the cells are those of
            an even division.
    """

    rows: Axis
    columns: Axis
    image: Grid
    followed: bool = True

    @property
    def offset(self) -> tuple[float, float]:
        """Down and right, in cells: the middle of the cells from that of the input. Negative is up and to the left."""
        down, right = (
            (axis.start + axis.jump * (axis.size - 1) / 2 - side / 2) * axis.size / side
            for axis, side in zip((self.rows, self.columns), self.image, strict=True)
        )
        return down, right

    @property
    def scale(self) -> tuple[float, float]:
        """From one cell to the next, down and right, as a share of the cells of an even division.

        It is 1 where the strides divide the input; 0.86 where an input of 299 pixels gives 8 cells with strides of 32.
        """
        down, right = (
            axis.jump * axis.size / side for axis, side in zip((self.rows, self.columns), self.image, strict=True)
        )
        return down, right

    @property
    def span(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom edge of the cells, as shares of the input's width and height."""
        (top, bottom), (left, right) = (
            ((axis.start - axis.jump / 2) / side, (axis.start + axis.jump * (axis.size - 0.5)) / side)
            for axis, side in zip((self.rows, self.columns), self.image, strict=True)
        )
        return left, top, right, bottom


def find_place(network: nn.Module, site: Site, example: Tensor) -> Place:
    """Where the cells of a site lie in the input, found by following one forward pass.

    Convolutions, pooling, padding, cropping, slicing and resizing change where the cells lie by their own parameters.
    All else keeps that: functions of single values, normalisation, products with weights, attention (its output lies
    where its queries do), and any change of layout. Where a grid turns into another one without such an operation, as
    in patch merging, the same length is divided anew. Where tensors of one grid meet that lie elsewhere, as at the end
    of some residual blocks, their mean is taken, weighted by how much each varies in this pass.

    The centre is that of the window of pixels that can matter. Learned kernels may prefer a part of it.

    Args:
        network: left as it was found.
        site: from `find_sites`.
        example: ``[b, c, h, w]``, of which the first image is used.

    Raises:
        ModelError: the site is not reached.
    """
    image = (int(example.shape[-2]), int(example.shape[-1]))
    found: list[Axes | None] = []
    surveyor = _Surveyor()

    def at_site(output: Any) -> None:
        found.append(surveyor.of(tensor_at(site, output), site.resolution))

    with evaluating(network), every_module_called(), torch.no_grad(), visiting(network, site, at_site):
        given = example[:1].detach().clone()
        surveyor.put(given, (Axis(image[0], 0.5, 1.0), Axis(image[1], 0.5, 1.0)))
        with surveyor:
            network(given)
    if not found:
        raise ModelError(f"{site.name} is not reached when this network runs")
    axes = found[0]
    if axes is not None:
        return Place(*axes, image)
    rows, columns = (Axis(side, 0.5, 1.0).divided(size) for side, size in zip(image, site.resolution, strict=True))
    return Place(rows, columns, image, followed=False)


def _grid(axes: Axes) -> Grid:
    return axes[0].size, axes[1].size


def _as_grid(axes: Axes, grid: Grid) -> Axes | None:
    """The axes of a tensor that has turned into another grid; None where one is no division of the other."""
    rows, columns = axes
    if _grid(axes) == grid:
        return axes
    whole = all(max(a.size, n) % min(a.size, n) == 0 for a, n in zip(axes, grid, strict=True))
    if not whole or rows.size * grid[1] != columns.size * grid[0]:
        return None
    return rows.divided(grid[0]), columns.divided(grid[1])


def _mean(known: Sequence[tuple[Axes, Tensor]]) -> Axes | None:
    """The mean, weighted by what each adds to the variance, of the axes of the grid that most values are on."""
    values: dict[Grid, int] = {}
    for axes, tensor in known:
        values[_grid(axes)] = values.get(_grid(axes), 0) + tensor.numel()
    if not values:
        return None
    most = max(values, key=lambda grid: values[grid])
    alike = [(axes, tensor) for axes, tensor in known if _grid(axes) == most]
    first = alike[0][0]
    if all(axes == first for axes, _ in alike):
        return first
    weights = [float(tensor.float().var(correction=0)) * tensor.numel() for _, tensor in alike]
    if not 0 < sum(weights) < math.inf:
        weights = [1.0] * len(alike)
    rows, columns = (
        Axis(
            most[i],
            sum(axes[i].start * weight for (axes, _), weight in zip(alike, weights, strict=True)) / sum(weights),
            sum(axes[i].jump * weight for (axes, _), weight in zip(alike, weights, strict=True)) / sum(weights),
        )
        for i in (0, 1)
    )
    return rows, columns


class _Surveyor(TorchDispatchMode):
    """Follows where the cells of tensors lie, from operation to operation."""

    def __init__(self) -> None:
        super().__init__()
        # A tensor is known by its memory: one that takes the place of another is another operation's output.
        self._axes: dict[tuple[Any, ...], Axes] = {}
        self._first: dict[Grid, Axes] = {}

    def put(self, tensor: Tensor, axes: Axes | None) -> None:
        """Remember where a tensor's cells lie."""
        if axes is None:
            self._axes.pop(_memory(tensor), None)
            return
        self._axes[_memory(tensor)] = axes
        self._first.setdefault(_grid(axes), axes)

    def of(self, tensor: Tensor, grid: Grid | None = None) -> Axes | None:
        """Where a tensor's cells lie, if it is known; as those of a grid, if one is given."""
        axes = self._axes.get(_memory(tensor))
        if axes is None or grid is None:
            return axes
        return _as_grid(axes, grid) or self._first.get(grid)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func._schema.name.removeprefix("aten::").rstrip("_")
        known = [(axes, t) for t in _tensors((*args, *kwargs.values())) if (axes := self.of(t)) is not None]
        rule = _RULES.get(name)
        given: dict[str, Any] = {}
        if rule is not None and known:
            names = [argument.name for argument in func._schema.arguments]
            given = {argument.name: argument.default_value for argument in func._schema.arguments}
            given |= dict(zip(names, args, strict=False)) | kwargs
        if name in _FIRST or name.startswith("_scaled_dot_product"):
            axes = known[0][0] if known else None
        else:
            axes = _mean(known)
        before = _shape(given)
        out = func(*args, **kwargs)
        for tensor in _tensors((out,)):
            own = axes
            if rule is not None and axes is not None:
                own = rule(self, given, before, tensor) or axes
            self.put(tensor, own)
        return out


def _memory(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype


def _tensors(values: Any) -> list[Tensor]:
    """The tensors among values, lists of tensors opened; without those that have no memory to know them by."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            if value.layout == torch.strided and value.numel():
                found.append(value)
        elif isinstance(value, list | tuple):
            found += _tensors(value)
    return found


def _shape(given: dict[str, Any]) -> tuple[int, ...]:
    tensor = given.get("input", given.get("self"))
    return tuple(tensor.shape) if isinstance(tensor, Tensor) else ()


# What a rule is told: the surveyor, the operation's arguments by name, the shape of the tensor that it reads, and a
# tensor that it returned. It gives that one's axes; None where it does not apply.
Rule = Callable[[_Surveyor, dict[str, Any], tuple[int, ...], Tensor], Axes | None]


def _pair(value: Any) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    return (int(value[0]), int(value[-1]))


def _read(surveyor: _Surveyor, given: dict[str, Any], shape: tuple[int, ...]) -> Axes | None:
    """Where the cells of an ``[n, c, h, w]`` operand lie."""
    if len(shape) not in (3, 4):
        return None
    return surveyor.of(given.get("input", given.get("self")), (shape[-2], shape[-1]))


def _convolution(surveyor: _Surveyor, given: dict[str, Any], shape: tuple[int, ...], out: Tensor) -> Axes | None:
    if len(shape) != 4:
        return None
    return _windowed(surveyor, given, shape, tuple(out.shape[2:]), given["weight"].shape[2:], given["transposed"])


def _pooling(surveyor: _Surveyor, given: dict[str, Any], shape: tuple[int, ...], out: Tensor) -> Axes | None:
    return _windowed(surveyor, given, shape, tuple(out.shape[-2:]), given["kernel_size"])


def _unfolding(surveyor: _Surveyor, given: dict[str, Any], shape: tuple[int, ...], out: Tensor) -> Axes | None:
    kernel = _pair(given["kernel_size"])
    lengths = (
        (side + 2 * pad - dilation * (k - 1) - 1) // stride + 1
        for side, k, stride, pad, dilation in zip(
            shape[-2:], kernel, *(_pair(given[key]) for key in ("stride", "padding", "dilation")), strict=True
        )
    )
    return _windowed(surveyor, given, shape, tuple(lengths), kernel)


def _windowed(
    surveyor: _Surveyor,
    given: dict[str, Any],
    shape: tuple[int, ...],
    grid: tuple[int, ...],
    kernel: Any,
    transposed: bool = False,
) -> Axes | None:
    axes = _read(surveyor, given, shape)
    if axes is None:
        return None
    settings = (
        _pair(kernel),
        _pair(given["stride"] or kernel),
        _pair(given["padding"]),
        _pair(given.get("dilation", 1)),
    )
    rows, columns = (
        (axis.spread if transposed else axis.windows)(size, *(value[i] for value in settings))
        for i, (axis, size) in enumerate(zip(axes, grid, strict=True))
    )
    return rows, columns


def _resizing(surveyor: _Surveyor, given: dict[str, Any], shape: tuple[int, ...], out: Tensor) -> Axes | None:
    axes = _read(surveyor, given, shape)
    if axes is None:
        return None
    rows, columns = axes
    height, width = out.shape[-2:]
    if given.get("align_corners"):
        return rows.ends(height), columns.ends(width)
    return rows.divided(height), columns.divided(width)


def _padding(surveyor: _Surveyor, given: dict[str, Any], shape: tuple[int, ...], out: Tensor) -> Axes | None:
    """Also cropping: by less than nothing. Channels may come last."""
    pads = list(given.get("pad", given.get("padding", ())))
    pads += [0] * (6 - len(pads))
    last = any(pads[4:6])
    if len(shape) < 3 or (last and any(pads[:2])) or len(pads) > 6:
        return None
    if last and len(shape) != 4:
        return None
    sides, grown, before = (
        (shape[1:3], out.shape[1:3], (pads[4], pads[2]))
        if last
        else (shape[-2:], out.shape[-2:], (pads[2], pads[0]))
    )
    axes = surveyor.of(given["self"], (sides[0], sides[1]))
    if axes is None:
        return None
    rows, columns = (
        axis.windows(size, 1, 1, pad) for axis, size, pad in zip(axes, grown, before, strict=True)
    )
    return rows, columns


def _slicing(surveyor: _Surveyor, given: dict[str, Any], shape: tuple[int, ...], out: Tensor) -> Axes | None:
    axes = surveyor.of(given["self"])
    if axes is None or len(shape) < 4:
        return None
    grid = _grid(axes)
    at = next((i for i in (len(shape) - 2, *range(1, len(shape) - 2)) if shape[i : i + 2] == grid), None)
    along = given["dim"] % len(shape)
    if at is None or along not in (at, at + 1):
        return None
    first = given["start"] or 0
    first = max(first + shape[along], 0) if first < 0 else first
    cut = list(axes)
    cut[along - at] = axes[along - at].windows(out.shape[along], 1, given["step"], -first)
    return cut[0], cut[1]


# The output of these lies where the first operand does that lies anywhere: queries, or what weights multiply.
_FIRST = {"mm", "addmm", "bmm", "baddbmm", "matmul", "linear"}

_RULES: dict[str, Rule] = {
    "convolution": _convolution,
    "max_pool2d_with_indices": _pooling,
    "avg_pool2d": _pooling,
    "im2col": _unfolding,
    "slice": _slicing,
    "constant_pad_nd": _padding,
    "reflection_pad2d": _padding,
    "replication_pad2d": _padding,
    "pad": _padding,
    "_adaptive_avg_pool2d": _resizing,
    "adaptive_max_pool2d": _resizing,
    "upsample_nearest2d": _resizing,
    "_upsample_nearest_exact2d": _resizing,
    "upsample_bilinear2d": _resizing,
    "upsample_bicubic2d": _resizing,
    "_upsample_bilinear2d_aa": _resizing,
    "_upsample_bicubic2d_aa": _resizing,
}
