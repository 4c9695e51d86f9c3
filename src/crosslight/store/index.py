"""What a store knows about its blocks without reading an array: groups, stamps and markers together."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import StoreError, suggestion
from .durable import remove_file
from .groups import Groups
from .layout import DONE, PREDICTIONS, ArraySpec, Manifest, map_arrays, prediction_arrays
from .markers import Stamp, broken_file, marker_name, read_marker, stamp
from .records import MapSet
from .selection import read_selection
from .writer import Target


class Index:
    """Finds the groups and the finished blocks of one store.

    A group is named as within ``maps.zarr``: ``MODEL`` for predictions, ``MODEL/KEY`` for a set of maps.

    Args:
        path: the store's folder.
        manifest: its manifest.
    """

    def __init__(self, path: Path, manifest: Manifest):
        self.path, self.manifest = path, manifest
        self.groups = Groups(path)
        self._stamps: dict[tuple[str, int], Stamp] = {}

    @property
    def blocks(self) -> int:
        """How many blocks the images are cut into."""
        return -(-len(self.manifest.images) // self.manifest.block)

    def block_slice(self, block: int) -> slice:
        """The images of a block.

        Raises:
            IndexError: there is no such block.
        """
        if not 0 <= block < self.blocks:
            raise IndexError(f"block {block} of {self.blocks}")
        start = block * self.manifest.block
        return slice(start, min(start + self.manifest.block, len(self.manifest.images)))

    def attributes(self, group: str) -> dict[str, Any]:
        """The attributes of a group.

        Raises:
            StoreError: there is no such group.
        """
        found = self.groups.attributes(group)
        if found is None:
            raise StoreError(f"{self.path} has no group {group!r}: add_model or add_maps makes it")
        return found

    def arrays(self, group: str) -> tuple[ArraySpec, ...]:
        """The arrays of a group."""
        images, block = len(self.manifest.images), self.manifest.block
        found = self.attributes(group)
        if "/" not in group:
            return prediction_arrays(images, block, found["class_count"])
        height, width = found["shape"]
        return map_arrays(images, block, (height, width), found["diagnostics"])

    def map_set(self, group: str) -> MapSet:
        """A set of maps, as far as it is done."""
        found = self.attributes(group)
        height, width = found["shape"]
        return MapSet(
            key=found["key"],
            model=found["model"],
            label=found["label"],
            method=found.get("method", ""),
            attributes=found,
            shape=(height, width),
            diagnostics=tuple(found["diagnostics"]),
            done=tuple(block for block in range(self.blocks) if self.marker(group, block) is not None),
            blocks=self.blocks,
            group=group,
        )

    def find(self, model: str, label_or_key: str) -> str:
        """The group of a set of maps, by its key or by its label where only one set, or one selected, has it.

        Raises:
            StoreError: there is none, or the label stands for several.
        """
        groups = self.groups.inside(self.groups.need(model))
        labels = {group: self.attributes(group)["label"] for group in groups}
        found = [group for group in groups if group.endswith(f"/{label_or_key}")]
        found = found or [group for group in groups if labels[group] == label_or_key]
        if len(found) > 1:
            keys = read_selection(self.path).get(model, [])
            found = [group for group in found if group.split("/")[1] in keys] or found
        if len(found) == 1:
            return found[0]
        if found:
            keys = " or ".join(repr(group.split("/")[1]) for group in found)
            raise StoreError(
                f"{label_or_key!r} was computed on {model!r} with several settings: name one by its key, {keys}"
            )
        near = suggestion(label_or_key, labels.values())
        raise StoreError(f"{self.path} holds no maps of {label_or_key!r} on {model!r}{near}")

    def target(self, group: str, block: int) -> Target:
        """Where a block of a group is written."""
        found = self.attributes(group)
        return Target(
            group=self.groups.folder(group),
            marker=self.marker_path(group, block),
            arrays=self.arrays(group),
            stamp=self._stamp(group, block),
            model=found["model"],
            key=found.get("key"),
            label=found.get("label"),
        )

    def marker_path(self, group: str, block: int) -> Path:
        """Where a block's marker stands."""
        folder = self.path / DONE / group
        return (folder if "/" in group else folder / PREDICTIONS) / marker_name(block)

    def marker(self, group: str, block: int) -> dict[str, Any] | None:
        """A block's marker, or None where the block is not done."""
        if self.groups.attributes(group) is None:
            return None
        return read_marker(self.marker_path(group, block), self._stamp(group, block))

    def markers(self) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Group, block and marker of everything that is done."""
        for model in self.groups.models().values():
            for group in [model, *self.groups.inside(model)]:
                for block in range(self.blocks):
                    marker = self.marker(group, block)
                    if marker is not None:
                        yield group, block, marker

    def known(self, group: str, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which images lie in finished blocks.

        Args:
            group: a group.
            rows: ``[n]``, positions of images.

        Returns:
            ``[n]``.

        Raises:
            StoreError: a file of a finished block is missing or cut short.
        """
        blocks = rows // self.manifest.block
        done = np.zeros(self.blocks, bool)
        for block in np.unique(blocks).tolist():
            marker = self.marker(group, block)
            if marker is None:
                continue
            broken = broken_file(marker, self.groups.folder(group))
            if broken is not None:
                raise StoreError(f"{broken} is missing or cut short: run the study again to repair it")
            done[block] = True
        return done[blocks]

    def drop_broken_markers(self) -> list[str]:
        """Remove markers whose shards are missing or cut short, and those of groups that are gone.

        Returns:
            What was removed, relative to the store.
        """
        removed = []
        for group, block, marker in list(self.markers()):
            if broken_file(marker, self.groups.folder(group)) is not None:
                path = self.marker_path(group, block)
                remove_file(path)
                removed.append(path)
        for folder in sorted((self.path / DONE).glob("*/*")):
            model, key = folder.parent.name, folder.name
            if not self.groups.folder(model if key == PREDICTIONS else f"{model}/{key}").is_dir():
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder)
        return [path.relative_to(self.path).as_posix() for path in removed]

    def _stamp(self, group: str, block: int) -> Stamp:
        if (group, block) not in self._stamps:
            images = self.manifest.images[self.block_slice(block)]
            self._stamps[group, block] = stamp(self.attributes(group), [image.identity for image in images])
        return self._stamps[group, block]
