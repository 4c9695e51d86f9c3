"""One block of images of one model, probed: what is missing on disk is measured and put there."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ...core.devices import is_out_of_memory
from ...core.errors import CrosslightError, ImageError, InputError, MethodError
from ...evidence import Gathering
from ...images import make_batch
from ...methods import find_method
from ..baselines import BASELINES
from .asked import Asked
from .entries import BlockMaps, Entry, subject_of, together
from .kept import Kept, target_key
from .metric import Result
from .work import Work

if TYPE_CHECKING:
    from .subject import Subject

#: maps in one subject, as a multiple of the batch size
_SUBJECT = 4
#: height and width over which maps are laid where the store does not say how large inputs are
_SIZE = (224, 224)


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
        for parts in self._portions(asked, usable):
            self._try(asked, kept, parts, self.work.batch_size)
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

    def _portions(self, asked: Asked, entries: Sequence[Entry]) -> Iterable[list[list[Entry]]]:
        """Entries in portions that are measured at once: of one subject, or several of the same images."""
        groups = [list(entries)] if asked.metric.needs == "map" else _by_source(entries)
        most = _SUBJECT * self.work.batch_size
        parts = [part for group in groups for part in together(group, self.maps, most)]
        if asked.metric.several is None:
            return [[part] for part in parts]
        found: dict[tuple[int, ...], list[list[Entry]]] = {}
        for part in parts:
            found.setdefault(tuple(entry.image for entry in part), []).append(part)
        return found.values()

    def _try(self, asked: Asked, kept: Kept, parts: Sequence[Sequence[Entry]], batch_size: int) -> None:
        """Measure some maps, in smaller batches where memory runs out, else method by method, image by image, each."""
        try:
            self._apply(asked, kept, parts, batch_size)
            return
        except Exception as error:
            memory, reason = is_out_of_memory(error), _reason(error)
        # Only here has the error let go of the tensors of what failed.
        if memory and batch_size > 1:
            self._try(asked, kept, parts, max(1, batch_size // 2))
        elif len(parts) > 1:
            for part in parts:
                self._try(asked, kept, [part], batch_size)
        elif len(parts[0]) > 1:
            entries = parts[0]
            images = sorted({entry.image for entry in entries})
            for key in images if len(images) > 1 else range(len(entries)):
                part = [entry for at, entry in enumerate(entries) if key == (entry.image if len(images) > 1 else at)]
                self._try(asked, kept, [part], batch_size)
        else:
            self._fail(kept, parts[0], reason)

    def _apply(self, asked: Asked, kept: Kept, parts: Sequence[Sequence[Entry]], batch_size: int) -> None:
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
            subjects = [self._subject(asked, part, gathering) for part in parts]
            passed = subjects[0].gathering
            subjects = [replace(one, gathering=passed) for one in subjects]
            results = [_result(one) for one in asked.metric.measure(subjects, asked.settings)]
            passes = 0 if gathering is None else passed.evaluations - (before if passed is gathering else 0)
        finally:
            kept.seconds += clock() - began
        for part, (values, beside) in zip(parts, results, strict=True):
            if any(not isinstance(v, torch.Tensor) or v.shape != (len(part),) for v in (values, *beside.values())):
                raise MethodError(f"metric {asked.name!r} must return one number for each of {len(part)} maps")
        kept.evaluations += passes
        for part, (values, beside) in zip(parts, results, strict=True):
            for entry, value in zip(part, values.tolist(), strict=True):
                self._keep(kept, entry, value)
            for name, found in beside.items():
                by_set = kept.diagnostics.setdefault(name, {})
                for entry, value in zip(part, found.tolist(), strict=True):
                    if entry.source not in BASELINES:
                        by_set.setdefault(entry.source, {})[self.maps.identities[entry.image]] = value
            self.work.tell(len(part))

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
