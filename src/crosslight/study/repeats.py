"""Runs of one method on one picture: budget after budget, seed after seed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import ImageError
from ..core.progress import Progress
from ..evidence import Gathering
from ..images import ImageSet, make_batch, map_labels
from ..methods import attribute
from ..models import Classifier
from .spec import MapTask


@dataclass(frozen=True)
class Run:
    """One map, with what it took.

    Attributes:
        map: ``[h, w]``, raw, at the method's native resolution.
        evaluations: passes that a run of this budget takes on its own.
        seconds: the same in time.
        diagnostics: what the method measures of itself, by name.
    """

    map: NDArray[np.float32]
    evaluations: int
    seconds: float
    diagnostics: Mapping[str, float]


class Runs:
    """All runs on one picture.

    Args:
        model: on its device.
        images: one picture.
        tasks: by budget, ascending; they differ in nothing else.
        batch_size: images at once.
        progress: told of evaluations.

    Attributes:
        unfit: budgets that the picture does not allow, with the reason; known after the first repeat.
        said: what is explained, and what the classifier says of the picture; known after the first repeat.
    """

    def __init__(
        self, model: Classifier, images: ImageSet, tasks: Mapping[int, MapTask], batch_size: int, progress: Progress
    ):
        self.model, self.tasks, self.batch_size, self.progress = model, dict(tasks), batch_size, progress
        (record,) = images
        labels = map_labels(images, model.classes).indices if model.classes is not None else [None]
        self.batch = make_batch([record.load()], model.preprocess, [record.identity], labels)
        self.name = record.name
        self.unfit: dict[int, str] = {}
        self.said: dict[str, Any] = {}

    def repeats(self, seeds: Sequence[int]) -> list[dict[int, Run]]:
        """The runs of each seed; only those of the first where a second seed changes nothing."""
        self.progress.start(len(seeds) * self._evaluations(), self.name)
        found: list[dict[int, Run]] = []
        try:
            for repeat, seed in enumerate(seeds):
                runs = dict(self._runs(seed, f"repeat {repeat + 1} of {len(seeds)}"))
                # of every budget: with few samples two seeds may draw the same ones by chance
                if repeat == 1 and all(np.array_equal(run.map, found[0][budget].map) for budget, run in runs.items()):
                    break
                found.append(runs)
        finally:
            self.progress.finish()
        return found

    def _evaluations(self) -> int:
        """What the runs of one seed take, about."""
        one = next(iter(self.tasks.values())).method.reads
        each = [task.method.evaluations(task.settings, self.model) for task in self.tasks.values()]
        return (max(each) if one.nested else sum(each)) + (not one.gives_logits)

    def _runs(self, seed: int, what: str) -> Iterator[tuple[int, Run]]:
        gathering = Gathering(
            self.model,
            self.batch,
            batch_size=self.batch_size,
            seed=seed,
            policies=[task.policy for task in self.tasks.values()],
            advance=lambda passes: self.progress.advance(passes, f"{self.name}: {what}"),
        )
        clock = time.process_time if self.model.device.type == "cpu" else time.perf_counter
        spent, began = 0.0, clock()
        kind = next(iter(self.tasks.values())).method.reads
        if not kind.gives_logits:
            _ = gathering.logits  # a run of any budget needs them
            self._tell(gathering)
        shared, predicting = gathering.evaluations, clock() - began
        for budget, task in list(self.tasks.items()):
            before, start = gathering.evaluations, clock()
            try:
                # the time of gathering adds up over nested runs, that of the method itself does not
                gathering.get(kind, task.method.evidence_settings(task.settings), task.policy)
            except ImageError as error:
                self.unfit[budget] = str(error)
                del self.tasks[budget]
                if not self.tasks:
                    raise
                continue
            gathered = clock()
            self._tell(gathering)
            found = attribute(gathering, task.method, task.settings, task.policy)
            ended = clock()
            spent = gathered - start + (spent if kind.nested else 0.0)
            passes = gathering.evaluations - (0 if kind.nested else before - shared)
            values = found.maps[0].float().cpu().numpy()
            measured = {name: float(one[0]) for name, one in found.diagnostics.items()}
            yield budget, Run(values, passes, predicting + spent + ended - gathered, measured)

    def _tell(self, gathering: Gathering) -> None:
        """What is explained, and what the classifier says of the picture; told once."""
        if self.said:
            return
        policy = next(iter(self.tasks.values())).policy
        targets, logits = gathering.targets(policy), gathering.logits[0]
        target = int(targets.classes[0]), int(targets.against[0])
        top = int(logits.argmax())
        self.said = {
            "box": self.batch.boxes[0],
            "target": target,
            "explained": " against ".join(self.model.class_name(index) for index in target if index >= 0),
            "predicted": self.model.class_name(top),
            "probability": float(self.model.probabilities(gathering.logits.cpu().double())[0, top]),
        }
        if target[0] < 0:
            raise ImageError(f"the target {str(policy)!r} is no class for this picture")
