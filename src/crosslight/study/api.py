"""Studies and explanations from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.accessors import shown
from ..core.devices import resolve_device
from ..core.errors import InputError, ModelError, Problem, StudyError
from ..core.maps import Maps
from ..core.progress import Progress
from ..images import ImageSet, map_labels, open_images
from ..models import Classifier, load_model
from ..store import Failure, MapBlock, PredictionTable, Store
from .fit import check_fit, fitting_methods, naming_others, why_nowhere
from .parameters import notes_on
from .plan import Plan, make_plan
from .runner import run_plan
from .spec import MapTask, StudySpec, check_methods, check_study, read_study
from .worker import Item, Outcome, explain_block

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import nn

BLOCK = 64  # images whose maps are made in one go by `explain`


@dataclass(frozen=True)
class Study:
    """Models x methods x images, checked and ready to run.

    Example:
        >>> study = Study.from_file("studies/my-study.toml")    # doctest: +SKIP
        >>> store = study.run("out/my-study")                    # doctest: +SKIP
        >>> store.maps("ResNet-18", "Grad-CAM").values.shape     # doctest: +SKIP
        >>> study.plot.matrix("Grad-CAM")                        # doctest: +SKIP

    Attributes:
        spec: what was asked for.
        results: the store of the last `run`; None before.
    """

    spec: StudySpec
    results: Store | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def plot(self) -> Any:
        """Figures of the last `run`; see `crosslight.report.figures.plots.Plots`.

        Raises:
            InputError: it was not run yet.
        """
        if self.results is None:
            raise InputError("there is nothing to draw yet: run the study first, or use Store.open(OUT).plot")
        return self.results.plot

    @property
    def name(self) -> str:
        """The study's name."""
        return self.spec.study.name

    @classmethod
    def from_file(cls, path: str | Path, overrides: Sequence[str] = ()) -> Study:
        """Read a study file; `overrides` are ``key=value`` as with ``--set``.

        Raises:
            StudyError: with every problem in the file at once.
        """
        return cls(read_study(Path(path), overrides))

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any], base: str | Path = ".") -> Study:
        """A study from the tables that a file would hold.

        Raises:
            StudyError: with every problem at once.
        """
        return cls(check_study(tables, base=Path(base)))

    def plan(self, out: str | Path | None = None, device: str | None = None) -> Plan:
        """What running it comes to; see `make_plan`."""
        return make_plan(self.spec, None if out is None else Path(out), device)

    def run(self, out: str | Path, *, progress: Progress | None = None, device: str | None = None) -> Store:
        """Run it into a folder, or go on where an earlier run stopped.

        Raises:
            InputError: the folder holds another study, or nothing can be loaded.
        """
        store = run_plan(self.plan(out, device), Path(out), progress)
        object.__setattr__(self, "results", store)  # the study itself stays as it is
        return store

    def _repr_html_(self) -> str:
        return shown(self)


def load_study(path: str | Path, overrides: Sequence[str] = ()) -> Study:
    """The study in a file; see `Study.from_file`."""
    return Study.from_file(path, overrides)


@dataclass(frozen=True)
class Explanations:
    """What `explain` found, in memory.

    Attributes:
        images: the pictures.
        maps: by (model label, method label).
        predictions: by model label.
        failures: what could not be done, with the reason.
        classifiers: by model label.
        notes: what a person should know, such as which images a file of parameters does not name.
    """

    images: ImageSet
    maps: Mapping[tuple[str, str], Maps]
    predictions: Mapping[str, PredictionTable]
    failures: tuple[Failure, ...]
    classifiers: Mapping[str, Classifier] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """Labels of the models."""
        return tuple(self.predictions)

    @property
    def methods(self) -> tuple[str, ...]:
        """Labels of the methods."""
        return tuple(dict.fromkeys(method for _, method in self.maps))

    def __getitem__(self, key: tuple[str, str]) -> Maps:
        return self.maps[key]

    def _repr_html_(self) -> str:
        return shown(self)


def explain(
    models: str | nn.Module | Classifier | Sequence[str | nn.Module | Classifier],
    images: str | Path | Image | ImageSet | Sequence[Any],
    methods: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] = "grad-cam",
    *,
    target: str = "own",
    device: str = "auto",
    batch_size: int | None = None,
    seed: int = 0,
    precision: str | None = None,
    base: str | Path = ".",
) -> Explanations:
    """Explain pictures with one or several classifiers and methods, in memory.

    Args:
        models: names such as ``timm/resnet18.a1_in1k``, `Classifier` objects or networks, one or several.
        images: a folder, a file, a list of files or pictures, or an `ImageSet`.
        methods: names, or tables such as ``{"name": "grad-cam", "depth": 0.5, "label": "halfway"}``.
        target: ``own``, ``top:K``, ``label``, ``class:NAME-OR-INDEX`` or ``contrast:A:B``.
        device: ``auto``, ``cpu``, ``cuda``, ...
        batch_size: images at once; 8 on a CPU, 32 elsewhere.
        seed: of noise, and of random weights.
        precision: ``fp32`` or ``bf16``; by default that of each classifier, which is fp32 unless it was asked for.
        base: folder that relative paths start from.

    Returns:
        Maps by model and method, with predictions and whatever failed. A method that does not apply to one of the
        models is left out there, and its failure says why.

    Raises:
        InputError: something asked for does not exist, with the nearest name; or a method applies to no model.
    """
    place = resolve_device(device)
    classifiers = _classifiers(models, seed, precision, Path(base))
    tasks = _tasks(methods, target, Path(base))
    pictures = images if isinstance(images, ImageSet) else open_images(_listed(images), base=Path(base))
    size = batch_size or (8 if place.type == "cpu" else 32)
    maps: dict[tuple[str, str], Maps] = {}
    predictions: dict[str, PredictionTable] = {}
    failures = _misfits(classifiers, tasks)
    misfits = {(failure.model, failure.stage) for failure in failures}
    for classifier in classifiers.values():
        fitting = [task for task in tasks if (classifier.label, f"method:{task.label}") not in misfits]
        labels = map_labels(pictures, classifier.classes).indices if classifier.classes is not None else None
        items = [
            Item(record.identity, record.load, labels[i] if labels is not None else None, name=record.name)
            for i, record in enumerate(pictures)
        ]
        home = classifier.device
        classifier.to(place)
        try:
            outcomes = [
                explain_block(classifier, items[at : at + BLOCK], fitting, batch_size=size, seed=seed)
                for at in range(0, len(items), BLOCK)
            ]
        finally:
            classifier.to(home)
        identities = tuple(item.identity for item in items)
        predictions[classifier.label] = _table(classifier, identities, outcomes)
        for task in fitting:
            blocks = [outcome.maps[task.label] for outcome in outcomes]
            maps[classifier.label, task.label] = _joined(classifier, task, identities, blocks)
        failures += [failure for outcome in outcomes for failure in outcome.failures]
    notes = tuple(notes_on(tasks, [record.name for record in pictures]))
    return Explanations(pictures, maps, predictions, tuple(failures), classifiers, notes)


def _classifiers(models: Any, seed: int, precision: str | None, base: Path) -> dict[str, Classifier]:
    wanted = models if isinstance(models, list | tuple) else [models]
    loaded: dict[str, Classifier] = {}
    for model in wanted:
        classifier = load_model(model, base=base, seed=seed, precision=precision)
        if classifier.label in loaded:
            raise InputError(f"two models are called {classifier.label!r}; give each its own label with load_model")
        loaded[classifier.label] = classifier
    if not loaded:
        raise InputError("name at least one model")
    return loaded


def _tasks(methods: Any, target: str, base: Path) -> tuple[MapTask, ...]:
    wanted = methods if isinstance(methods, list | tuple) else [methods]
    tasks = check_methods([{"name": m} if isinstance(m, str) else dict(m) for m in wanted], target, base)
    if not tasks:
        raise InputError("name at least one method")
    if any(task.policy.kind == "model" for task in tasks):
        raise InputError("target model:NAME needs a study; explain knows one model at a time")
    return tasks


def _misfits(classifiers: Mapping[str, Classifier], tasks: Sequence[MapTask]) -> list[Failure]:
    """The methods that do not apply to a model, with the reason; an error where one applies to none."""
    found: list[Failure] = []
    for label, classifier in classifiers.items():
        for task in tasks:
            try:
                check_fit(task, classifier)
            except ModelError as error:
                found.append(Failure("", label, f"method:{task.label}", str(error)))
    lacking = {(failure.model, failure.stage) for failure in found}
    able = {
        task.label: [label for label in classifiers if (label, f"method:{task.label}") not in lacking] for task in tasks
    }
    useless = [label for label, models in able.items() if not models]
    if useless:
        fitting = fitting_methods(*classifiers.values())
        instead = f"; these methods apply: {', '.join(fitting)}" if fitting else ""
        raise StudyError([Problem(label, why_nowhere(label, found) + instead) for label in useless])
    return naming_others(found, able)


def _listed(images: Any) -> Any:
    from PIL.Image import Image as Picture

    return [images] if isinstance(images, Picture) else images


def _table(classifier: Classifier, identities: tuple[str, ...], outcomes: Sequence[Outcome]) -> PredictionTable:
    blocks = [outcome.predictions for outcome in outcomes]
    return PredictionTable(
        model=classifier.label,
        images=identities,
        logits=np.concatenate([block.logits for block in blocks]),
        sizes=np.concatenate([block.sizes for block in blocks]),
        status=np.concatenate([block.status for block in blocks]),
        classes=tuple(classifier.class_name(i) for i in range(classifier.outputs)),
        attributes={
            "facts": classifier.facts.as_dict() if classifier.facts is not None else {},
            "multi_label": classifier.multi_label,
        },
    )


def _joined(classifier: Classifier, task: MapTask, identities: tuple[str, ...], blocks: Sequence[MapBlock]) -> Maps:
    attributes = {
        "model": classifier.label,
        "label": task.label,
        "method": task.method.name,
        "settings": task.settings.model_dump(mode="json"),
        "finish": task.method.finish,
        "sign": task.method.sign,
        "target": str(task.policy),
        "reference": task.method.reference,
        **({"parameters": task.parameters.given} if task.parameters is not None else {}),
    }
    return Maps(
        values=np.concatenate([block.values for block in blocks]),
        boxes=np.concatenate([block.boxes for block in blocks]),
        status=np.concatenate([block.status for block in blocks]),
        targets=np.concatenate([block.targets for block in blocks]),
        images=identities,
        diagnostics={
            name: np.concatenate([block.diagnostics[name] for block in blocks]) for name in task.method.diagnostics
        },
        attributes=attributes,
    )
