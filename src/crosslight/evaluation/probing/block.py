"""One block of images of one model, probed: what is missing on disk is measured and put there."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ...core.devices import is_out_of_memory
from ...core.errors import CrosslightError, ImageError, InputError, MethodError
from ...evidence import Gathering
from ...images import make_batch
from ...methods import find_method
from ...store import MapSet, Store
from ...store.pictures import Pictures
from ..baselines import BASELINES
from .asked import Asked
from .entries import BlockMaps, Entry, subject_of, together
from .kept import Kept, read_kept, target_key
from .metric import Result

if TYPE_CHECKING:
    from ...core.geometry import Preprocess
    from ...models import Classifier
    from .subject import Subject

#: maps in one subject, as a multiple of the batch size
_SUBJECT = 4
#: height and width over which maps are laid where the store does not say how large inputs are
_SIZE = (224, 224)


@dataclass(frozen=True)
class Work:
    """What stays the same for all blocks of a model.

    Attributes:
        store: whose maps.
        model: label of the model.
        sets: of maps of this model.
        asked: the metrics.
        load: gives the classifier on its device; called when something has to be measured.
        pictures: of the store.
        draws: random maps for each image.
        seed: of the evaluation.
        batch_size: most images that go through the network at once.
        base: folder that relative paths of a user's methods start from.
        tell: told of every map that is done.
    """

    store: Store
    model: str
    sets: tuple[MapSet, ...]
    asked: tuple[Asked, ...]
    load: Callable[[], Classifier]
    pictures: Pictures
    draws: int
    seed: int
    batch_size: int
    base: Path | None = None
    tell: Callable[[int], None] = lambda maps: None

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """What the store says of the model; nothing of maps made elsewhere."""
        try:
            return dict(self.store.predictions(self.model, slice(0, 0)).attributes)
        except CrosslightError:
            return {}

    @cached_property
    def preprocess(self) -> Preprocess | None:
        """How the model's inputs were made, as the store says."""
        from ...core.geometry import Preprocess

        try:
            stored: dict[str, Any] = self.attributes["preprocess"]
            given: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in stored.items()}
            return Preprocess(**given)
        except (KeyError, TypeError, ValueError):
            return None

    def said(self, asked: Asked) -> dict[str, Any]:
        """What values depend on beside the maps."""
        return {
            "metric": asked.name,
            "model": self.model,
            "digest": str(self.attributes.get("digest", "")),
            "settings": asked.written,
            "draws": self.draws if asked.with_baselines else 0,
            "seed": self.seed,
            "study_seed": self.store.manifest.seed,
        }

    def kept(self, asked: Asked, block: int) -> Kept:
        """What is on disk."""
        return read_kept(self.store.path, self.model, asked.name, self.said(asked), block)


@dataclass
class Block:
    """One block while it is worked on.

    Args:
        work: what stays the same.
        number: of the block.
        images: how many of its images are probed.
    """

    work: Work
    number: int
    images: int
    memory: dict[Hashable, Any] = field(default_factory=dict)
    unseen: dict[int, str] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)

    def measure(self, asked: Asked) -> Kept:
        """Measure one metric as far as it is not on disk."""
        kept = self.work.kept(asked, self.number)
        missing = self._missing(asked, kept)
        planned = self.images * (len(self.work.sets) + (asked.with_baselines * (self.work.draws + 2)))
        self.work.tell(planned - len(missing))
        if not missing:
            return kept
        gathering = None if asked.reads_maps_alone else self.gathering
        if asked.reads_maps_alone:  # which knows no picture to find edges in
            for entry in missing:
                if entry.source == "edge":
                    self._keep(kept, entry, float("nan"))
        usable = []
        for entry in missing:
            if gathering is None and entry.source == "edge":
                self.work.tell(1)
            elif gathering is not None and entry.image in self.unseen:
                self._fail(kept, [entry], self.unseen[entry.image])
            else:
                usable.append(entry)
        groups = [usable] if asked.metric.needs == "map" else _by_source(usable)
        for group in groups:
            for part in together(group, self.maps, _SUBJECT * self.work.batch_size):
                self._try(asked, kept, part, self.work.batch_size)
        kept.write(self.work.store.path)
        return kept

    @cached_property
    def slice(self) -> slice:
        """The images of the block that are probed."""
        start = self.work.store.block_slice(self.number).start
        return slice(start, start + self.images)

    @cached_property
    def maps(self) -> BlockMaps:
        """The maps of the block."""
        work = self.work
        entries = work.store.manifest.images[self.slice]
        return BlockMaps(
            identities=tuple(entry.identity for entry in entries),
            sets={one.key: work.store.maps(work.model, one.key, self.slice) for one in work.sets},
            boxes=np.full((self.images, 4), np.nan),
            size=work.preprocess.size if work.preprocess is not None else _SIZE,
            preprocess=work.preprocess,
            seed=work.seed,
        )

    @cached_property
    def gathering(self) -> Gathering:
        """The classifier with the images that can be had."""
        work = self.work
        classifier, pictures = work.load(), []
        for image, identity in enumerate(self.maps.identities):
            try:
                pictures.append(work.pictures.load(identity))
                self.rows[image] = len(self.rows)
            except ImageError as error:
                self.unseen[image] = str(error)
        labels = work.attributes.get("labels") or [None] * len(work.store.manifest.images)
        known = list(self.rows)
        if not known:
            raise InputError(f"{work.store.path}: no picture can be had, such as: {next(iter(self.unseen.values()))}")
        batch = make_batch(
            pictures,
            classifier.preprocess,
            [self.maps.identities[image] for image in known],
            [labels[self.slice.start + image] for image in known],
        )
        for image, box in zip(known, batch.boxes, strict=True):
            self.maps.boxes[image] = box.as_tuple()
        return Gathering(classifier, batch, batch_size=work.batch_size, seed=work.store.manifest.seed)

    def _missing(self, asked: Asked, kept: Kept) -> list[Entry]:
        """What is not on disk, baselines of every class that is explained included."""
        missing: list[Entry] = []
        targets: dict[tuple[int, tuple[int, int]], None] = {}
        for one in self.work.sets:
            maps = self.maps.sets[one.key]
            for image in np.flatnonzero(maps.usable & (maps.targets[:, 0] >= 0)).tolist():
                target = int(maps.targets[image, 0]), int(maps.targets[image, 1])
                targets[image, target] = None
                if self.maps.identities[image] not in kept.sets.get(one.key, {}):
                    missing.append(Entry(image, one.key, target))
        if not asked.with_baselines:
            return missing
        for image, target in targets:
            known = kept.baselines.get(self.maps.identities[image], {})
            if target_key(target) not in known:
                missing += [Entry(image, "random", target, draw) for draw in range(self.work.draws)]
                missing += [Entry(image, source, target) for source in BASELINES if source != "random"]
        return missing

    def _try(self, asked: Asked, kept: Kept, entries: Sequence[Entry], batch_size: int) -> None:
        """Measure some maps, in smaller batches where memory runs out, else image by image, map by map."""
        try:
            self._apply(asked, kept, entries, batch_size)
            return
        except Exception as error:
            memory, reason = is_out_of_memory(error), _reason(error)
        # Only here has the error let go of the tensors of what failed.
        if memory and batch_size > 1:
            self._try(asked, kept, entries, max(1, batch_size // 2))
        elif len(entries) > 1:
            images = sorted({entry.image for entry in entries})
            for key in images if len(images) > 1 else range(len(entries)):
                part = [entry for at, entry in enumerate(entries) if key == (entry.image if len(images) > 1 else at)]
                self._try(asked, kept, part, batch_size)
        else:
            self._fail(kept, entries, reason)

    def _apply(self, asked: Asked, kept: Kept, entries: Sequence[Entry], batch_size: int) -> None:
        gathering = None if asked.reads_maps_alone else self.gathering
        clock = time.process_time if gathering is None or gathering.inputs.device.type == "cpu" else time.perf_counter
        began = clock()
        before = 0
        if gathering is not None:
            gathering.batch_size = batch_size
            if not gathering.predicted:
                _ = gathering.logits  # which all metrics share
            before = gathering.evaluations
        try:
            subject = self._subject(asked, entries, gathering)
            values, beside = _result(asked.metric.function(subject, **dict(asked.settings)))
            passes = (
                0
                if gathering is None
                else subject.gathering.evaluations - (before if subject.gathering is gathering else 0)
            )
        finally:
            kept.seconds += clock() - began
        if any(not isinstance(one, torch.Tensor) or one.shape != (len(entries),) for one in (values, *beside.values())):
            raise MethodError(f"metric {asked.name!r} must return one number for each of {len(entries)} maps")
        kept.evaluations += passes
        for entry, value in zip(entries, values.tolist(), strict=True):
            self._keep(kept, entry, value)
        for name, found in beside.items():
            by_set = kept.diagnostics.setdefault(name, {})
            for entry, value in zip(entries, found.tolist(), strict=True):
                if entry.source not in BASELINES:
                    by_set.setdefault(entry.source, {})[self.maps.identities[entry.image]] = value
        self.work.tell(len(entries))

    def _subject(self, asked: Asked, entries: Sequence[Entry], gathering: Gathering | None) -> Subject:
        method: dict[str, Any] = {}
        if asked.metric.needs == "method":
            attributes = next(one.attributes for one in self.work.sets if one.key == entries[0].source)
            if attributes.get("parameters"):
                raise MethodError("its settings differ from image to image, so it cannot be applied anew")
            spec = find_method(str(attributes.get("method")), self.work.base)
            settings = spec.settings(**attributes["settings"])
            method = {"method": spec, "settings": settings, "finish": str(attributes.get("finish", "none"))}
        multi_label = bool(self.work.attributes.get("multi_label"))
        return subject_of(entries, self.maps, gathering, self.rows, self.memory, multi_label, **method)

    def _keep(self, kept: Kept, entry: Entry, value: float) -> None:
        identity = self.maps.identities[entry.image]
        value = value if np.isfinite(value) else float("nan")
        if entry.source not in BASELINES:
            kept.sets.setdefault(entry.source, {})[identity] = value
            return
        known = kept.baselines.setdefault(identity, {})
        row = known.setdefault(target_key(entry.target), [float("nan")] * (self.work.draws + 2))
        row[entry.draw if entry.source == "random" else self.work.draws + BASELINES.index(entry.source) - 1] = value

    def _fail(self, kept: Kept, entries: Sequence[Entry], reason: str) -> None:
        for entry in entries:
            kept.failures.setdefault(entry.source, {})[self.maps.identities[entry.image]] = reason
            self._keep(kept, entry, float("nan"))
        self.work.tell(len(entries))


def _result(returned: Result) -> tuple[Tensor, Mapping[str, Tensor]]:
    return returned if isinstance(returned, tuple) else (returned, {})


def _by_source(entries: Sequence[Entry]) -> list[list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.source, []).append(entry)
    return list(found.values())


def _reason(error: Exception) -> str:
    if is_out_of_memory(error):
        return "out of memory at batch size 1"
    text = " ".join(str(error).split())
    return text if isinstance(error, CrosslightError) else f"{type(error).__name__}: {text}"
