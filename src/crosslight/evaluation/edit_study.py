"""The fish without the fish: what classifiers say, and where they look, once a region was edited."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.devices import resolve_device
from ..core.errors import InputError, ModelError
from ..core.maps import Maps
from ..core.progress import Progress, Silent
from ..core.seeds import digest
from ..core.targets import TargetPolicy, parse_target
from ..models import load_model
from ..store import MapBlock
from ..study.fit import check_fit
from ..study.spec import MapTask, check_methods
from ..study.worker import Item, explain_block
from .edit_blocks import BlockRows, read_block, write_block
from .edit_maps import attention, floor_of
from .edit_plan import EditedPicture, Edits, edit_images, plan_edits
from .edit_result import OF_MAPS, EditResult, EditRow

if TYPE_CHECKING:
    from torch import nn

    from ..models import Classifier

__all__ = ["BlockSeen", "compare_edits", "edit_images", "plan_edits"]

#: pictures edited, predicted and explained before anything is kept
BLOCK = 8


@dataclass(frozen=True)
class BlockSeen:
    """A block that was just measured.

    Attributes:
        number: from 0.
        pictures: before and after.
        maps: by model and method, the maps before and after.
        rows: what was measured.
    """

    number: int
    pictures: Sequence[EditedPicture]
    maps: Mapping[tuple[str, str], tuple[Maps, Maps]]
    rows: Sequence[EditRow]


def compare_edits(
    models: str | nn.Module | Classifier | Sequence[str | nn.Module | Classifier],
    edits: Edits,
    methods: Sequence[str | Mapping[str, Any]] = ("grad-cam",),
    *,
    target: str = "auto",
    device: str = "auto",
    batch_size: int | None = None,
    seed: int = 0,
    keep: str | Path | None = None,
    progress: Progress | None = None,
    on_block: Callable[[BlockSeen], None] | None = None,
) -> EditResult:
    """Predict and explain pictures before and after an edit.

    For each picture and classifier one class is followed: its probability before and after, and its map before and
    after, whatever the classifier says then.

    Args:
        models: names, `Classifier` objects or networks, one or several.
        edits: see `plan_edits`.
        methods: names, or tables such as ``{"name": "grad-cam", "depth": 0.5}``; none measures predictions alone.
        target: the class that is followed: ``own`` (what the classifier says before), ``label``, ``class:NAME``; or
            ``auto``: the label where every picture has one that every classifier knows, else ``own``.
        device: ``auto``, ``cpu``, ``cuda``, ...
        batch_size: images at once; 8 on a CPU, 32 elsewhere.
        seed: of methods that sample, and of the bootstrap.
        keep: folder in which finished blocks are kept, so that the same call goes on where it was cut off.
        progress: told of predictions and maps.
        on_block: told of every block that was measured; not of those that were kept.

    Raises:
        InputError: something asked for does not exist, or does not apply.
    """
    classifiers = _loaded(models, seed)
    policy = _policy(target, edits, classifiers)
    listed = [methods] if isinstance(methods, str | Mapping) else list(methods)
    tasks = check_methods([{"name": m} if isinstance(m, str) else dict(m) for m in listed], "label") if listed else ()
    fitting, failures = _fitting(classifiers, tasks)
    asked = _asked(policy, edits, classifiers)
    place, told = resolve_device(device), progress or Silent()
    size = batch_size or (8 if place.type == "cpu" else 32)
    described = {
        **edits.to_dict(),
        "target": str(policy),
        "methods": [
            {"name": task.method.name, "label": task.label, **task.settings.model_dump(mode="json")} for task in tasks
        ],
        "seed": seed,
    }
    facts = {label: _facts(one) for label, one in classifiers.items()}
    blocks: list[BlockRows] = []
    per_model = [2 * (1 + len(fitting[label])) for label in classifiers]
    told.start(len(edits) * sum(per_model), "edits")
    try:
        for number, start in enumerate(range(0, len(edits), BLOCK)):
            rows = range(start, min(start + BLOCK, len(edits)))
            identities = [edits.images.records[row].identity for row in rows]
            key = digest({"is": described, "models": facts, "images": identities}, 16)
            file = None if keep is None else Path(keep) / f"block-{number:05d}-{key}.npz"
            block = read_block(file) if file is not None else None
            if block is None:
                pictures = [edits[row] for row in rows]
                work = _Work(classifiers, fitting, pictures, [asked(row) for row in rows], place, size, seed, told)
                block, maps = work.measure()
                if on_block is not None:
                    on_block(BlockSeen(number, pictures, maps, block.rows))
                if file is not None:
                    write_block(file, block)
            else:
                told.advance(len(rows) * sum(per_model), "kept")
            blocks.append(block)
    finally:
        told.finish()
    order = {label: at for at, label in enumerate(classifiers)}
    found = sorted((row for block in blocks for row in block.rows), key=lambda row: order[row.model])
    return EditResult(
        rows=tuple(found),
        does=edits.does,
        models=tuple(classifiers),
        methods=tuple(task.label for task in tasks),
        floors=_floors(blocks),
        skipped=dict(edits.skipped),
        failures=(*failures, *(failure for block in blocks for failure in block.failures)),
        settings=described,
    )


class _Work:
    """One block of pictures on all classifiers."""

    def __init__(
        self,
        classifiers: Mapping[str, Classifier],
        tasks: Mapping[str, Sequence[MapTask]],
        pictures: Sequence[EditedPicture],
        asked: Sequence[Mapping[str, int | None]],
        place: Any,
        batch_size: int,
        seed: int,
        told: Progress,
    ):
        self.classifiers, self.tasks, self.pictures, self.asked = classifiers, tasks, pictures, asked
        self.place, self.batch_size, self.seed, self.told = place, batch_size, seed, told
        self.rows: list[EditRow] = []
        self.failures: list[tuple[str, str, str, str]] = []
        self.sums: dict[tuple[str, str], tuple[NDArray[np.float64], NDArray[np.float64], float, int]] = {}
        self.maps: dict[tuple[str, str], tuple[Maps, Maps]] = {}

    def measure(self) -> tuple[BlockRows, Mapping[tuple[str, str], tuple[Maps, Maps]]]:
        """All of it."""
        for label, classifier in self.classifiers.items():
            home = classifier.device
            classifier.to(self.place)
            try:
                self._measure(label, classifier)
            finally:
                classifier.to(home)
        return BlockRows(tuple(self.rows), self.sums, tuple(self.failures)), self.maps

    def _measure(self, label: str, classifier: Classifier) -> None:
        asked, known = [one[label] for one in self.asked], len(self.failures)
        tasks = self.tasks[label]
        if None in asked:  # own: what it says before is known only once it was run
            first, _ = self._run(classifier, asked, (), "before")
            del self.failures[known:]  # what comes next meets them again
            asked = [_top(logits) for logits in first]
        before, maps_before = self._run(classifier, asked, tasks, "before")
        after, maps_after = self._run(classifier, asked, tasks, "after")
        self.told.advance(2 * len(self.pictures) * (1 + len(tasks)), label)
        measured = {}
        for task in tasks:
            pair = (maps_before[task.label], maps_after[task.label])
            self.maps[label, task.label] = pair
            found = attention(*pair, [picture.region for picture in self.pictures])
            both = np.isfinite(found.cosine)
            self.sums[label, task.label] = (
                found.before[both].sum(axis=0),
                found.after[both].sum(axis=0),
                float(found.cosine[both].sum()),
                int(both.sum()),
            )
            measured[task.label] = found
        for at, picture in enumerate(self.pictures):
            chosen = asked[at]
            if chosen is None or not (np.isfinite(before[at]).all() and np.isfinite(after[at]).all()):
                continue
            (p, odds), (q, odds_after) = (
                _said(logits[at], chosen, classifier.multi_label) for logits in (before, after)
            )
            self.rows.append(
                EditRow(
                    image=picture.name,
                    identity=picture.identity,
                    label=picture.label or "",
                    model=label,
                    asked=classifier.class_name(chosen),
                    said_before=classifier.class_name(int(before[at].argmax())),
                    said_after=classifier.class_name(int(after[at].argmax())),
                    probability_before=p,
                    probability_after=q,
                    log_odds_change=odds_after - odds,
                    share=picture.share,
                    how=picture.how,
                    other=picture.other,
                    maps={
                        name: {key: float(getattr(one, key)[at]) for key in OF_MAPS} for name, one in measured.items()
                    },
                )
            )

    def _run(
        self, classifier: Classifier, asked: Sequence[int | None], tasks: Sequence[MapTask], when: str
    ) -> tuple[NDArray[np.float32], dict[str, Maps]]:
        items = [
            Item(picture.identity, partial(Image.fromarray, getattr(picture, when)), one, name=picture.name)
            for picture, one in zip(self.pictures, asked, strict=True)
        ]
        outcome = explain_block(classifier, items, tasks, batch_size=self.batch_size, seed=self.seed)
        names = {picture.identity: picture.name for picture in self.pictures}
        self.failures += [
            (names.get(one.image, ""), one.model, f"{when}: {one.stage}", one.reason) for one in outcome.failures
        ]
        identities = tuple(picture.identity for picture in self.pictures)
        return outcome.predictions.logits, {
            task.label: _maps(task, outcome.maps[task.label], identities, classifier.label) for task in tasks
        }


def _top(logits: NDArray[np.float32]) -> int | None:
    return int(logits.argmax()) if np.isfinite(logits).all() else None


def _said(logits: NDArray[np.float32], index: int, multi_label: bool) -> tuple[float, float]:
    """Probability and log odds of a class."""
    z = logits.astype(np.float64)
    if multi_label:
        odds = float(z[index])
    else:
        rest = np.delete(z, index)
        odds = float(z[index] - (rest.max() + np.log(np.exp(rest - rest.max()).sum())))
    return (1 + float(np.tanh(odds / 2))) / 2, odds


def _maps(task: MapTask, block: MapBlock, identities: tuple[str, ...], model: str) -> Maps:
    attributes = {"model": model, "label": task.label, "finish": task.method.finish, "sign": task.method.sign}
    return Maps(block.values, block.boxes, block.status, block.targets, identities, attributes=attributes)


def _loaded(models: Any, seed: int) -> dict[str, Classifier]:
    loaded: dict[str, Classifier] = {}
    for model in models if isinstance(models, list | tuple) else [models]:
        classifier = load_model(model, seed=seed)
        if classifier.label in loaded:
            raise InputError(f"two models are called {classifier.label!r}; give each its own label with load_model")
        loaded[classifier.label] = classifier
    if not loaded:
        raise InputError("name at least one model")
    return loaded


def _facts(classifier: Classifier) -> dict[str, Any]:
    known = classifier.facts.as_dict() if classifier.facts is not None else {}
    shape = json.loads(json.dumps(asdict(classifier.preprocess)))
    return {"weights": known.get("weights_digest", ""), "preprocess": shape, "precision": classifier.precision}


def _policy(target: str, edits: Edits, classifiers: Mapping[str, Classifier]) -> TargetPolicy:
    """Which class is followed.

    Raises:
        InputError: this cannot be followed, or no label is known.
    """
    labels = {record.label for record in edits.images}
    known = None not in labels and all(
        one.classes is not None and all(one.classes.find(label) is not None for label in labels if label is not None)
        for one in classifiers.values()
    )
    if target == "auto":
        target = "label" if known else "own"
    (policy, *more) = parse_target(target)
    if more or policy.kind not in ("own", "label", "class") or policy.rank != 1:
        raise InputError(f"an edit follows one class: own, label or class:NAME-OR-INDEX, not {target}")
    if policy.kind == "label" and not known:
        raise InputError("target label: some pictures have no label, or one that is no class of some classifier")
    return policy


def _asked(
    policy: TargetPolicy, edits: Edits, classifiers: Mapping[str, Classifier]
) -> Callable[[int], Mapping[str, int | None]]:
    """For a row, the index of the class that is followed on each classifier; None where it is its own."""

    def find(classifier: Classifier, name: str | int) -> int:
        index = classifier.classes.find(name) if classifier.classes is not None else None
        if index is None and str(name).isdecimal() and int(name) < classifier.outputs:
            index = int(name)
        if index is None:
            raise InputError(f"{classifier.label} has no class {name!r}")
        return index

    if policy.kind == "class":
        fixed = {label: find(one, policy.name) for label, one in classifiers.items()}
        return lambda row: fixed
    if policy.kind == "own":
        return lambda row: dict.fromkeys(classifiers)
    return lambda row: {label: find(one, edits.images.records[row].label or "") for label, one in classifiers.items()}


def _fitting(
    classifiers: Mapping[str, Classifier], tasks: Sequence[MapTask]
) -> tuple[dict[str, list[MapTask]], list[tuple[str, str, str, str]]]:
    """The methods that apply to each classifier, and why others do not.

    Raises:
        InputError: a method applies to none.
    """
    fitting: dict[str, list[MapTask]] = {label: [] for label in classifiers}
    failures = []
    for task in tasks:
        reasons = []
        for label, classifier in classifiers.items():
            try:
                check_fit(task, classifier)
                fitting[label].append(task)
            except ModelError as error:
                reasons.append((label, str(error)))
        if len(reasons) == len(classifiers):
            raise InputError(f"{task.label} applies to no model: {reasons[0][1]}")
        failures += [("", label, f"method:{task.label}", reason) for label, reason in reasons]
    return fitting, failures


def _floors(blocks: Sequence[BlockRows]) -> dict[tuple[str, str], float]:
    sums: dict[tuple[str, str], list[Any]] = {}
    for block in blocks:
        for key, parts in block.sums.items():
            sums[key] = [a + b for a, b in zip(sums[key], parts, strict=True)] if key in sums else list(parts)
    return {key: floor_of(*parts) for key, parts in sums.items()}
