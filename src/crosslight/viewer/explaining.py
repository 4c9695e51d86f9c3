"""The steps of a job: predictions first, then maps, the cheap ones of all photographs before the dear ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from ..core.errors import InputError
from ..study.spec import MapTask
from .asking import Asked
from .engine import Engine, NoMap, Watch
from .jobs import Job, reason_of
from .photos import Photo


@dataclass(frozen=True)
class _Step:
    cost: float
    photo: Photo
    model: int
    at: int  # position of the method
    task: MapTask


def explaining(job: Job, asked: Asked, engine: Engine) -> Iterator[None]:
    """Do what was asked for; one prediction or one map a step.

    Args:
        job: told of everything.
        asked: photographs, classifiers, methods.
        engine: computes.
    """
    job.of = asked.count
    watch = Watch(job.checkpoint, job.advance)
    job.start("starting")
    usable: dict[int, list[tuple[float, int, MapTask]]] = {}
    for model in asked.models:
        engine.watch = watch
        if not _load(job, asked, engine, model):
            continue
        yield
        for photo in asked.photos:
            engine.watch = watch
            _predict(job, engine, model, photo)
            yield
        engine.watch = watch
        usable[model] = _fitting(job, asked, engine, model)
    for step in _ordered(asked, usable, engine):
        engine.watch = watch
        _explain(job, asked, engine, step)
        yield


def _load(job: Job, asked: Asked, engine: Engine, model: int) -> bool:
    label = engine.classifiers.offers[model].label
    if engine.classifiers.is_loaded(model):
        return True
    job.start(f"loading {label}")
    job.emit("loading", model=model)
    try:
        engine.load(model)
    except Exception as error:  # a user's own network may raise anything
        job.emit("failed", photo=None, model=model, method=None, reason=reason_of(error))
        job.complete(asked.count // len(asked.models))
        return False
    job.emit("loaded", model=model)
    return True


def _predict(job: Job, engine: Engine, model: int, photo: Photo) -> None:
    job.start(f"{engine.classifiers.offers[model].label} looks at {photo.name}", 1)
    began = time.perf_counter()
    try:
        top = engine.predict(model, photo)
    except Exception as error:
        job.emit("failed", photo=photo.id, model=model, method=None, reason=reason_of(error))
    else:
        job.emit("prediction", photo=photo.id, model=model, top=top, seconds=round(time.perf_counter() - began, 4))
    job.complete()


def _fitting(job: Job, asked: Asked, engine: Engine, model: int) -> list[tuple[float, int, MapTask]]:
    """The tasks that a classifier can do, with their cost; the others are announced."""
    found = []
    told = set()
    for at, task in asked.tasks:
        try:
            found.append((engine.fit(model, task), at, task))
        except Exception as error:
            job.complete(len(asked.photos))
            reason = reason_of(error)
            if (at, reason) not in told:
                told.add((at, reason))
                kind = "skipped" if isinstance(error, InputError) else "failed"
                job.emit(kind, photo=None, model=model, **_named(asked, at), reason=reason)
    return found


def _ordered(asked: Asked, usable: dict[int, list[tuple[float, int, MapTask]]], engine: Engine) -> list[_Step]:
    """Cheap ones first; photo by photo, or model by model where not all of them can stay loaded."""
    photos = {photo.id: number for number, photo in enumerate(asked.photos)}
    models = {model: number for number, model in enumerate(asked.models)}
    steps = [
        _Step(cost, photo, model, at, task)
        for model, tasks in usable.items()
        for cost, at, task in tasks
        for photo in asked.photos
    ]
    together = all(engine.classifiers.is_loaded(model) for model in usable)

    def place(step: _Step) -> tuple[float, int, int, int]:
        photo, model = photos[step.photo.id], models[step.model]
        return (step.cost, photo, model, step.at) if together else (step.cost, model, photo, step.at)

    return sorted(steps, key=place)


def _explain(job: Job, asked: Asked, engine: Engine, step: _Step) -> None:
    where = {"photo": step.photo.id, "model": step.model, **_named(asked, step.at)}
    label = engine.classifiers.offers[step.model].label
    job.start(f"{step.task.label} on {label}", max(1, round(step.cost)))
    began = time.perf_counter()
    try:
        found = engine.explain(step.model, step.photo, step.task, asked.policies)
    except NoMap as error:
        job.emit("skipped", **where, reason=reason_of(error))
    except Exception as error:
        job.emit("failed", **where, reason=reason_of(error))
    else:
        label, given = asked.methods[step.at].label, asked.methods[step.at].given
        seconds = round(time.perf_counter() - began, 4)
        job.emit("map", **where, label=label, settings=given, **found, seconds=seconds)
    job.complete()


def _named(asked: Asked, at: int) -> dict[str, object]:
    """A method in an event: its name, and its position among those of the request."""
    return {"method": asked.methods[at].spec.name, "entry": asked.methods[at].entry}


def warming(job: Job, engine: Engine, first: list[int], others: list[int]) -> Iterator[None]:
    """Load classifiers before anybody asks: the first wholly, the others while there is nothing else to do.

    Args:
        job: stops it.
        engine: loads.
        first: those that shall answer at once.
        others: the rest.
    """
    for model in [*first, *others]:
        job.checkpoint()
        with suppress(Exception):  # whoever asks for it is told why
            engine.warm(model) if model in first else engine.load(model)
        yield
