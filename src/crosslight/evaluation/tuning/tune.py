"""Tuning a method: its settings searched on some images, and judged on others."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.devices import resolve_device
from ...core.errors import InputError
from ...core.progress import Progress, Silent
from ...core.seeds import seed_for
from ...images import open_images
from ...methods import find_method
from ...models import Classifier, load_model
from ...study import check_study
from ...study.fit import check_fit
from ..masks import Given
from .cases import Unit, make_units, reason_of
from .masks import masks_of
from .objective import Objective, find_objective, needs_masks
from .search import Search, load_optuna, scored
from .space import Space, space_of
from .split import split
from .trials import Trial, TrialFile, affordable, front
from .tuned import BEST, DEFAULT, FRONT, Point, Tuned

if TYPE_CHECKING:
    from ...study.sections import ModelSection
    from ...study.spec import StudySpec

#: points of the front that are judged
POINTS = 6
#: settings whose time is measured before some are proposed, on so many images that were searched; a time is no longer
#: than the default's up to this factor
CANDIDATES, TIMED, NO_LONGER = 3, 2, 1.0


@dataclass(frozen=True)
class _Work:
    """What a search needs."""

    space: Space
    objective: Objective
    units: list[Unit]
    file: TrialFile
    seed: int
    progress: Progress
    budget: int
    until: float


def tune(
    method: str,
    models: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]],
    images: str | Path = "scenes",
    *,
    out: str | Path,
    objective: str = "iou",
    masks: Given = None,
    budget: int = 40,
    minutes: float | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    choices: Mapping[str, Sequence[Any]] | None = None,
    settings: Mapping[str, Any] | None = None,
    target: str = "own",
    limit: int | None = 24,
    held_out: float = 0.5,
    per_image: bool = False,
    share: float | None = None,
    seed: int = 0,
    device: str = "auto",
    batch_size: int | None = None,
    progress: Progress | None = None,
    base: str | Path = ".",
) -> Tuned:
    """Search a method's settings for a high score at few evaluations.

    What the network says of an image is measured once and shared by all trials that can read it, so that another
    kernel width costs nothing. The evaluations of a trial are nevertheless those that its settings need on their own.
    Seconds are measured at the end, of the defaults and of the front, on maps that share nothing.

    Args:
        method: a registered method, or ``python:FILE.py:FUNCTION``.
        models: names, or tables as in a study file.
        images: a folder, a list, ``scenes``, ... as in a study file.
        out: folder for the trials. A search that was killed goes on there; a larger budget continues one that ended.
        objective: see `find_objective`.
        masks: see `open_masks`; for objectives that need them.
        budget: trials, the defaults among them; of each image where `per_image`.
        minutes: stop after so many, whatever the budget.
        ranges: ends of numbers by setting, see `space_of`.
        choices: values by setting.
        settings: that are not searched, by name.
        target: which class is explained: one.
        limit: images, as many of each label as possible.
        held_out: share of them that the search does not see.
        per_image: search the settings of each image by itself; there are then no images held out.
        share: of the highest pixels, for the objective ``iou``.
        seed: of the search, of noise and of the division of the images.
        device: ``auto``, ``cpu``, ``cuda``, ...
        batch_size: variants at once; 8 on a CPU, 32 elsewhere.
        progress: told of trials.
        base: folder that relative paths start from.

    Returns:
        The defaults, the front and the settings that are proposed: the best of those that took no more evaluations and
        no more time than the defaults on the images that were searched.

    Raises:
        InputError: something asked for does not exist, does not fit or cannot be searched; or Optuna is not installed.
    """
    load_optuna()
    fixed = dict(settings or {})
    space = space_of(find_method(method, Path(base)), ranges=ranges, choices=choices, fixed=fixed)
    _check(space, objective, budget, per_image, fixed)
    extra = {} if share is None else {"share": share}
    find_objective(objective, {}, settings=extra)  # before anything is loaded
    listed = [models] if isinstance(models, str | Mapping) else models
    entries = [{"name": one} if isinstance(one, str) else dict(one) for one in listed]
    shown: dict[str, Any] = {"source": str(images), "limit": limit, "sample": "stratified"}
    tables: dict[str, Any] = {
        "study": {"name": f"{method} tuned", "seed": seed, "target": target},
        "images": {key: value for key, value in shown.items() if value is not None},
        "models": entries,
        "methods": [{"name": method, **fixed}],
    }
    spec = check_study(tables, base=Path(base), source="tuning")
    if len(spec.tasks) != 1 or spec.tasks[0].policy.kind == "model":
        raise InputError(f"target {target}: one class is needed here: own, label, class:NAME or contrast:A:B")
    place, tell = resolve_device(device), (progress or Silent()).message
    classifiers = [_load(section, spec, seed) for section in spec.models]
    for one in classifiers:
        check_fit(spec.tasks[0], one)
    found = open_images(spec.images.source, limit=limit, sample=spec.images.sample, seed=seed, base=Path(base))
    size = batch_size or (8 if place.type == "cpu" else 32)
    notes: list[str] = []
    homes = [one.device for one in classifiers]
    try:
        for one in classifiers:
            one.to(place)
        policy = spec.tasks[0].policy
        units = make_units(classifiers, found, policy, seed, size, notes.append)
        inside = masks_of(units, str(images), masks) if needs_masks(objective) else None
        if inside is not None:
            if any(unit[0].identity not in inside for unit in units):
                number = sum(unit[0].identity not in inside for unit in units)
                notes.append(f"left out: {number} of {len(units)} images without a mask")
            units = [unit for unit in units if unit[0].identity in inside]
        for note in notes:
            tell(note)
        if per_image:
            _check_names([unit[0].name for unit in units])
        goal = find_objective(objective, inside, settings=extra, seed=seed)
        searched, judged = (
            (list(range(len(units))),) * 2 if per_image else split([unit[0].identity for unit in units], held_out, seed)
        )
        header = {
            "method": method,
            "objective": goal.name,
            "settings": extra,
            "models": [one.facts.weights_digest if one.facts is not None else one.label for one in classifiers],
            "images": [units[row][0].identity for row in searched],
            "masks": "" if inside is None else _digest(inside),
            "space": space.as_dict(),
            "target": target,
            "seed": seed,
            "per_image": per_image,
        }
        until = time.monotonic() + (60 * minutes if minutes is not None else float("inf"))
        work = _Work(
            space, goal, [units[row] for row in searched], TrialFile(Path(out), header), seed,
            progress or Silent(), budget, until,
        )  # fmt: skip
        if per_image:
            others = make_units(classifiers, found, policy, seed_for(seed, "other samples"), size, lambda note: None)
            kept = {unit[0].identity for unit in units}
            points, chosen = _each(work, [unit for unit in others if unit[0].identity in kept])
        else:
            points, chosen = _all(work, [units[row] for row in judged]), {}
    finally:
        for one, home in zip(classifiers, homes, strict=True):
            one.to(home)
    best = next((at for at, point in enumerate(points) if point.label == BEST), 0)
    proposed = {"parameters": "parameters.json"} if per_image else dict(points[best].settings)
    tables["methods"] = [
        {"name": method, "label": f"{method} (default)", **fixed},
        {"name": method, "label": f"{method} (tuned)", **proposed},
    ]
    return Tuned(
        method=method,
        objective=goal.name,
        better=goal.better,
        models=tuple(one.label for one in classifiers),
        points=tuple(points),
        best=best,
        trials=tuple(work.file.trials),
        searched=tuple(units[row][0].identity for row in searched),
        judged=tuple(units[row][0].identity for row in judged),
        held_out=not per_image,
        chosen=chosen,
        tables=_from_anywhere(tables, Path(base)),
        space=space.as_dict(),
        seed=seed,
        notes=tuple(notes),
    )


def _check(space: Space, objective: str, budget: int, per_image: bool, fixed: Mapping[str, Any]) -> None:
    spec = space.spec
    if per_image and spec.parameters is None:
        raise InputError(f"{spec.name} takes no settings of single images; lime does")
    if not space.dimensions:
        what = "all its settings are given" if fixed else "it has no settings"
        raise InputError(f"{spec.name}: {what}, so there is nothing to search")
    if budget < 1:
        raise InputError(f"the budget must be at least 1 trial, not {budget}")
    searched = {one.name for one in space.dimensions} | set(fixed)
    if "tolerance" in searched and "evaluations" not in spec.diagnostics:
        raise InputError(f"{spec.name} does not say how many evaluations a tolerance has taken; leave tolerance out")


def _check_names(names: Sequence[str]) -> None:
    """Files of parameters call an image by its file's name alone."""
    stems = [PurePosixPath(name).stem for name in names]
    if several := [stem for stem, number in Counter(stems).items() if number > 1]:
        raise InputError(
            f"{stems.count(several[0])} images are called {several[0]!r}; settings of single images are found by name"
        )


def _load(section: ModelSection, spec: StudySpec, seed: int) -> Classifier:
    return load_model(
        section.name,
        weights=section.weights,
        label=section.label,
        options=section.options,
        preprocess=section.preprocess,
        classes=section.classes,
        precision=section.precision,
        multi_label=section.multi_label,
        base=spec.base,
        seed=seed,
    )


def _digest(masks: Mapping[str, Any]) -> str:
    found = hashlib.sha256()
    for identity in sorted(masks):
        found.update(
            f"{identity} {masks[identity].inside.shape}".encode() + np.packbits(masks[identity].inside).tobytes()
        )
    return found.hexdigest()[:16]


def _all(work: _Work, judged: Sequence[Unit]) -> list[Point]:
    """Search settings for all images together, and judge the front on others."""
    search = Search(work.space, work.objective, work.units, work.seed)
    trials = _run(work, search, work.budget, 0)
    best, points = _propose(search, trials), front(trials, search.sign)
    step = max(1, -(-len(points) // POINTS))
    shown = [one for at, one in enumerate(reversed(points)) if at % step == 0 or one is best][::-1]
    chosen = [trials[0], *(one for one in shown if one.number != 0)]
    return judge(work, [(one, [one.settings] * len(judged)) for one in chosen], best, judged)


def _each(work: _Work, judged: Sequence[Unit]) -> tuple[list[Point], dict[str, dict[str, Any]]]:
    """Search settings for each image by itself, and judge them on the same images with other samples."""
    found: list[tuple[Trial, Trial]] = []
    for at, unit in enumerate(work.units):
        search = Search(work.space, work.objective, [unit], work.seed, part=unit[0].identity)
        trials = _run(work, search, work.budget, at)
        found.append((trials[0], (affordable(trials, trials[0].evaluations, search.sign) or trials)[0]))
        for case in unit:
            case.let_go()
    work.progress.finish()
    before, after = (_mean_of([pair[i] for pair in found]) for i in (0, 1))
    chosen = {unit[0].name: dict(best.settings) for unit, (_, best) in zip(work.units, found, strict=True)}
    asked = [(before, [pair[0].settings for pair in found]), (after, [pair[1].settings for pair in found])]
    return judge(work, asked, after, judged), chosen


def _mean_of(trials: Sequence[Trial]) -> Trial:
    score, evaluations = (float(np.mean([getattr(one, name) for one in trials])) for name in ("score", "evaluations"))
    return replace(trials[0], settings={}, score=score, evaluations=evaluations)


def _run(work: _Work, search: Search, budget: int, before: int) -> list[Trial]:
    """The trials of one part, with progress over all parts."""
    parts = len(work.units) if search.part else 1
    if not search.part or before == 0:
        done = sum(min(len(work.file.of(part)), budget) for part in {trial.part for trial in work.file.trials})
        work.progress.start(max(0, budget * parts - done), f"{work.space.spec.name}: {work.objective.name}")

    def tell(trial: Trial, trials: Sequence[Trial]) -> None:
        best = (affordable(trials, trials[0].evaluations, search.sign) or list(trials))[0]
        what = f"best {best.score:.3f}, default {trials[0].score:.3f}, trial {trial.number + 1}/{budget}"
        work.progress.advance(1, what + (f", image {before + 1}/{parts}" if search.part else ""))

    trials = search.run(budget, work.file, until=work.until, tell=tell)
    if not search.part:
        work.progress.finish()
    return trials


def _propose(search: Search, trials: Sequence[Trial]) -> Trial:
    """The best settings that take no more evaluations than the defaults, and no more time on images searched."""
    default = trials[0]
    candidates = [one for one in affordable(trials, default.evaluations, search.sign) if one.number != 0]
    better = [one for one in candidates if search.sign * one.score > search.sign * default.score][:CANDIDATES]
    spent = {one.number: 0.0 for one in (default, *better)}
    for case in (case for unit in search.units[:TIMED] for case in unit):
        for one in (default, *better):
            try:
                spent[one.number] += case.explain_anew(search.space.spec, search.space.settings(one.settings)).seconds
            except Exception as error:  # counted as the worst score already
                reason_of(error)
    return next((one for one in better if spent[one.number] <= NO_LONGER * spent[default.number]), default)


def judge(
    work: _Work, asked: Sequence[tuple[Trial, Sequence[Mapping[str, Any]]]], best: Trial, units: Sequence[Unit]
) -> list[Point]:
    """Score and time settings on images, one image after the other, so that all meet the same load of the machine.

    Args:
        work: method and objective.
        asked: trials, the default first, each with the settings of every image.
        best: the trial that is proposed.
        units: the images.
    """
    values = np.full((3, len(asked), len(units)), np.nan)
    spec = work.space.spec
    work.progress.start(len(units) * len(asked), "judging the front")
    for at, unit in enumerate(units):
        for row, (_, settings) in enumerate(asked):
            chosen = work.space.settings(settings[at])
            values[:, row, at] = np.mean([_judged(work, case, spec, chosen) for case in unit], axis=0)
            work.progress.advance(1, f"image {at + 1}/{len(units)}")
        for case in unit:
            case.let_go()
    work.progress.finish()
    labels = [DEFAULT, *(BEST if trial is best else FRONT for trial, _ in asked[1:])]
    return [
        Point(label, dict(trial.settings), (trial.score, trial.evaluations), *values[:, row])
        for row, (label, (trial, _)) in enumerate(zip(labels, asked, strict=True))
    ]


def _judged(work: _Work, case: Any, spec: Any, chosen: Any) -> tuple[float, float, float]:
    """Score, seconds and evaluations of one map that shares nothing."""
    worst = work.objective.worst
    try:
        found = case.explain_anew(spec, chosen)
        return scored(work.objective, case, found), found.seconds, found.evaluations
    except Exception as error:
        reason_of(error)
        return float("nan") if worst is None else worst, float("nan"), float("nan")


def _from_anywhere(tables: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """Tables whose paths do not depend on where the study file lies."""

    def whole(text: str) -> str:
        path = Path(text).expanduser()
        path = path if path.is_absolute() else base / path
        return str(path.resolve()) if text and path.exists() else text

    found = {**tables, "images": {**tables["images"], "source": whole(tables["images"]["source"])}}
    found["models"] = [dict(entry) for entry in tables["models"]]
    for entry in found["models"]:
        entry |= {key: whole(str(entry[key])) for key in ("weights", "classes") if entry.get(key)}
        if entry["name"].startswith("python:"):
            file, _, function = entry["name"].removeprefix("python:").rpartition(":")
            entry["name"] = f"python:{whole(file)}:{function}"
    return found
