"""Trying the maps of a whole store out on the classifiers that they are of."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.devices import resolve_device
from ...core.errors import CrosslightError, InputError, ModelError, UnknownNameError
from ...core.means import known_mean
from ...core.progress import Progress, Silent
from ...store import MapSet, Store
from ...store.pictures import Pictures
from ...study.again import check_same, load_again, stored_attributes
from ..baselines import BASELINES
from ..probed import Cost, Probed, make_probed
from .asked import Asked, asked_for
from .block import Block, Work
from .costs import costs
from .kept import Kept, target_key
from .metric import PROBES
from .subject import MapsOfAll

if TYPE_CHECKING:
    from ...models import Classifier

#: metrics of the group that asks whether the output follows the map
FAITHFULNESS = ("deletion", "insertion")


def probe_store(
    store: Store | str | os.PathLike[str],
    metrics: Sequence[str] = FAITHFULNESS,
    *,
    settings: Mapping[str, Any] | None = None,
    models: Sequence[str] = (),
    methods: Sequence[str] = (),
    limit: int | None = None,
    draws: int = 2,
    seed: int = 0,
    batch_size: int | None = None,
    device: str = "auto",
    classifiers: Mapping[str, Classifier] | None = None,
    recall: Mapping[str, Mapping[str, Any]] | None = None,
    base: str | Path | None = None,
    progress: Progress | None = None,
) -> Probed:
    """Measure metrics that run the classifiers of a store again, for every method and for maps that know nothing.

    Every classifier is loaded again, and must be the one that the maps were made with. Each map is laid over the input
    and explains the class that is stored with it. What is measured is kept in the store block by block, so that the
    same call goes on where it was cut off, and a method that is added later is measured alone.

    Args:
        store: the store, or its folder.
        metrics: names, see `PROBES`.
        settings: of the metrics, ``{"deletion.steps": 20}``.
        models: labels; by default all.
        methods: labels; by default all.
        limit: only the first so many images of the study.
        draws: random maps for each image.
        seed: of random maps, noise, ties and the bootstrap.
        batch_size: images at once; by default that of the study.
        device: ``auto``, ``cpu``, ``cuda``, ...
        classifiers: those that cannot be loaded by name, by label.
        recall: metrics measured before, with their settings: they are read as far as they are on disk, and nothing is
            measured of them; one of which nothing is there is left out.
        base: folder that relative paths of the study start from; by default the current one.
        progress: told of maps measured.

    Returns:
        Values, baselines and what the maps have cost. A classifier that cannot be loaded, and a map that a metric
        fails on, is among the failures.

    Raises:
        InputError: a name or a setting is not known, there are no maps, or there are no pictures.
        ModelError: none of the classifiers can be loaded, or none is what it was.
        StoreError: the folder is no store, or cannot be written.
    """
    store = store if isinstance(store, Store) else Store.open(Path(store))
    if draws < 1:
        raise InputError(f"at least one random map is needed, not {draws}")
    asked = asked_for(metrics, settings)
    before = {name: value for name, value in (recall or {}).items() if name in PROBES and name not in metrics}
    recalled = asked_for(list(before), before) if before else ()
    sets = _chosen(store, models, methods)
    count = len(store.manifest.images)
    if limit is not None and limit < 1:
        raise InputError(f"the limit must be at least one image, not {limit}")
    images = min(limit or count, count)
    size = batch_size or int(store.manifest.facts.get("batch_size", 8))
    progress, place = progress or Silent(), resolve_device(device)
    found = _Found(store, asked, recalled, tuple(sets), images, draws, seed)
    per_map = sum(len(sets) * (one.metric.needs != "all") for one in asked)
    per_model = sum((draws + 2) * one.with_baselines for one in asked)
    labels = list(dict.fromkeys(one.model for one in sets))
    progress.start(images * (per_map + per_model * len(labels)), "probing")
    pictures, root = Pictures.of(store), None if base is None else Path(base)
    try:
        for label in labels:
            loader = _Loader(store, label, place, classifiers or {}, root)
            work = Work(
                store=store,
                model=label,
                sets=tuple(one for one in sets if one.model == label),
                asked=(*asked, *recalled),
                load=loader.load,
                pictures=pictures,
                draws=draws,
                seed=seed,
                batch_size=size,
                base=root,
                tell=lambda maps, label=label: progress.advance(maps, label),  # type: ignore[misc]
            )
            try:
                found.add(work)
            except ModelError as error:
                found.failures.append((label, "", "", "", str(error)))
                progress.message(f"{label}: {error}")
            finally:
                loader.give_back()
    finally:
        progress.finish()
    lost = [failure for failure in found.failures if not failure[1]]
    if len(lost) == len(labels):
        raise ModelError("\n".join(dict.fromkeys(failure[4] for failure in lost)))
    found.drop_unknown()
    return found.probed(costs(store, root), {"draws": draws, "seed": seed, "limit": limit})


@dataclass
class _Found:
    """Values as they come in."""

    store: Store
    fresh: tuple[Asked, ...]
    recalled: tuple[Asked, ...]
    sets: tuple[MapSet, ...]
    images: int
    draws: int
    seed: int
    failures: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.asked = (*self.fresh, *self.recalled)
        self.methods = list(dict.fromkeys(_label(one, self.sets) for one in self.sets))
        self.models = list(dict.fromkeys(one.model for one in self.sets))
        shape = (len(self.methods), len(self.models), self.images)
        self.values = np.full((len(self.asked), *shape), np.nan)
        self.baselines = np.full((len(self.asked), len(BASELINES), *shape), np.nan)
        self.diagnostics: dict[str, dict[str, NDArray[np.float64]]] = {one.name: {} for one in self.asked}
        self.evaluations = np.zeros((len(self.asked), len(self.models)), np.int64)
        self.seconds = np.zeros((len(self.asked), len(self.models)))

    def add(self, work: Work) -> None:
        """Measure one model, or read what is known of it."""
        column = self.models.index(work.model)
        for number in range(self.store.blocks):
            rows = self.store.block_slice(number)
            if rows.start >= self.images:
                break
            block = Block(work, number, min(rows.stop, self.images) - rows.start)
            for at, asked in enumerate(work.asked):
                if asked.metric.needs == "all":
                    continue
                kept = work.kept(asked, number) if asked in self.recalled else block.measure(asked)
                self.evaluations[at, column] += kept.evaluations
                self.seconds[at, column] += kept.seconds
                self._take(work, at, kept, block)
        for at, asked in enumerate(work.asked):
            if asked.metric.needs == "all":
                self._compare(work, at, asked)

    def drop_unknown(self) -> None:
        """Leave out what was to be recalled, but is not there."""
        known = [at for at, one in enumerate(self.asked) if one in self.fresh or np.isfinite(self.values[at]).any()]
        self.asked = tuple(self.asked[at] for at in known)
        self.values, self.baselines = self.values[known], self.baselines[known]
        self.evaluations, self.seconds = self.evaluations[known], self.seconds[known]

    def _take(self, work: Work, at: int, kept: Kept, block: Block) -> None:
        """Put the values of a block where they belong."""
        column, maps = self.models.index(work.model), block.maps
        for one in work.sets:
            row = self.methods.index(_label(one, self.sets))
            for image, identity in enumerate(maps.identities):
                place = block.slice.start + image
                value = kept.sets.get(one.key, {}).get(identity)
                if value is None:
                    continue
                self.values[at, row, column, place] = value
                for name, found in kept.diagnostics.items():
                    beside = self.diagnostics[work.asked[at].name]
                    beside.setdefault(name, np.full(self.values.shape[1:], np.nan))
                    beside[name][row, column, place] = found.get(one.key, {}).get(identity, np.nan)
                targets = maps.sets[one.key].targets[image].tolist()
                known = kept.baselines.get(identity, {}).get(target_key((targets[0], targets[1])))
                if known is not None:
                    drawn = np.array(known[: self.draws])
                    mean = float(drawn[np.isfinite(drawn)].mean()) if np.isfinite(drawn).any() else np.nan
                    self.baselines[at, :, row, column, place] = [mean, *known[self.draws :]]
        names = {one.key: _label(one, self.sets) for one in work.sets} | {name: name for name in BASELINES}
        for key, failed in kept.failures.items():
            if key in names:
                self.failures += [
                    (work.model, names[key], work.asked[at].name, identity, reason)
                    for identity, reason in failed.items()
                    if identity in maps.identities
                ]

    def _compare(self, work: Work, at: int, asked: Asked) -> None:
        """A metric that compares the maps of all images."""
        from ...core.finish import finish_named

        predicted = self._predicted(work.model)
        for one in work.sets:
            maps = self.store.maps(work.model, one.key, slice(0, self.images))
            rows = np.flatnonzero(maps.usable & (predicted >= 0))
            if not len(rows):
                continue
            finish = finish_named(str(one.attributes.get("finish", "none")))
            subject = MapsOfAll(
                torch.from_numpy(np.ascontiguousarray(finish(maps.values[rows].astype(np.float64)))),
                torch.from_numpy(predicted[rows]),
                tuple(maps.images[row] for row in rows),
                self.seed,
            )
            place = self.methods.index(_label(one, self.sets)), self.models.index(work.model)
            returned = asked.metric.function(subject, **dict(asked.settings))
            self.values[at, *place, rows] = (returned[0] if isinstance(returned, tuple) else returned).numpy()

    def _predicted(self, model: str) -> NDArray[np.int64]:
        try:
            return self.store.predictions(model, slice(0, self.images)).top1
        except CrosslightError:
            return np.full(self.images, -1)

    def probed(self, spent: Mapping[tuple[str, str], Cost], how: Mapping[str, Any]) -> Probed:
        """The result."""
        return make_probed(
            values=self.values,
            baseline_values=self.baselines,
            better=tuple(one.metric.better for one in self.asked),
            seed=self.seed,
            metrics=tuple(one.name for one in self.asked),
            methods=tuple(self.methods),
            models=tuple(self.models),
            images=tuple(entry.identity for entry in self.store.manifest.images[: self.images]),
            groups=tuple(one.metric.group for one in self.asked),
            limit=self.images,
            costs={(_label(one, self.sets), one.model): spent[one.model, one.key] for one in self.sets},
            evaluations=self.evaluations,
            seconds=self.seconds,
            diagnostics={
                metric: {name: known_mean(values, axis=-1) for name, values in found.items()}
                for metric, found in self.diagnostics.items()
                if found
            },
            failures=tuple(self.failures),
            settings={"metrics": {one.name: one.written for one in self.asked}, **how},
            sets=tuple((one.model, one.key, len(one.done)) for one in self.sets),
        )


@dataclass
class _Loader:
    """Loads a classifier when it is first needed, and puts it back where it was."""

    store: Store
    label: str
    device: torch.device
    given: Mapping[str, Classifier]
    base: Path | None
    loaded: Classifier | None = None
    home: torch.device | None = None

    def load(self) -> Classifier:
        """The classifier, on its device.

        Raises:
            ModelError: it cannot be loaded, or it is not what it was.
        """
        if self.loaded is None:
            if self.label in self.given:
                self.loaded = self.given[self.label]
                check_same(self.loaded, stored_attributes(self.store, self.label), self.label)
            else:
                try:
                    self.loaded = load_again(self.store, self.label, self.base)
                except InputError as error:
                    raise ModelError(str(error)) from error
            self.home = self.loaded.device
            self.loaded.to(self.device)
        return self.loaded

    def give_back(self) -> None:
        """What was handed over goes back to its device; what was loaded is let go."""
        if self.loaded is not None and self.home is not None:
            self.loaded.to(self.home)
        self.loaded = None


def _label(one: MapSet, sets: Sequence[MapSet]) -> str:
    """Of a method; those of one label with several settings on one model are told apart."""
    alike = [other for other in sets if (other.label, other.model) == (one.label, one.model)]
    return f"{one.label} ({one.key})" if len(alike) > 1 else one.label


def _chosen(store: Store, models: Sequence[str], methods: Sequence[str]) -> list[MapSet]:
    """The sets that are asked for.

    Raises:
        InputError: there are none, or a label is not known.
    """
    sets = store.map_sets()
    if not sets:
        raise InputError(f"{store.path} holds no maps to probe")
    for kind, wanted, known in (
        ("model", models, {one.model for one in sets}),
        ("method", methods, {one.label for one in sets}),
    ):
        for label in wanted:
            if label not in known:
                raise UnknownNameError(kind, label, known)
    chosen = [one for one in sets if (not models or one.model in models) and (not methods or one.label in methods)]
    if not chosen:
        raise InputError("none of these models has maps of these methods")
    return chosen
