"""Blocks of images on disk, so that a run that is killed goes on where it was.

A block is one file, written under a temporary name, flushed and renamed; a small marker follows that says of which
settings and which images it is. Only markers are believed.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.seeds import digest
from ..store import durable
from ..store.layout import read_json, to_json
from .regions import npz
from .units import UnitBlock

BLOCKS = "blocks"


class Blocks:
    """The blocks of one run.

    Args:
        folder: where they are; it is created. What is there of other settings is removed.
        settings: digest of all that they depend on.
        identities: of the images, in the order of the rows.
        length: images of a block.
        layers: how many layers each block has.
    """

    def __init__(self, folder: Path, settings: str, identities: Sequence[str], length: int, layers: int) -> None:
        self.folder, self.length, self.images = folder, length, len(identities)
        self._layers = layers
        self._partial = folder / ".partial"
        durable.make_folder(self._partial)
        durable.sweep_partial(self._partial)
        self._keys = [digest([settings, list(identities[start:stop])]) for start, stop in self.spans()]
        done = {name for number in range(len(self._keys)) if self.done(number) for name in self._names(number)}
        for path in folder.iterdir():
            if path.is_file() and path.name not in done:
                durable.remove_file(path)

    def __len__(self) -> int:
        return len(self._keys)

    def spans(self) -> list[tuple[int, int]]:
        """The first row of each block, and the one after its last."""
        return [(start, min(start + self.length, self.images)) for start in range(0, self.images, self.length)]

    def done(self, number: int) -> bool:
        """Whether a block is complete on disk."""
        data, marker = (self.folder / name for name in self._names(number))
        found = read_json(marker)
        return isinstance(found, Mapping) and found.get("key") == self._keys[number] and data.is_file()

    def write(
        self,
        number: int,
        layers: Sequence[UnitBlock],
        boxes: NDArray[np.float64],
        sizes: NDArray[np.int32],
        failures: Mapping[int, str],
    ) -> None:
        """Put a block on disk: first its data, then its marker.

        Args:
            number: of the block.
            layers: what is kept of each layer.
            boxes: float64 ``[images, 4]``.
            sizes: int32 ``[images, 2]``.
            failures: why images could not be used, by their row in the whole set.
        """
        arrays: dict[str, NDArray[Any]] = {"boxes": boxes, "sizes": sizes}
        for layer, kept in enumerate(layers):
            arrays |= {f"{layer}.{name}": value for name, value in kept.arrays().items()}
        data, marker = (self.folder / name for name in self._names(number))
        durable.write_files({data: npz(**arrays)}, self._partial)
        content = {"key": self._keys[number], "failures": {str(row): why for row, why in failures.items()}}
        durable.write_files({marker: to_json(content)}, self._partial)

    def read(self, number: int, layer: int, *, cells: bool = True) -> UnitBlock:
        """What a block keeps of a layer.

        Args:
            number: of the block.
            layer: of the run's layers, from 0.
            cells: whether to read the cells; without, there are none.
        """
        start, stop = self.spans()[number]
        none = {"starts": np.zeros(stop - start + 1, np.int64)}
        none |= {"index": np.empty(0, np.uint32), "values": np.empty(0, np.float32)}
        with np.load(self.folder / self._names(number)[0], allow_pickle=False) as file:
            names = [name for name in file.files if name.partition(".")[0] == str(layer)]
            found = {name.partition(".")[2]: name for name in names}
            return UnitBlock.of(
                start, {key: none[key] if key in none and not cells else file[name] for key, name in found.items()}
            )

    def geometry(self) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Boxes and sizes of all images."""
        boxes, sizes = [], []
        for number in range(len(self)):
            with np.load(self.folder / self._names(number)[0], allow_pickle=False) as file:
                boxes.append(file["boxes"])
                sizes.append(file["sizes"])
        return np.concatenate(boxes), np.concatenate(sizes)

    def failures(self) -> dict[int, str]:
        """Why images could not be used, by row."""
        found = [read_json(self.folder / self._names(number)[1])["failures"] for number in range(len(self))]
        return {int(row): reason for one in found for row, reason in one.items()}

    def remove(self) -> None:
        """Remove all of them; the run is complete without."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _names(self, number: int) -> tuple[str, str]:
        return f"{number:05d}.npz", f"{number:05d}.json"
