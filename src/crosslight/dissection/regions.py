"""Where units answer strongly: the few cells that say which part of each picture is above a unit's threshold.

A map that is upsampled bilinearly is above a threshold only between cells of which one is. So those cells and their
eight neighbours give the exact region, and all others need not be kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import StoreError
from ..store import durable
from .saved import LAYERS, PARTIAL, read_manifest

#: file of the boxes and sizes, which all layers share
GEOMETRY = "geometry.npz"


@dataclass(frozen=True)
class Cells:
    """Cells of a layer's maps of a few consecutive images, in the order of images, units and cells.

    Attributes:
        first: row of the first image.
        starts: int64 ``[images + 1]``: where the cells of each image begin, and where the last ends.
        index: uint32 ``[n]``: ``unit * cells of a map + cell``, cells counted row by row.
        values: float32 ``[n]``: the activation there.
    """

    first: int
    starts: NDArray[np.int64]
    index: NDArray[np.uint32]
    values: NDArray[np.float32]

    @property
    def images(self) -> int:
        """How many there are."""
        return len(self.starts) - 1


@dataclass(frozen=True)
class Regions:
    """The regions of a layer's units on all images.

    Attributes:
        layer: name of the layer.
        grid: rows and columns of its maps.
        thresholds: float32 ``[units]``.
        boxes: float64 ``[images, 4]``: what the maps cover, as left, top, right and bottom in pixels of the upright
            picture; NaN where it could not be read.
        sizes: int32 ``[images, 2]``: height and width of the upright pictures; -1 likewise.
        parts: the cells, or the files that hold them; together, of all images in their order.
    """

    layer: str
    grid: tuple[int, int]
    thresholds: NDArray[np.float32]
    boxes: NDArray[np.float64]
    sizes: NDArray[np.int32]
    parts: tuple[Cells | Path, ...]

    @property
    def units(self) -> int:
        """How many there are."""
        return len(self.thresholds)

    def images(self) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.float32]]]:
        """The maps of every image that any unit answers to strongly.

        Yields:
            The image's row, the units, and their maps, float32 ``[those units, rows, columns]``, exact wherever the
            upsampled map is above the threshold, and at the threshold or below elsewhere.
        """
        rows, columns = self.grid
        for part in self.parts:
            cells = part if isinstance(part, Cells) else read_cells(part)
            for image, (start, end) in enumerate(
                zip(cells.starts[:-1].tolist(), cells.starts[1:].tolist(), strict=True)
            ):
                if start == end:
                    continue
                unit, cell = np.divmod(cells.index[start:end], np.uint32(rows * columns))
                units, which = np.unique(unit, return_inverse=True)
                values = cells.values[start:end]
                # Cells that are not kept have no neighbour above the threshold: the least kept value is at most there.
                least = np.minimum(self.thresholds[units], -np.abs(self.thresholds[units]))
                maps = np.repeat(least[:, None], rows * columns, axis=1)
                maps[which, cell] = values
                yield cells.first + image, units.astype(np.intp), maps.reshape(len(units), rows, columns)


def near(above: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells that are inside, and their eight neighbours.

    Args:
        above: bool ``[..., rows, columns]``.
    """
    wide = above.copy()
    wide[..., 1:, :] |= above[..., :-1, :]
    wide[..., :-1, :] |= above[..., 1:, :]
    full = wide.copy()
    full[..., 1:] |= wide[..., :-1]
    full[..., :-1] |= wide[..., 1:]
    return full


def kept_cells(cells: Cells, grid: tuple[int, int], thresholds: NDArray[np.float32]) -> Cells:
    """Only the cells that matter at these thresholds: those above, and their neighbours.

    Args:
        cells: at least those.
        grid: rows and columns of a map.
        thresholds: float32 ``[units]``, no lower than those that the cells were chosen by.
    """
    size = np.uint32(grid[0] * grid[1])
    keep = np.zeros(len(cells.index), bool)
    for start, end in zip(cells.starts[:-1].tolist(), cells.starts[1:].tolist(), strict=True):
        index = cells.index[start:end]
        if not len(index):
            continue
        unit, cell = np.divmod(index, size)
        units, which = np.unique(unit, return_inverse=True)
        above = np.zeros((len(units), int(size)), bool)
        above[which, cell] = cells.values[start:end] > thresholds[unit]
        keep[start:end] = near(above.reshape(len(units), *grid)).reshape(len(units), -1)[which, cell]
    starts = np.concatenate([[0], np.cumsum(keep)])[cells.starts]
    return Cells(cells.first, starts.astype(np.int64), cells.index[keep], cells.values[keep])


def open_regions(out: str | Path, layer: str) -> Regions:
    """The regions of a layer of a saved dissection, read part by part.

    Raises:
        StoreError: the folder holds none.
    """
    folder = Path(out)
    manifest = read_manifest(folder)
    found = next((one for one in manifest["layers"] if one["name"] == layer), None)
    place = folder / LAYERS / found["folder"] if found else folder
    files = sorted(place.glob("regions-*.npz"))
    if found is None or not files or not (folder / GEOMETRY).is_file():
        raise StoreError(f"{folder} keeps no regions of {layer}, which masks are compared with: dissect once more")
    with np.load(folder / GEOMETRY, allow_pickle=False) as arrays:
        boxes, sizes = arrays["boxes"], arrays["sizes"]
    thresholds = np.load(place / "thresholds.npy", allow_pickle=False)
    return Regions(layer, (int(found["grid"][0]), int(found["grid"][1])), thresholds, boxes, sizes, tuple(files))


def save_cells(cells: Cells, path: Path, partial: Path) -> None:
    """Write cells into a file.

    Args:
        cells: of a few images.
        path: of the file.
        partial: folder for temporary files.
    """
    durable.write_files({path: npz(first=np.array(cells.first), **_arrays(cells))}, partial)


def save_geometry(folder: Path, boxes: NDArray[np.float64], sizes: NDArray[np.int32]) -> None:
    """Write what the maps of each image cover, and how large its picture is."""
    durable.make_folder(folder / PARTIAL)
    durable.write_files({folder / GEOMETRY: npz(boxes=boxes, sizes=sizes)}, folder / PARTIAL)


def read_cells(path: Path) -> Cells:
    """What `save_cells` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        return Cells(int(arrays["first"]), arrays["starts"], arrays["index"], arrays["values"])


def npz(**arrays: NDArray[np.generic]) -> bytes:
    """Arrays as the content of an NPZ file."""
    file = BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _arrays(cells: Cells) -> dict[str, NDArray[np.generic]]:
    return {"starts": cells.starts, "index": cells.index, "values": cells.values}
