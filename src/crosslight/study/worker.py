"""One unit of work: a classifier, a block of pictures, and the sets of maps wanted of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..core.devices import is_out_of_memory
from ..core.errors import CrosslightError, ImageError
from ..core.maps import Status, judge
from ..evidence import Gathering
from ..images import Batch, make_batch
from ..methods import attribute
from ..store import Failure, MapBlock, PredictionBlock
from .parameters import by_settings

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..models import Classifier
    from .spec import MapTask

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Item:
    """One image of a block.

    Attributes:
        identity: stable identity of the image.
        load: decodes the picture; raises `ImageError`.
        label: index of its label among the classifier's classes, or None.
        references: top-1 of other models by their label, as an index among the classifier's classes, or None.
        name: of its file, by which files of parameters find it.
    """

    identity: str
    load: Callable[[], Image]
    label: int | None = None
    references: Mapping[str, int | None] = field(default_factory=dict)
    name: str = ""


@dataclass
class Outcome:
    """What came of a block.

    Attributes:
        predictions: logits, sizes and status of every image.
        maps: by the task's label.
        failures: what could not be done, with the reason.
        notes: seconds, evaluations, halved batches, worth keeping with the maps.
    """

    predictions: PredictionBlock
    maps: dict[str, MapBlock]
    failures: list[Failure]
    notes: dict[str, Any]


def explain_block(
    classifier: Classifier,
    items: Sequence[Item],
    tasks: Sequence[MapTask],
    *,
    batch_size: int,
    seed: int = 0,
    skip: Mapping[str, set[int]] | None = None,
    advance: Callable[[int], None] = lambda evaluations: None,
    tell: Tell = lambda text: None,
) -> Outcome:
    """Predict a block of images and make every wanted map of them.

    Whatever goes wrong with one image or one method is recorded with its reason; the rest goes on. Where memory
    runs out, the batch is halved, down to single images.

    Args:
        classifier: on its device.
        items: the images of the block.
        tasks: the sets of maps.
        batch_size: most images at once.
        seed: of the study.
        skip: by the task's label, positions in `items` that are beyond the task's own limit.
        advance: told of evaluations as they are made, and of 0 of them before every pass. What it raises that is no
            `Exception`, such as a `KeyboardInterrupt`, stops the work there.
        tell: told what a person should know.
    """
    start = time.perf_counter()
    work = _Block(classifier, tuple(items), tuple(tasks), seed, skip or {}, advance, tell)
    pictures = work.decode()
    rows = [row for row, picture in enumerate(pictures) if picture is not None]
    for at in range(0, len(rows), batch_size):
        chosen = rows[at : at + batch_size]
        work.batch(chosen, [p for row in chosen if (p := pictures[row]) is not None], batch_size)
    return work.outcome(time.perf_counter() - start)


class _Block:
    """The state of one block while it is worked on."""

    def __init__(
        self,
        classifier: Classifier,
        items: tuple[Item, ...],
        tasks: tuple[MapTask, ...],
        seed: int,
        skip: Mapping[str, set[int]],
        advance: Callable[[int], None],
        tell: Tell,
    ):
        self.classifier, self.items, self.tasks, self.seed, self.skip = classifier, items, tasks, seed, skip
        self.advance, self.tell = advance, tell
        count = len(items)
        self.logits = np.full((count, classifier.outputs), np.nan, np.float32)
        self.sizes = np.full((count, 2), -1, np.int32)
        self.status = np.full(count, Status.FAILED, np.uint8)
        self.maps = {task.label: _blank(task, classifier, count) for task in tasks}
        for task in tasks:
            self.maps[task.label].status[list(self.skip.get(task.label, ()))] = Status.SKIPPED
        self.failures: list[Failure] = []
        self.evaluations = 0
        self.smallest_batch: int | None = None

    def fail(self, rows: Sequence[int], stage: str, reason: str) -> None:
        for row in rows:
            self.failures.append(Failure(self.items[row].identity, self.classifier.label, stage, reason))

    def decode(self) -> list[Image | None]:
        pictures: list[Image | None] = []
        for row, item in enumerate(self.items):
            try:
                picture = item.load()
                self.sizes[row] = picture.height, picture.width
                pictures.append(picture)
            except ImageError as error:
                pictures.append(None)
                self.fail([row], "decode", str(error))
        return pictures

    def batch(self, rows: list[int], pictures: list[Image], batch_size: int) -> None:
        """Predict and explain some images, in smaller batches where memory runs out, else one by one."""
        known = len(self.failures)
        try:
            self.measure(rows, self.prepare(rows, pictures), batch_size)
            return
        except Exception as error:
            memory, reason = is_out_of_memory(error), _reason(error)
        # Only here, after the except clause, has the error let go of the tensors of the batch that failed.
        if memory and batch_size > 1:
            size = max(1, min(batch_size, len(rows)) // 2)
            self.smallest_batch = min(size, self.smallest_batch or size)
            self.tell(f"{self.classifier.label}: out of memory; going on with batches of {size}")
            _release(self.classifier.device)
        elif len(rows) > 1:
            size = 1
        else:
            self.status[rows] = Status.FAILED
            self.fail(rows, "predict", reason)
            self.tell(f"{self.classifier.label}: {len(rows)} images failed: {reason}")
            return
        del self.failures[known:]  # what comes next measures all of it again
        for at in range(0, len(rows), size):
            self.batch(rows[at : at + size], pictures[at : at + size], size if memory else batch_size)

    def prepare(self, rows: list[int], pictures: list[Image]) -> Batch:
        items = [self.items[row] for row in rows]
        return make_batch(pictures, self.classifier.preprocess, [i.identity for i in items], [i.label for i in items])

    def measure(self, rows: list[int], batch: Batch, batch_size: int) -> None:
        references: dict[str, list[int | None]] = {}
        for row in rows:
            for name, top in self.items[row].references.items():
                references.setdefault(name, []).append(top)
        gathering = Gathering(
            self.classifier,
            batch,
            batch_size=batch_size,
            seed=self.seed,
            references=references,
            policies=[task.policy for task in self.tasks],
            advance=self.advance,
            checkpoint=partial(self.advance, 0),
        )
        boxes = np.array([box.as_tuple() for box in batch.boxes])
        # Evidence whose first pass yields the logits goes first, so that no pass is made for them alone.
        order = sorted(self.tasks, key=lambda task: not task.method.reads.gives_logits)
        parts: dict[tuple[int, ...], Gathering] = {}
        for task in order:
            for one, at in by_settings(task, [self.items[row].name for row in rows]):
                part = gathering
                if len(at) < len(rows):  # tasks that divide the images alike share what is measured of each part
                    part = parts[tuple(at)] = parts.get(tuple(at)) or gathering.rows(at)
                before = part.evaluations
                self.explain(one, part, [rows[i] for i in at], boxes[at])
                if part is not gathering:
                    gathering.evaluations += part.evaluations - before
        logits = gathering.logits.float().cpu().numpy()
        self.logits[rows] = logits
        finite = np.isfinite(logits).all(axis=1)
        self.status[rows] = np.where(finite, Status.OK, Status.NONFINITE)
        self.evaluations += gathering.evaluations

    def explain(self, task: MapTask, gathering: Gathering, rows: list[int], boxes: NDArray[np.float64]) -> None:
        beyond = self.skip.get(task.label, set())
        wanted = [at for at, row in enumerate(rows) if row not in beyond]
        if not wanted:
            return
        part = gathering if len(wanted) == len(rows) else gathering.rows(wanted)
        chosen = [rows[at] for at in wanted]
        block = self.maps[task.label]
        reason, by_image = "", False
        try:
            result = attribute(part, task.method, task.settings, task.policy)
            values = result.maps.float().cpu().numpy()
            if values.shape[1:] != block.values.shape[1:]:
                raise CrosslightError(f"maps of {values.shape[1:]} where {block.values.shape[1:]} were announced")
        except Exception as error:
            if is_out_of_memory(error) and gathering.batch_size > 1:
                raise
            reason = _reason(error)
            foreign = not isinstance(error, CrosslightError)
            by_image = isinstance(error, ImageError) or (foreign and gathering.predicted)
        if reason and len(chosen) > 1 and by_image:  # perhaps one image is to blame
            for at in wanted:
                single = gathering.rows([at])
                self.explain(task, single, [rows[at]], boxes[[at]])
                gathering.evaluations += single.evaluations
            return
        if reason:
            block.status[chosen] = Status.FAILED
            self.fail(chosen, f"method:{task.label}", reason)
            self.tell(f"{self.classifier.label}, {task.label}: {len(chosen)} maps failed: {reason}")
            return
        if part is not gathering:
            gathering.evaluations += part.evaluations
        targets = part.targets(task.policy)
        valid = targets.valid.cpu().numpy()
        block.boxes[chosen] = boxes[wanted]
        block.targets[chosen] = torch.stack([targets.classes, targets.against], 1).cpu().numpy()
        block.values[chosen] = np.where(valid[:, None, None], values, np.nan)
        block.status[chosen] = np.where(valid, judge(values), Status.NO_TARGET)
        for name, measured in result.diagnostics.items():
            block.diagnostics[name][chosen] = np.where(valid, measured.cpu().double().numpy(), np.nan)

    def outcome(self, seconds: float) -> Outcome:
        notes: dict[str, Any] = {"seconds": round(seconds, 3), "evaluations": self.evaluations}
        if self.smallest_batch is not None:
            notes["halved_batch"] = self.smallest_batch
        predictions = PredictionBlock(logits=self.logits, sizes=self.sizes, status=self.status)
        return Outcome(predictions, self.maps, self.failures, notes)


def _blank(task: MapTask, classifier: Classifier, count: int) -> MapBlock:
    settings = task.method.evidence_settings(task.settings)
    shape = task.method.reads.resolution(classifier, settings)
    return MapBlock.blank(count, shape, Status.FAILED, task.method.diagnostics)


def _reason(error: Exception) -> str:
    if is_out_of_memory(error):
        return "out of memory at batch size 1"
    text = " ".join(str(error).split())
    return text if isinstance(error, CrosslightError) else f"{type(error).__name__}: {text}"


def _release(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
