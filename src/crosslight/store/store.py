"""The store: one folder that holds the maps and predictions of one study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.accessors import Accessor, shown
from ..core.errors import StoreError
from ..core.maps import Maps
from ..core.seeds import digest as digest_of
from .durable import make_folder, sweep_partial, write_files
from .failures import keep_failure, kept_failures
from .index import Index
from .layout import (
    MAP_ARRAYS,
    PARTIAL,
    STUDY,
    Manifest,
    map_arrays,
    plain,
    prediction_arrays,
    read_json,
    set_key,
    to_json,
)
from .reader import Rows, image_rows, read_arrays
from .records import Failure, MapBlock, MapSet, PredictionBlock, PredictionTable
from .selection import ordered_models, read_selection, selected_sets, write_selection
from .writer import Part, map_rows, prediction_rows, write_block

_CLUTTER = {PARTIAL, ".DS_Store", "desktop.ini"}  # not enough to call a folder someone else's


class Store:
    """Maps and predictions of one study, complete or in the making.

    Several processes may write into one store at once, as long as each (model, block) has one writer.
    Use `create` or `open`. ``store.plot`` draws figures, such as ``store.plot.matrix("Grad-CAM")``.
    """

    plot = Accessor("plot", "Figures of the study; see `crosslight.report.figures.plots.Plots`.")

    def __init__(self, path: Path, manifest: Manifest):
        self.path, self.manifest = path, manifest
        self._index = Index(path, manifest)
        self._groups = self._index.groups

    def __repr__(self) -> str:
        return f"<Store {str(self.path)!r}: {self.manifest.name}, {len(self.manifest.images)} images>"

    def _repr_html_(self) -> str:
        return shown(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return Store, (self.path, self.manifest)

    @classmethod
    def create(cls, path: str | Path, manifest: Manifest) -> Store:
        """Make a new store, or open the one of the same study to go on with it.

        Raises:
            StoreError: the folder holds another study or is no store; nothing is written then.
        """
        path = Path(path)
        if path.exists() and not path.is_dir():
            raise StoreError(f"{path} is a file: name a folder for the results")
        if (path / STUDY).exists():
            store = cls.open(path)
            _check_same(store.manifest, manifest, path)
            make_folder(path / PARTIAL)
        else:
            if path.is_dir() and any(entry.name not in _CLUTTER for entry in path.iterdir()):
                raise StoreError(f"{path} is not empty and holds no Crosslight study: name a new or an empty folder")
            make_folder(path / PARTIAL)
            write_files({path / STUDY: to_json(manifest.to_json())}, path / PARTIAL)
            store = cls.open(path)
        store._groups.create_root()
        return store

    @classmethod
    def open(cls, path: str | Path) -> Store:
        """Open a store; nothing is written.

        Raises:
            StoreError: there is none, or it is damaged.
        """
        path = Path(path)
        if not (path / STUDY).is_file():
            raise StoreError(f"{path} holds no Crosslight study: there is no {STUDY} in it")
        content = read_json(path / STUDY)
        if content is None:
            raise StoreError(f"{path / STUDY} is damaged: restore it from a copy, or use a new folder")
        return cls(path, Manifest.from_json(content, path / STUDY))

    # --- blocks

    @property
    def blocks(self) -> int:
        """How many blocks the images are cut into."""
        return self._index.blocks

    def block_slice(self, block: int) -> slice:
        """The images of a block; the last one may be short.

        Raises:
            IndexError: there is no such block.
        """
        return self._index.block_slice(block)

    # --- registering what is going to be stored

    def add_model(self, model: str, classes: int, attributes: Mapping[str, Any]) -> None:
        """Make room for a model's predictions; does nothing where it is there already.

        Args:
            model: the model's label.
            classes: number of classes; 0 for a model of which only maps will be stored.
            attributes: facts, class names (``classes``), preprocessing; ``digest`` says what may not change.

        Raises:
            StoreError: another model is stored under this label.
        """
        attributes = plain(attributes)
        mark = str(attributes.get("digest") or digest_of([classes, attributes]))
        attributes = {**attributes, "model": model, "digest": mark, "class_count": classes}
        arrays = prediction_arrays(len(self.manifest.images), self.manifest.block, classes)
        name = self._groups.add_model(model, arrays, attributes)
        stored = self._index.attributes(name)
        if (stored["digest"], stored["class_count"]) != (mark, classes):
            raise StoreError(
                f"{self.path} holds results of another model called {model!r} (other weights, classes, "
                "preprocessing or precision): give this one another label, or use a new folder"
            )

    def add_maps(
        self,
        model: str,
        label: str,
        digest: str,
        shape: tuple[int, int],
        attributes: Mapping[str, Any],
        diagnostics: Sequence[str] = (),
    ) -> str:
        """Make room for a set of maps; does nothing where it is there already.

        Args:
            model: a model that was added.
            label: the method's label.
            digest: digest of the settings; with another one the maps go to another group.
            shape: height and width of the maps.
            attributes: method, settings, finish, site, target, reference, ...
            diagnostics: names of measurements stored beside the maps.

        Returns:
            The key of the set within the model.

        Raises:
            StoreError: maps of this label and these settings are there, but from another site or of another
                shape.
        """
        clash = sorted(set(diagnostics) & set(MAP_ARRAYS))
        if clash:
            raise ValueError(f"a diagnostic may not be called {clash[0]!r}")
        key = set_key(label, digest)
        name = f"{self._groups.need(model)}/{key}"
        height, width = (int(side) for side in shape)
        fixed = {"digest": digest, "shape": [height, width], "diagnostics": list(diagnostics)}
        given = {**plain(attributes), "model": model, "label": label, "key": key, **fixed}
        arrays = map_arrays(len(self.manifest.images), self.manifest.block, (height, width), diagnostics)
        self._groups.add_maps(name, arrays, given)
        stored = self._index.attributes(name)
        for what in ("label", "site", *fixed):
            if stored.get(what) != given.get(what):
                raise StoreError(
                    f"the maps of {label!r} on {model!r} in {self.path} have {what} {stored.get(what)!r}, this "
                    f"run's have {given.get(what)!r} with the same settings (was a package updated?): use a new "
                    f"folder, or delete {self._groups.folder(name)} to compute them again"
                )
        return key

    # --- writing

    def write(
        self,
        model: str,
        block: int,
        *,
        predictions: PredictionBlock | None = None,
        maps: Mapping[str, MapBlock] | None = None,
        failures: Sequence[Failure] = (),
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        """Write one block of one model, and mark it done; on return it is on disk.

        Args:
            model: a model that was added.
            block: index of the block.
            predictions: the model's predictions, or None where they are there already.
            maps: maps by key, see `add_maps`.
            failures: what failed in this block; a failure of the stage ``method:LABEL`` is kept with that
                method's maps, any other with the predictions.
            notes: anything about the computation, such as seconds or a halved batch.

        Raises:
            StoreError: the model or a set of maps was not added, or the disk is full.
            ValueError: arrays that do not fit.
        """
        rows = self.block_slice(block)
        name = self._groups.need(model)
        parts: list[Part] = []
        if predictions is not None:
            target = self._index.target(name, block)
            if not target.arrays:
                raise StoreError(f"{model!r} was added without classes: its predictions cannot be stored")
            parts.append((target, prediction_rows(predictions)))
        for key, content in (maps or {}).items():
            target = self._index.target(f"{name}/{key}", block)
            parts.append((target, map_rows(content, [spec.name for spec in target.arrays[len(MAP_ARRAYS) :]])))
        write_block(parts, block, rows.stop - rows.start, failures, notes or {}, self.path / PARTIAL)

    def record_failure(self, failure: Failure) -> None:
        """Keep a failure that belongs to no block, such as a model that will not load."""
        keep_failure(self.path, failure)

    def forget_failures(self, model: str) -> None:
        """Drop what `record_failure` kept about a model, before trying it again."""
        for path, failure in kept_failures(self.path):
            if failure.model == model:
                path.unlink(missing_ok=True)

    def sweep(self) -> list[str]:
        """Clear up after a killed run; to be called once at the start of a run, before its workers.

        Removes temporary files of dead processes, and markers whose shards are missing or cut short.

        Returns:
            What was removed, relative to the store.
        """
        removed = [f"{PARTIAL}/{name}" for name in sweep_partial(self.path / PARTIAL)]
        return removed + self._index.drop_broken_markers()

    # --- what is done

    def is_done(self, model: str, key: str | None, block: int) -> bool:
        """Whether a block is finished, by its marker alone.

        Args:
            model: the model's label.
            key: a set of maps, or None for the predictions.
            block: index of the block.
        """
        name = self._groups.find(model)
        if name is None:
            return False
        return self._index.marker(name if key is None else f"{name}/{key}", block) is not None

    def select(self, sets: Mapping[str, Sequence[str]]) -> None:
        """Say which sets belong to the study as it is now, by model, in the order they are to be shown."""
        write_selection(self.path, sets)

    def models(self) -> tuple[str, ...]:
        """Labels of the models, in the order of the study; models that it no longer names follow."""
        return ordered_models(self._groups.models(), read_selection(self.path))

    def map_sets(self, model: str | None = None, every: bool = False) -> tuple[MapSet, ...]:
        """The sets of maps of the study as it is now, in its order, and those made elsewhere.

        Args:
            model: only this model's.
            every: those of earlier settings and of models no longer in the study, too.
        """
        selection = {} if every else read_selection(self.path)
        found: list[MapSet] = []
        for name in self.models() if model is None else (model,):
            sets = [self._index.map_set(path) for path in self._groups.inside(self._groups.need(name))]
            found += selected_sets(sets, name, selection)
        return tuple(found)

    def map_set(self, model: str, label_or_key: str) -> MapSet:
        """One set of maps.

        Raises:
            StoreError: there is none, or the label stands for several of them.
        """
        return self._index.map_set(self._index.find(model, label_or_key))

    def failures(self) -> list[Failure]:
        """Everything that failed, each once."""
        found = {failure: None for _, failure in kept_failures(self.path)}
        for *_, marker in self._index.markers():
            found |= {Failure(**failure): None for failure in marker["failures"]}
        return list(found)

    def notes(self) -> list[dict[str, Any]]:
        """The notes of every write: ``model``, ``block``, ``labels`` of the methods, and the notes themselves."""
        found: dict[str, dict[str, Any]] = {}
        for *_, marker in self._index.markers():
            start = {**marker["notes"], "model": marker["model"], "block": marker["block"], "labels": []}
            entry = found.setdefault(marker["task"], start)
            if marker["label"] is not None:
                entry["labels"].append(marker["label"])
        return list(found.values())

    # --- reading

    def predictions(self, model: str, images: Rows = None) -> PredictionTable:
        """A model's predictions.

        Args:
            model: the model's label.
            images: slice, indices or mask of the images wanted; None means all.

        Raises:
            StoreError: the store has none, or a file is damaged.
        """
        name = self._groups.need(model)
        attributes = self._index.attributes(name)
        if attributes["class_count"] == 0:
            raise StoreError(f"{self.path} holds maps of {model!r}, but no predictions")
        rows, found = self._read(name, images)
        return PredictionTable(
            model=model,
            images=tuple(self.manifest.images[row].identity for row in rows),
            logits=found["logits"],
            sizes=found["size"],
            status=found["status"],
            classes=tuple(attributes.get("classes") or map(str, range(attributes["class_count"]))),
            attributes=attributes,
        )

    def maps(self, model: str, label_or_key: str, images: Rows = None) -> Maps:
        """Maps of one method on one model, raw and at native resolution.

        Args:
            model: the model's label.
            label_or_key: the method's label, or a key where settings differ.
            images: slice, indices or mask of the images wanted; None means all.

        Raises:
            StoreError: the store has none, or a file is damaged.
        """
        return self._read_maps(self._index.find(model, label_or_key), images)

    def iter_blocks(self, model: str, label_or_key: str) -> Iterator[tuple[slice, Maps]]:
        """The same maps block by block, so that memory does not grow with the number of images."""
        group = self._index.find(model, label_or_key)
        for block in range(self.blocks):
            rows = self.block_slice(block)
            yield rows, self._read_maps(group, rows)

    def _read_maps(self, group: str, images: Rows) -> Maps:
        rows, found = self._read(group, images)
        return Maps(
            values=found.pop("maps"),
            boxes=found.pop("box"),
            status=found.pop("status"),
            targets=found.pop("target"),
            images=tuple(self.manifest.images[row].identity for row in rows),
            diagnostics=found,
            attributes=self._index.attributes(group),
            origin=str(self.path),
        )

    def _read(self, group: str, images: Rows) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
        rows = image_rows(images, len(self.manifest.images))
        known = self._index.known(group, rows)
        return rows, read_arrays(self._groups.folder(group), self._index.arrays(group), rows, known)


def _check_same(stored: Manifest, wanted: Manifest, path: Path) -> None:
    if stored.identity == wanted.identity and (stored.images, stored.block) == (wanted.images, wanted.block):
        return
    differences = []
    if stored.name != wanted.name:
        differences.append(f"its name is {stored.name!r}, not {wanted.name!r}")
    if len(stored.images) != len(wanted.images):
        differences.append(f"it has {len(stored.images)} images, not {len(wanted.images)}")
    elif stored.images != wanted.images:
        differences.append("its images, their order or their labels differ")
    if stored.seed != wanted.seed:
        differences.append(f"its seed is {stored.seed}, not {wanted.seed}")
    if stored.block != wanted.block:
        differences.append(f"its blocks have {stored.block} images, not {wanted.block}")
    what = "; ".join(differences) or "its batch size, threads or another fixed setting differs"
    raise StoreError(
        f"{path} holds the study {stored.name!r}, which is another one: {what}. "
        "Use a new folder, or the study as it was"
    )
