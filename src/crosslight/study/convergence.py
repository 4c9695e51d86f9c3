"""How large a sampled method's budget must be: runs of growing length, repeated under other seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.devices import resolve_device
from ..core.errors import ImageError, InputError
from ..core.geometry import Box
from ..core.maps import Maps, Status, judge
from ..core.progress import Progress, Silent
from ..core.seeds import seed_for
from ..evidence import check_policy
from ..images import ImageSet, open_images
from ..methods import find_method
from ..models import Classifier, load_model
from .budgets import budget_tasks
from .fit import check_fit
from .repeats import Runs

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import nn

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Convergence:
    """Runs of one method on one picture at growing budgets, under several seeds.

    Attributes:
        model: label of the classifier.
        method: name of the method.
        setting: the setting that is the budget, such as ``samples``.
        budgets: ascending.
        seeds: one for each repeat; the first is the one that was asked for.
        maps: float32 ``[repeat, budget, h, w]``, signed and raw, at the method's native resolution.
        evaluations: int64 ``[repeat, budget]``: passes that a run of this budget takes, on its own.
        seconds: float64 ``[repeat, budget]``: what that takes of the processor, all threads together, or by the clock
            where the classifier is on another device.
        diagnostics: what the method measures of itself, float64 ``[repeat, budget]`` by name.
        deterministic: whether a second seed gave the very same map: one run then stands for all.
        skipped: budgets that cannot be had on this picture, with the reason.
        box: what the maps cover, in pixels of the upright picture.
        target: the class explained, and the class subtracted in a contrast or -1.
        explained: the same in words.
        predicted: name of the classifier's own class.
        probability: of that class.
        attributes: method, settings other than the budget, finish, sign, tolerance (the diagnostic that tells how
            close a run is, or None), target policy, reference.
    """

    model: str
    method: str
    setting: str
    budgets: tuple[int, ...]
    seeds: tuple[int, ...]
    maps: NDArray[np.float32] = field(repr=False)
    evaluations: NDArray[np.int64]
    seconds: Floats
    diagnostics: Mapping[str, Floats]
    deterministic: bool
    skipped: tuple[tuple[int, str], ...]
    box: Box
    target: tuple[int, int]
    explained: str
    predicted: str
    probability: float
    attributes: Mapping[str, Any] = field(repr=False)

    @property
    def reference(self) -> Floats:
        """The mean of the longest runs, ``[h, w]``."""
        mean: Floats = self.maps[:, -1].astype(np.float64).mean(axis=0)
        return mean

    @property
    def references(self) -> Floats:
        """What each repeat is held against, ``[repeat, h, w]``: the mean of the longest runs of all other repeats.

        A run is thus never compared with itself, nor with a run that goes on from it. One repeat alone has only its own
        longest run.
        """
        longest = self.maps[:, -1].astype(np.float64)
        if len(longest) == 1:
            return longest
        others: Floats = (longest.sum(axis=0) - longest) / (len(longest) - 1)
        return others

    @property
    def error(self) -> Floats:
        """``|map - reference|^2 / |reference|^2``, ``[repeat, budget]``, see `references`.

        The reference has an error too, which is part of this one: with R repeats the longest budget's divided by R - 1.
        NaN for the longest run of a single repeat, which is the reference itself.
        """
        maps, references = _flat(self.maps), _flat(self.references)[:, None]
        error = _share(((maps - references) ** 2).sum(-1), (references**2).sum(-1))
        return self._without_itself(error)

    @property
    def cosine(self) -> Floats:
        """Cosine of each map and its reference, ``[repeat, budget]``; NaN as for `error`."""
        return self._without_itself(_cosine(_flat(self.maps), _flat(self.references)[:, None]))

    @property
    def correlation(self) -> Floats:
        """Pearson's correlation of each map and its reference, ``[repeat, budget]``; NaN as for `error`.

        Unlike the cosine and the error it does not profit from what all pixels of a map have in common, which is most
        of a map that has no negative values.
        """
        centred = (values - values.mean(-1, keepdims=True) for values in (_flat(self.maps), _flat(self.references)))
        maps, references = centred
        return self._without_itself(_cosine(maps, references[:, None]))

    @property
    def spread(self) -> Floats:
        """How far repeats lie apart, ``[budget]``: the variance over seeds as a share of ``|reference|^2``.

        It is what `error` would be against the limit, but for a bias that all repeats share. 0 for a deterministic
        method; NaN where there is one repeat only.
        """
        if self.deterministic:
            return np.zeros(len(self.budgets))
        if len(self.maps) == 1:
            return np.full(len(self.budgets), np.nan)
        variance = _flat(self.maps).var(axis=0, ddof=1).sum(-1)
        return _share(variance, np.square(self.reference).sum())

    def _without_itself(self, values: Floats) -> Floats:
        if len(self.maps) == 1:
            values[0, -1] = np.nan
        return values

    def records(self) -> list[dict[str, Any]]:
        """A row for each repeat and budget: what was measured, by name."""
        error, cosine, correlation, spread = self.error, self.cosine, self.correlation, self.spread
        rows: list[dict[str, Any]] = []
        for repeat, seed in enumerate(self.seeds):
            for at, budget in enumerate(self.budgets):
                row = {
                    "repeat": repeat,
                    "seed": seed,
                    "budget": budget,
                    "evaluations": int(self.evaluations[repeat, at]),
                    "seconds": float(self.seconds[repeat, at]),
                    "error": float(error[repeat, at]),
                    "cosine": float(cosine[repeat, at]),
                    "correlation": float(correlation[repeat, at]),
                    "spread": float(spread[at]),
                }
                own = {name: float(values[repeat, at]) for name, values in self.diagnostics.items() if name not in row}
                rows.append(row | own)
        return rows

    def summary(self) -> list[dict[str, Any]]:
        """A row for each budget: the mean over repeats of what `records` has."""
        rows = self.records()
        leave = ("repeat", "seed", "budget")
        names = [name for name in rows[0] if name not in leave]
        return [
            {"budget": budget} | {name: _mean([row[name] for row in rows if row["budget"] == budget]) for name in names}
            for budget in self.budgets
        ]

    def as_maps(self, repeat: int) -> Maps:
        """The maps of one repeat, a budget in the place of an image; the reference is the last."""
        values = np.concatenate([self.maps[repeat], self.reference[None].astype(np.float32)])
        count = len(values)
        return Maps(
            values=values,
            boxes=np.tile(np.array(self.box.as_tuple()), (count, 1)),
            status=judge(values),
            targets=np.tile(np.array(self.target, np.int32), (count, 1)),
            images=(*(str(budget) for budget in self.budgets), "reference"),
            attributes=self.attributes,
        )


def convergence(
    classifier: str | nn.Module | Classifier,
    picture: str | Path | Image | ImageSet,
    method: str = "kernel-shap",
    budgets: Sequence[int] = (),
    *,
    repeats: int = 3,
    settings: Mapping[str, Any] | None = None,
    target: str = "own",
    seed: int = 0,
    device: str = "auto",
    batch_size: int | None = None,
    progress: Progress | None = None,
    base: str | Path = ".",
) -> Convergence:
    """Run a sampled method at growing budgets, several times over, to see how much of it is enough.

    Runs of one repeat are nested where the method's samples are: 400 samples are those of 200 and 200 more, and cost no
    more than that. Others are made anew. Every repeat has its own seed; all explain the same class.

    Args:
        classifier: a name, a `Classifier` or a network.
        picture: a file, a picture, or an `ImageSet` of one.
        method: one that has a budget: kernel-shap, rise, smoothgrad, integrated-gradients, ...
        budgets: by default a quarter, half, all and twice of the method's own default, as far as it takes them.
        repeats: how many seeds; 1 or more.
        settings: of the method; neither the budget nor a tolerance, which would choose its own.
        target: ``own``, ``label``, ``class:NAME-OR-INDEX`` or ``contrast:A:B``.
        seed: of the first repeat; those of the others follow from it.
        device: ``auto``, ``cpu``, ``cuda``, ...
        batch_size: images at once; 8 on a CPU, 32 elsewhere.
        progress: told of evaluations.
        base: folder that relative paths start from.

    Returns:
        Maps and measures. Budgets that are too small for this picture, such as for its superpixels, are left out and
        stand in ``skipped``.

    Raises:
        InputError: the method has no budget, none of the budgets is possible, or something asked for does not exist.
        ImageError: the picture cannot be decoded, or no budget suits it, or nothing could be explained.
    """
    spec = find_method(method, Path(base))
    tasks, skipped = budget_tasks(spec, method, budgets, settings or {}, target, Path(base))
    if repeats < 1:
        raise InputError(f"repeats must be at least 1, not {repeats}")
    place = resolve_device(device)
    model = load_model(classifier, base=Path(base), seed=seed)
    task = next(iter(tasks.values()))
    check_fit(task, model)
    check_policy(task.policy, model.outputs, model.classes)
    images = picture if isinstance(picture, ImageSet) else open_images(picture, base=Path(base))
    if len(images) != 1:
        raise InputError(f"convergence is of one picture, not of {len(images):,}")
    seeds = [seed, *(seed_for(seed, "repeat", repeat) for repeat in range(1, repeats))]
    work = Runs(model, images, tasks, batch_size or (8 if place.type == "cpu" else 32), progress or Silent())
    home = model.device
    model.to(place)
    try:
        found = work.repeats(seeds)
    finally:
        model.to(home)
    deterministic = len(found) < repeats
    runs = {budget: [repeat[budget] for repeat in found] for budget in found[0]}
    columns = list(zip(*runs.values(), strict=True))
    maps = np.array([[run.map for run in row] for row in columns], np.float32)
    _check(maps[:, -1])
    return Convergence(
        model=model.label,
        method=spec.name,
        setting=spec.reads.budget,
        budgets=tuple(runs),
        seeds=tuple(seeds[: len(found)]),
        maps=maps,
        evaluations=np.array([[run.evaluations for run in row] for row in columns], np.int64),
        seconds=np.array([[run.seconds for run in row] for row in columns]),
        diagnostics={
            name: np.array([[run.diagnostics[name] for run in row] for row in columns]) for name in spec.diagnostics
        },
        deterministic=deterministic,
        skipped=tuple(sorted([*skipped.items(), *work.unfit.items()])),
        attributes={
            "model": model.label,
            "method": spec.name,
            "settings": task.settings.model_dump(mode="json", exclude={spec.reads.budget, "tolerance"}),
            "finish": spec.finish,
            "sign": spec.sign,
            "tolerance": spec.tolerance,
            "target": str(task.policy),
            "reference": spec.reference,
        },
        **work.said,
    )


def _check(longest: NDArray[np.float32]) -> None:
    """Whether there is something to converge to."""
    for status, what in ((Status.NONFINITE, "not finite"), (Status.ZERO, "0 everywhere")):
        if (judge(longest) == status).any():
            raise ImageError(f"the map of the longest run is {what}: there is nothing to converge to")


def _flat(maps: NDArray[np.floating[Any]]) -> Floats:
    return maps.reshape(*maps.shape[:-2], -1).astype(np.float64)


def _cosine(first: Floats, second: Floats) -> Floats:
    return _share((first * second).sum(-1), np.sqrt((first**2).sum(-1) * (second**2).sum(-1)))


def _share(values: Floats, of: Floats) -> Floats:
    """The quotient; NaN where it divides by 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: Floats = np.where(of > 0, values / of, np.nan)
    return quotient


def _mean(values: Sequence[float]) -> float:
    """Of what is known; NaN where nothing is."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
