"""What a report is about, read from the store once: models with their predictions, methods, images, failures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.maps import Status
from ..store import Failure, ImageEntry, MapSet, Store, StoreError

TOP = 5  # classes kept of every prediction
ROWS = 1024  # images whose logits are held at a time


@dataclass(frozen=True)
class ModelColumn:
    """One model, with what it said about every image.

    Attributes:
        label: as shown.
        attributes: what the store keeps of it: facts, preprocessing, ...
        classes: all class names, or empty.
        top: int32 ``[image, TOP]``: classes by falling probability; -1 where there is no prediction.
        probabilities: float32 ``[image, TOP]``, NaN where there is no prediction.
        truth: int32 ``[image]``: the label's class, -1 where there is none.
        sizes: int32 ``[image, 2]``: height and width of the upright picture, -1 where unknown.
        status: uint8 ``[image]``, see `Status`.
        unmapped: labels that mean none of its classes, with the number of images.
    """

    label: str
    attributes: Mapping[str, Any]
    classes: tuple[str, ...]
    top: NDArray[np.int32]
    probabilities: NDArray[np.float32]
    truth: NDArray[np.int32]
    sizes: NDArray[np.int32]
    status: NDArray[np.uint8]
    unmapped: Mapping[str, int] = field(default_factory=dict)

    @property
    def judged(self) -> NDArray[np.bool_]:
        """``[image]``: which predictions can be held against a label."""
        return np.asarray((self.truth >= 0) & (self.top[:, 0] >= 0))

    @property
    def right(self) -> NDArray[np.bool_]:
        """``[image]``: which predictions are those of the label."""
        return np.asarray(self.judged & (self.top[:, 0] == self.truth))

    def name(self, index: int) -> str:
        """The whole name of a class."""
        return self.classes[index] if 0 <= index < len(self.classes) else str(index)

    def short(self, index: int) -> str:
        """The first synonym of a class."""
        return self.name(index).split(",")[0].strip() or str(index)

    @cached_property
    def spoken(self) -> tuple[str, ...]:
        """``[image]``: the predicted class so that models can be compared; empty where there is none."""
        ids = self.attributes.get("class_ids") or ()
        names = [ids[i] if i < len(ids) else self.name(i).casefold() for i in range(int(self.top.max(initial=-1)) + 1)]
        return tuple(names[top] if top >= 0 else "" for top in self.top[:, 0].tolist())


@dataclass(frozen=True)
class MethodGroup:
    """One method with the same settings on several models.

    Attributes:
        label: as shown; unique.
        sets: by model label, in the order of the models.
        variant: whether the label had to be told apart from that of other settings.
    """

    label: str
    sets: Mapping[str, MapSet]
    variant: bool = False

    @property
    def first(self) -> MapSet:
        """One of the sets, for what they have in common."""
        return next(iter(self.sets.values()))


@dataclass(frozen=True)
class Contents:
    """All that a report shows but for the maps themselves.

    Attributes:
        store: where it is from.
        models: those with predictions or maps, in the study's order.
        methods: in the study's order.
        failures: everything that failed.
        statuses: by (model, method) label: uint8 ``[image]``, see `Status`.
        emptied: by (model, method) label: bool ``[image]``: usable maps of which the final step leaves nothing.
    """

    store: Store
    models: tuple[ModelColumn, ...]
    methods: tuple[MethodGroup, ...]
    failures: tuple[Failure, ...]
    statuses: dict[tuple[str, str], NDArray[np.uint8]] = field(default_factory=dict)
    emptied: dict[tuple[str, str], NDArray[np.bool_]] = field(default_factory=dict)

    @property
    def images(self) -> tuple[ImageEntry, ...]:
        """The images, in the order of all arrays."""
        return self.store.manifest.images

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the manifest says of the run."""
        return self.store.manifest.facts

    @cached_property
    def sizes(self) -> NDArray[np.int32]:
        """int32 ``[image, 2]``: height and width of each upright picture, -1 where no model knows it."""
        sizes = np.full((len(self.images), 2), -1, np.int32)
        for model in self.models:
            sizes = np.where(sizes > 0, sizes, model.sizes)
        return sizes

    @property
    def families(self) -> dict[str, str]:
        """The family of architectures of each model of which it is known."""
        facts = {model.label: model.attributes.get("facts") or {} for model in self.models}
        known = {label: str(each.get("family") or "unknown") for label, each in facts.items()}
        return {label: family for label, family in known.items() if family != "unknown"}

    def counts(self) -> Counter[str]:
        """Number of maps by the name of their status."""
        total: Counter[str] = Counter()
        for status in self.statuses.values():
            total.update(Status(int(s)).name for s in status)
        return total

    @cached_property
    def reasons(self) -> Mapping[tuple[str, str, str], str]:
        """Why something failed, by image identity, model label and stage."""
        return {(f.image, f.model, f.stage): f.reason for f in self.failures}

    def reason(self, image: str, model: str, method: str) -> str:
        """Why a map is missing, as far as it is known."""
        for stage in (f"method:{method}", "predict", "decode"):
            if found := self.reasons.get((image, model, stage)):
                return found
        return self.reasons.get(("", model, "load"), "")


def is_signed_method(group: MethodGroup) -> bool:
    """As `overlay.is_signed`, before any map is read."""
    attributes = group.first.attributes
    return attributes.get("sign", "signed") == "signed" and attributes.get("finish", "none") == "none"


def read_contents(store: Store) -> Contents:
    """Read everything that a report shows but for the maps."""
    failures = tuple(store.failures())
    labels = _ordered(store.models(), store.manifest.facts, "models")
    models = tuple(_column(store, label) for label in labels)
    return Contents(store, models, tuple(_groups(store, labels)), failures)


def _ordered(labels: tuple[str, ...], facts: Mapping[str, Any], table: str) -> list[str]:
    """In the order of the study, and what it does not name after that."""
    entries = (facts.get("spec") or {}).get(table) or []
    known = [entry.get("label") or entry.get("name") for entry in entries if isinstance(entry, dict)]
    return sorted(labels, key=lambda label: known.index(label) if label in known else len(known))


def _column(store: Store, label: str) -> ModelColumn:
    count = len(store.manifest.images)
    top = np.full((count, TOP), -1, np.int32)
    probabilities = np.full((count, TOP), np.nan, np.float32)
    sizes, status = np.full((count, 2), -1, np.int32), np.zeros(count, np.uint8)
    attributes: Mapping[str, Any] = {}
    classes: tuple[str, ...] = ()
    for start in range(0, count, ROWS) if _has_predictions(store, label) else ():
        rows = slice(start, min(start + ROWS, count))
        table = store.predictions(label, rows)
        attributes, classes = table.attributes, table.classes
        known = np.flatnonzero(table.top1 >= 0)
        best = np.argsort(-table.logits[known], axis=1, kind="stable")[:, :TOP]
        kept = best.shape[1]
        top[start + known, :kept] = best
        probabilities[start + known, :kept] = np.take_along_axis(table.probabilities[known], best, axis=1)
        sizes[rows], status[rows] = table.sizes, table.status
    truth = [-1 if index is None else int(index) for index in attributes.get("labels") or [None] * count]
    unmapped = Counter(
        str(image.label)
        for image, index in zip(store.manifest.images, truth, strict=True)
        if index < 0 and image.label is not None and attributes.get("labels")
    )
    return ModelColumn(
        label, attributes, classes, top, probabilities, np.array(truth, np.int32), sizes, status, dict(unmapped)
    )


def _has_predictions(store: Store, label: str) -> bool:
    """False for a model of which only maps were stored."""
    try:
        store.predictions(label, slice(0, 0))  # reads no file, so that a damaged one is not taken for none
    except StoreError:
        return False
    return True


def _groups(store: Store, models: list[str]) -> Iterator[MethodGroup]:
    sets = store.map_sets()
    labels = tuple(dict.fromkeys(one.label for one in sets))
    for label in _ordered(labels, store.manifest.facts, "methods"):
        variants: dict[str, dict[str, MapSet]] = {}
        for one in sorted((s for s in sets if s.label == label), key=lambda s: models.index(s.model)):
            shared = {key: one.attributes.get(key) for key in ("settings", "target", "limit", "method", "function")}
            variants.setdefault(json.dumps(shared, sort_keys=True), {})[one.model] = one
        for number, found in enumerate(variants.values(), 1):
            name = label if len(variants) == 1 else f"{label} (settings {number} of {len(variants)})"
            yield MethodGroup(name, found, len(variants) > 1)
