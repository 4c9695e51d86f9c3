"""What a study comes to on this machine: models loaded, images chosen, digests fixed, evaluations counted."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from ..__about__ import __version__
from ..core.devices import resolve_devices
from ..core.errors import InputError, ModelError, Problem, StudyError
from ..core.seeds import digest
from ..evidence import EvidenceSettings, check_policy
from ..images import ImageSet, map_labels, open_images
from ..models import Classifier, load_model
from ..store import Failure, ImageEntry, Manifest, Store, left_out, set_key
from .fit import check_fit, naming_others, why_nowhere
from .parameters import Parameters, notes_on, passes_of
from .sections import ModelSection
from .spec import MapTask, StudySpec

#: classifiers are kept loaded between planning and running while they are smaller than this together
KEEP_BYTES = 4 << 30


@dataclass
class ModelPlan:
    """One classifier of a study.

    Attributes:
        label: as shown in reports.
        digest: of weights, options and preprocessing: maps of another model never mix with this one's.
        attributes: what the store keeps of it.
        outputs: number of classes.
        labels: each image's own class, as an index among this classifier's, or None.
        unmapped: labels that mean no class of this classifier, with the number of images.
        sets: for each task's label, the digest and attributes of its maps; a task that this classifier has nothing
            for, such as a network without spatial features for a CAM, is not among them.
        resolutions: for each task's label, height and width of its maps.
        passes: for each task's label, passes per image for the evidence that it reads.
        failures: tasks that are not among the sets, with the reason.
        load: gives the classifier; it is kept or loaded anew.
    """

    label: str
    digest: str
    attributes: dict[str, Any]
    outputs: int
    labels: tuple[int | None, ...]
    unmapped: dict[str, int]
    sets: dict[str, tuple[str, dict[str, Any]]]
    resolutions: dict[str, tuple[int, int]]
    passes: dict[str, int]
    failures: tuple[Failure, ...]
    load: Callable[[], Classifier] = field(repr=False)

    def key(self, task: MapTask) -> str:
        """The key of a task's maps in the store."""
        return set_key(task.label, self.sets[task.label][0])

    def tasks(self, spec: StudySpec) -> tuple[MapTask, ...]:
        """The study's tasks, without those that this classifier has nothing for."""
        return tuple(task for task in spec.tasks if task.label in self.sets)


@dataclass(frozen=True)
class Plan:
    """Everything that is fixed before work starts.

    Attributes:
        spec: the checked study.
        images: the chosen pictures.
        plans: the classifiers that could be loaded, those that others' targets refer to first.
        failures: classifiers that could not, and methods that have nothing to read on one, with the reason.
        manifest: what the output folder will say of itself.
        devices: where to run.
        remaining: evaluations left to do; less than `evaluations` when resuming.
    """

    spec: StudySpec
    images: ImageSet
    plans: tuple[ModelPlan, ...]
    failures: tuple[Failure, ...]
    manifest: Manifest
    devices: tuple[torch.device, ...]
    remaining: int

    @property
    def models(self) -> tuple[str, ...]:
        """Labels of the classifiers that could be loaded."""
        return tuple(plan.label for plan in self.plans)

    @property
    def methods(self) -> tuple[str, ...]:
        """Labels of the sets of maps."""
        return tuple(task.label for task in self.spec.tasks)

    @property
    def blocks(self) -> int:
        """Number of blocks of images."""
        return -(-len(self.images) // self.manifest.block)

    @property
    def evaluations(self) -> int:
        """Passes of one image through one network, the whole study counted."""
        every = range(len(self.images))
        return sum(evaluations_of(plan.tasks(self.spec), plan.passes, every) for plan in self.plans)

    @property
    def problems(self) -> list[str]:
        """What a person should know before the work starts."""
        found = [f"{failure.model}: {failure.reason}" for failure in self.failures if not failure.left_out]
        found += left_out(self.failures)
        found += notes_on(self.spec.tasks, [record.name for record in self.images])
        for plan in self.plans:
            if plan.unmapped:
                listed = ", ".join(f"{label!r} ({count})" for label, count in list(plan.unmapped.items())[:5])
                more = f" and {len(plan.unmapped) - 5} more" if len(plan.unmapped) > 5 else ""
                found.append(f"{plan.label}: labels that are none of its classes: {listed}{more}")
        return found

    def rows(self) -> list[tuple[str, str]]:
        """The plan in two columns, for display."""
        facts = self.manifest.facts
        left = self.remaining
        return [
            ("study", self.spec.study.name),
            ("models", ", ".join(self.models)),
            ("methods", ", ".join(self.methods)),
            ("images", f"{len(self.images)} from {self.images.source}"),
            ("blocks", f"{self.blocks} of up to {self.manifest.block} images, per model"),
            ("evaluations", f"{self.evaluations:,}" + ("" if left == self.evaluations else f", {left:,} left")),
            ("device", f"{', '.join(map(str, self.devices))}; batch {facts['batch_size']}, {facts['threads']} threads"),
        ]


def evaluations(tasks: Sequence[MapTask], passes: Mapping[str, int]) -> int:
    """Passes per image that a list of tasks needs, evidence shared between them counted once.

    Args:
        tasks: sets of maps.
        passes: for each task's label, those of its evidence, as `ModelPlan` has them.
    """
    needed: dict[tuple[type, EvidenceSettings, str, Parameters | None], int] = {}
    for task in tasks:
        settings = task.method.evidence_settings(task.settings)
        kind = task.method.reads
        target = "" if kind.shared_by_targets else str(task.policy)
        needed[kind, settings, target, task.parameters] = passes[task.label]
    free = any(task.method.reads.gives_logits for task in tasks)
    return sum(needed.values()) + (0 if free else 1)


def evaluations_of(tasks: Sequence[MapTask], passes: Mapping[str, int], images: range) -> int:
    """Passes that a list of tasks needs for some of the study's images, each task up to its own limit."""
    limits = {task.limit for task in tasks if task.limit is not None and task.limit in images}
    edges = sorted({images.start, images.stop, *limits})
    return sum(
        (stop - start) * evaluations([task for task in tasks if task.limit is None or start < task.limit], passes)
        for start, stop in pairwise(edges)
    )


def make_plan(spec: StudySpec, out: Path | None = None, device: str | None = None) -> Plan:
    """Load what a study names, and count what is to be done.

    Args:
        spec: the checked study.
        out: output folder; if it holds this study already, its batch size, block and threads are used where the
            study names none, and what is done is not counted again.
        device: instead of the study's.

    Raises:
        InputError: no image can be had, no device of that name is here, no model could be loaded, or a method or
            its target can be used on none of them.
    """
    study = spec.study
    devices = tuple(resolve_devices(device or study.device))
    images = open_images(
        spec.images.source,
        limit=spec.images.limit,
        sample=spec.images.sample,
        seed=study.seed,
        base=spec.base,
        profiles=spec.images.profiles,
    )
    stored = Store.open(out).manifest if out is not None and (out / "study.json").is_file() else None
    manifest = _manifest(spec, images, devices, stored)
    # Another study in the folder is refused before anything is loaded.
    store = Store.create(out, manifest) if out is not None and stored is not None else None
    plans, failures = _load_all(spec, images)
    if not plans:
        raise ModelError("no model could be loaded:\n" + "\n".join(f"  - {f.model}: {f.reason}" for f in failures))
    able = {task.label: [plan.label for plan in plans if task.label in plan.sets] for task in spec.tasks}
    useless = [label for label, models in able.items() if not models]
    if useless:
        problems = [Problem(f"methods ({label})", why_nowhere(label, failures)) for label in useless]
        raise StudyError(problems, study.name)
    failures = tuple(naming_others(failures, able))
    plan = Plan(spec, images, plans, failures, manifest, devices, 0)
    left = sum(
        evaluations_of(
            tasks, model.passes, range(block * manifest.block, min((block + 1) * manifest.block, len(images)))
        )
        for model in plans
        for block in range(plan.blocks)
        if (tasks := outstanding(store, spec, model, block)) is not None
    )
    return Plan(spec, images, plans, failures, manifest, devices, left)


def outstanding(store: Store | None, spec: StudySpec, plan: ModelPlan, block: int) -> tuple[MapTask, ...] | None:
    """The tasks that a block still needs; None where nothing is left, not even the predictions."""
    if store is None:
        return plan.tasks(spec)
    predicted = store.is_done(plan.label, None, block)
    tasks = tuple(task for task in plan.tasks(spec) if not store.is_done(plan.label, plan.key(task), block))
    return None if predicted and not tasks else tasks


def _manifest(spec: StudySpec, images: ImageSet, devices: Sequence[torch.device], stored: Manifest | None) -> Manifest:
    study, kept = spec.study, stored.facts if stored is not None else {}
    on_cpu = devices[0].type == "cpu"
    batch_size = study.batch_size or kept.get("batch_size") or (8 if on_cpu else 32)
    threads = study.threads or kept.get("threads") or torch.get_num_threads()
    block = study.block or (stored.block if stored is not None else max(16, batch_size))
    identities = [record.identity for record in images]
    fixed = {
        "name": study.name,
        "seed": study.seed,
        "images": identities,
        "block": block,
        "batch_size": batch_size,
        "threads": threads,
    }
    facts = {
        "crosslight": __version__,
        "versions": _versions(),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "devices": [str(device) for device in devices],
        "batch_size": batch_size,
        "threads": threads,
        "images": {
            **spec.images.model_dump(),
            "source": str(_absolute(spec.images.source, spec.base)),
            "classes": list(images.classes),
        },
        "spec": spec.as_dict(),
        "text": spec.text,
        "command": spec.command,
    }
    return Manifest(
        name=study.name,
        identity=digest(fixed, 32),
        images=tuple(ImageEntry(r.identity, r.name, r.label) for r in images),
        block=block,
        seed=study.seed,
        facts=facts,
    )


def _absolute(source: str, base: Path) -> str | Path:
    path = Path(source).expanduser()
    path = path if path.is_absolute() else base / path
    return path.resolve() if path.exists() else source


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("torch", "torchvision", "timm", "numpy", "zarr", "pillow")}


def _load_all(spec: StudySpec, images: ImageSet) -> tuple[tuple[ModelPlan, ...], tuple[Failure, ...]]:
    referred = {task.policy.name for task in spec.tasks if task.policy.kind == "model"}
    plans: list[ModelPlan] = []
    failures: list[Failure] = []
    kept = 0
    for section in sorted(spec.models, key=lambda model: model.label not in referred):
        label = str(section.label)
        try:
            classifier = _load(section, spec)
            keep = kept < KEEP_BYTES
            plans.append(_plan_model(classifier, section, spec, images, keep))
            failures += plans[-1].failures
            kept += sum(p.numel() * p.element_size() for p in classifier.network.parameters()) if keep else 0
        except ModelError as error:
            failures.append(Failure("", label, "load", str(error)))
    return tuple(plans), tuple(failures)


def _load(section: ModelSection, spec: StudySpec) -> Classifier:
    return load_model(
        section.name,
        weights=section.weights,
        label=section.label,
        options=section.options,
        preprocess=section.preprocess,
        classes=section.classes,
        precision=section.precision or spec.study.precision,
        multi_label=section.multi_label,
        base=spec.base,
        seed=spec.study.seed,
    )


def _plan_model(
    classifier: Classifier, section: ModelSection, spec: StudySpec, images: ImageSet, keep: bool
) -> ModelPlan:
    facts = classifier.facts.as_dict() if classifier.facts is not None else {}
    facts |= {key: value for key in ("lineage", "replicate") if (value := getattr(section, key)) is not None}
    preprocess = asdict(classifier.preprocess)
    classes = classifier.classes
    identity = {
        "name": section.name,
        "options": section.options,
        "weights": facts.get("weights_digest", ""),
        "preprocess": preprocess,
        "classes": list(classes.names) if classes is not None else [],  # labels and targets are found by them
        "precision": classifier.precision,
        "multi_label": classifier.multi_label,
    }
    model_digest = digest(identity)
    outputs = classifier.outputs
    mapped = map_labels(images, classes) if classes is not None else None
    sets: dict[str, tuple[str, dict[str, Any]]] = {}
    resolutions: dict[str, tuple[int, int]] = {}
    passes: dict[str, int] = {}
    failures: list[Failure] = []
    for task in spec.tasks:
        try:
            check_policy(task.policy, outputs, classes)
            check_fit(task, classifier)
            attributes = _set_attributes(task, classifier, spec)
        except InputError as error:
            failures.append(Failure("", classifier.label, f"method:{task.label}", str(error)))
            continue
        sets[task.label] = (digest({"model": model_digest, "seed": spec.study.seed, **attributes}), attributes)
        resolutions[task.label] = task.method.reads.resolution(classifier, task.method.evidence_settings(task.settings))
        passes[task.label] = passes_of(task, [record.name for record in images], classifier)
    return ModelPlan(
        label=classifier.label,
        digest=model_digest,
        attributes={
            "digest": model_digest,
            "name": section.name,
            "facts": facts,
            "preprocess": preprocess,
            "last_features": _last_features(classifier),
            "precision": classifier.precision,
            "multi_label": classifier.multi_label,
            "classes": list(classes.names) if classes is not None else [],
            "class_ids": list(classes.ids) if classes is not None else [],
            "labels": list(mapped.indices) if mapped is not None else [None] * len(images),
        },
        outputs=outputs,
        labels=tuple(mapped.indices) if mapped is not None else (None,) * len(images),
        unmapped=dict(mapped.unmapped) if mapped is not None else {},
        sets=sets,
        resolutions=resolutions,
        passes=passes,
        failures=tuple(failures),
        load=(lambda: classifier) if keep else (lambda: _load(section, spec)),
    )


def _last_features(classifier: Classifier) -> dict[str, Any] | None:
    """What the store keeps of the last spatial features, for readers; None where there are none."""
    try:
        last = classifier.sites.last
    except (ModelError, RuntimeError):  # whoever needs them is told why
        return None
    return {"layer": last.name, "cells": list(last.resolution), "channels": last.channels, "kind": last.kind}


def _set_attributes(task: MapTask, classifier: Classifier, spec: StudySpec) -> dict[str, Any]:
    """What a set of maps says of itself; all of it enters its digest."""
    method = task.method
    settings = method.evidence_settings(task.settings)
    site = method.reads.read_at(classifier, settings)
    values: Mapping[str, Any] = task.settings.model_dump(mode="json")
    return {
        "method": method.name,
        "settings": dict(values),
        "target": str(task.policy),
        "limit": task.limit,
        "site": site.name if site is not None else None,
        "finish": method.finish,
        "sign": method.sign,
        "reference": method.reference,
        "function": f"{method.function.__module__}.{method.function.__qualname__}",
        **({"parameters": task.parameters.given} if task.parameters is not None else {}),
    }
