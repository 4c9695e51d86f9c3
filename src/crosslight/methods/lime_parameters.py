"""What a call of the lime package takes, read as settings of `lime`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from ..core.errors import Problem, StudyError
from ..core.targets import TargetPolicy
from ..images.segmenters import Algorithm, SegmentSettings, settings_read

#: `explain_instance` without a `segmentation_fn`
QUICKSHIFT = {"segmentation": "quickshift", "kernel_size": 4.0, "max_dist": 200.0, "ratio": 0.2}


def lime_parameters(given: Mapping[str, Any], others: Mapping[str, Any], policy: TargetPolicy) -> dict[str, Any]:
    """Settings from parameters of ``LimeImageExplainer.explain_instance``, for one image.

    Most have the names that lime gives them. The others are:

    - ``segmentation_fn``: the name of an algorithm, or null for quickshift as lime uses it. It is another name of
      ``segmentation``.
    - ``model_regressor``: null is ridge.
    - ``top_labels`` (by default 5) and ``labels``: which class is explained is the study's own target. A list of
      `labels` alone must hold it.
    - ``batch_size``: results do not depend on it.

    Args:
        given: parameters by their names; settings of `lime` that are no parameters of the package may be among them.
        others: settings that hold for what is not given.
        policy: which class is explained.

    Raises:
        StudyError: with every parameter that cannot be used, where `Problem.where` is its name.
    """
    settings, problems = dict(given), []
    for name, fault in (
        ("batch_size", "must be a whole number from 1"),
        ("top_labels", "must be null or a whole number"),
        ("labels", "must be null or a list of class indices"),
    ):
        if name in settings and not _FITS[name](settings[name]):
            problems.append(Problem(name, f"{fault}, not {settings[name]!r}"))
    if not problems and not given.get("top_labels", 5):
        problems += _of_labels(given.get("labels", [1]), policy)
    for name in _FITS:
        settings.pop(name, None)
    if "segmentation_fn" in settings:
        algorithm = settings.pop("segmentation_fn")
        if "segmentation" in settings:
            problems.append(Problem("segmentation_fn", "is another name of segmentation; leave out one of them"))
        elif algorithm is None:
            settings = {**QUICKSHIFT, **settings}
        elif algorithm in get_args(Algorithm):
            settings["segmentation"] = algorithm
        else:
            names = ", ".join(get_args(Algorithm))
            problems.append(Problem("segmentation_fn", f"must be null or one of {names}, not {algorithm!r}"))
    if "model_regressor" in settings and settings["model_regressor"] is None:
        settings["model_regressor"] = "ridge"
    if problems:
        raise StudyError(problems, "parameters")
    return {**_kept(others, settings.get("segmentation")), **settings}


def _whole(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


_FITS = {
    "batch_size": lambda value: _whole(value, 1),
    "top_labels": lambda value: value is None or _whole(value),
    "labels": lambda value: value is None or (isinstance(value, list | tuple) and all(map(_whole, value))),
}


def _of_labels(labels: Any, policy: TargetPolicy) -> list[Problem]:
    """What is wrong where the classes that are explained are `labels`."""
    if not labels:
        return [Problem("top_labels", "is null and so is labels: no class is named; set top_labels to 1")]
    if policy.kind == "class" and policy.name.isdecimal() and int(policy.name) in labels:
        return []
    return [
        Problem(
            "top_labels",
            f"is null, which asks for the classes in labels ({', '.join(map(str, labels))}), but the target is "
            f'{policy}: write target = "class:{labels[0]}", or set top_labels to 1',
        )
    ]


def _kept(others: Mapping[str, Any], segmentation: Any) -> dict[str, Any]:
    """The other settings, without those of another way to cut pictures up."""
    if segmentation not in get_args(Algorithm) or others.get("segmentation", "slic") == segmentation:
        return dict(others)
    read = settings_read(SegmentSettings.model_validate({"segmentation": segmentation}))
    unread = SegmentSettings.model_fields.keys() - read.keys() - {"segment_input"}
    return {name: value for name, value in others.items() if name not in unread}
