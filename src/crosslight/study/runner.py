"""Running a plan on this machine: block by block, on one device or several, resuming where it stopped."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from ..core.progress import Progress, Silent
from ..core.targets import TargetPolicy
from ..models import Classifier
from ..store import Store
from .plan import ModelPlan, Plan, evaluations_of, outstanding
from .spec import MapTask
from .worker import Item, explain_block


def run_plan(plan: Plan, out: Path, progress: Progress | None = None) -> Store:
    """Do what is left of a plan.

    Args:
        plan: made by `make_plan`.
        out: output folder: new, empty, or holding this same study.
        progress: told what is done.

    Raises:
        StoreError: the folder holds something else. Nothing is written then.
    """
    progress = progress or Silent()
    store = Store.create(out, plan.manifest)
    store.sweep()
    for model in plan.plans:
        store.forget_failures(model.label)
    for failure in plan.failures:
        store.record_failure(failure)
    by_label = {model.label: model for model in plan.plans}
    order = [by_label[str(section.label)] for section in plan.spec.models if section.label in by_label]
    store.select({model.label: [model.key(task) for task in model.tasks(plan.spec)] for model in order})
    progress.start(plan.remaining, plan.spec.study.name)
    try:
        with _threads(plan.manifest.facts["threads"]):
            referred = [model for model in plan.plans if model.label in _referred(plan)]
            if len(referred) > 1:  # the first of them may have to explain what the last one sees
                for model in referred:
                    _run_model(plan, model, store, Silent(), only_predict=True)
            for model in plan.plans:
                _run_model(plan, model, store, progress)
    finally:
        progress.finish()
    return store


def _run_model(plan: Plan, model: ModelPlan, store: Store, progress: Progress, only_predict: bool = False) -> None:
    store.add_model(model.label, model.outputs, model.attributes)
    for task in model.tasks(plan.spec):
        settings_digest, attributes = model.sets[task.label]
        shape = model.resolutions[task.label]
        store.add_maps(model.label, task.label, settings_digest, shape, attributes, task.method.diagnostics)
    left: dict[int, tuple[MapTask, ...]] = {}
    for block in range(plan.blocks):
        tasks = outstanding(store, plan.spec, model, block)
        if tasks is not None and not (only_predict and store.is_done(model.label, None, block)):
            left[block] = () if only_predict else tasks
    if not left:
        return
    classifier = model.load()
    copies = _copies(classifier, plan.devices[: len(left)])
    try:
        _share_out(list(left), copies, lambda c, block: _run_block(plan, model, c, store, block, left[block], progress))
    finally:
        classifier.to("cpu")  # a finished model must not fill the device


def _run_block(
    plan: Plan,
    model: ModelPlan,
    classifier: Classifier,
    store: Store,
    block: int,
    tasks: tuple[MapTask, ...],
    progress: Progress,
) -> None:
    rows = store.block_slice(block)
    span = range(rows.start, rows.stop)
    planned = evaluations_of(tasks, model.passes, span)
    told = 0

    def advance(units: int) -> None:
        nonlocal told
        units = min(units, planned - told)  # looking closer for a tolerance was not planned
        told += units
        progress.advance(units, model.label)

    outcome = explain_block(
        classifier,
        _items(plan, model, store, span, classifier),
        [_for_model(task, model.label) for task in tasks],
        batch_size=plan.manifest.facts["batch_size"],
        seed=plan.spec.study.seed,
        skip={t.label: {i - rows.start for i in span if i >= t.limit} for t in tasks if t.limit is not None},
        advance=advance,
        tell=progress.message,
    )
    predicted = store.is_done(model.label, None, block)
    store.write(
        model.label,
        block,
        predictions=None if predicted else outcome.predictions,
        maps={model.key(task): outcome.maps[task.label] for task in tasks},
        failures=outcome.failures,
        notes=outcome.notes,
    )
    advance(planned - told)


def _referred(plan: Plan) -> set[str]:
    """Models whose predictions are others' targets."""
    return {task.policy.name for task in plan.spec.tasks if task.policy.kind == "model"}


def _for_model(task: MapTask, label: str) -> MapTask:
    """The task for one model: to the model itself, "the top-1 of this model" is its own."""
    itself = task.policy.kind == "model" and task.policy.name == label
    return replace(task, policy=TargetPolicy()) if itself else task


def _items(plan: Plan, model: ModelPlan, store: Store, span: range, classifier: Classifier) -> list[Item]:
    tops: dict[str, list[int | None]] = {}
    for name in sorted(_referred(plan) - {model.label}):
        if name in store.models():
            tops[name] = _translated(plan, store, name, span, classifier)
    items = []
    for at, index in enumerate(span):
        record = plan.images[index]
        references = {name: top[at] for name, top in tops.items()}
        items.append(Item(record.identity, record.load, model.labels[index], references, record.name))
    return items


def _translated(plan: Plan, store: Store, name: str, span: range, classifier: Classifier) -> list[int | None]:
    """Another model's top-1, as indices among this classifier's classes."""
    table = store.predictions(name, slice(span.start, span.stop))
    classes, names = classifier.classes, table.attributes.get("classes") or []
    ids = table.attributes.get("class_ids") or []
    tops: list[int | None] = []
    for top in table.top1.tolist():
        if top < 0:
            tops.append(None)
        elif classes is None or not names:
            tops.append(top if top < classifier.outputs and table.logits.shape[1] == classifier.outputs else None)
        else:
            found = classes.find(ids[top]) if ids and classes.ids else None
            tops.append(found if found is not None else classes.find(names[top]))
    return tops


def _copies(classifier: Classifier, devices: Sequence[torch.device]) -> list[Classifier]:
    """The classifier on every device; its sites are found once."""
    copies = [classifier]
    for _ in devices[1:]:
        copies.append(copy.deepcopy(classifier))
    return [each.to(device) for each, device in zip(copies, devices, strict=True)]


def _share_out(blocks: list[int], workers: list[Classifier], work: Callable[[Classifier, int], None]) -> None:
    """Every worker takes the next block until none is left; the first error stops all."""
    if len(workers) == 1:  # in this thread, so that Ctrl-C stops at once
        for block in blocks:
            work(workers[0], block)
        return
    left, lock = iter(blocks), threading.Lock()
    errors: list[BaseException] = []

    def loop(worker: Classifier) -> None:
        while not errors:
            with lock:
                block = next(left, None)
            if block is None:
                return
            try:
                work(worker, block)
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=loop, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)
    except KeyboardInterrupt as interrupt:
        errors.append(interrupt)
        raise
    if errors:
        raise errors[0]


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
