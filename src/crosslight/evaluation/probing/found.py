"""Values of a probing as they come in, block by block, and the result that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.errors import CrosslightError
from ...core.means import known_mean
from ...store import MapSet, Store
from ..baselines import BASELINES
from ..probed import Cost, Probed, make_probed
from .asked import Asked
from .block import Block
from .kept import Kept, target_key
from .subject import MapsOfAll
from .work import Work


@dataclass
class Found:
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
        self.methods = list(dict.fromkeys(label_of(one, self.sets) for one in self.sets))
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
            row = self.methods.index(label_of(one, self.sets))
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
        names = {one.key: label_of(one, self.sets) for one in work.sets} | {name: name for name in BASELINES}
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
            place = self.methods.index(label_of(one, self.sets)), self.models.index(work.model)
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
            costs={(label_of(one, self.sets), one.model): spent[one.model, one.key] for one in self.sets},
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


def label_of(one: MapSet, sets: Sequence[MapSet]) -> str:
    """Of a method; those of one label with several settings on one model are told apart."""
    alike = [other for other in sets if (other.label, other.model) == (one.label, one.model)]
    return f"{one.label} ({one.key})" if len(alike) > 1 else one.label
