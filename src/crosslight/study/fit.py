"""Whether a method has what it reads on a classifier, asked before any work; and what would do instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import InputError, ModelError
from ..methods import METHODS
from ..store import Failure

if TYPE_CHECKING:
    from ..models import Classifier
    from .spec import MapTask

#: names listed in a reason; the rest is counted
LISTED = 6


def check_fit(task: MapTask, classifier: Classifier) -> None:
    """Whether a method applies to a classifier at all, such as an attention method to a transformer.

    Raises:
        ModelError: it does not, with what the classifier lacks.
    """
    kind = task.method.reads
    try:
        kind.check(classifier, task.method.evidence_settings(task.settings))
    except ModelError as error:
        lacks = str(error).removeprefix(f"{classifier.label}: ")
        needs = f" (it needs {kind.needs})" if kind.needs else ""
        raise ModelError(f"does not apply: {lacks}{needs}") from error
    except InputError as error:  # a setting that this network has nothing for
        raise ModelError(f"does not apply: {error}") from error


def fitting_methods(*classifiers: Classifier) -> tuple[str, ...]:
    """Names of the registered methods that apply to each of these, with the settings that they have by default."""
    found = []
    for name, method in METHODS.items():
        with suppress(InputError):
            for classifier in classifiers:
                method.reads.check(classifier, method.evidence_settings(method.settings()))
            found.append(name)
    return tuple(found)


def naming_others(failures: Iterable[Failure], able: Mapping[str, Sequence[str]]) -> list[Failure]:
    """Failures of which those of a method on a whole model also name the models that it can be done on.

    Args:
        failures: of all kinds.
        able: by a method's label: labels of the models that it can be done on.
    """
    named = []
    for failure in failures:
        others = able.get(failure.stage.removeprefix("method:"), ()) if failure.left_out else ()
        named.append(replace(failure, reason=f"{failure.reason}; {_can_be_done(others)}") if others else failure)
    return named


def why_nowhere(label: str, failures: Iterable[Failure]) -> str:
    """Why a method can be done on no model: each reason with the models it holds for.

    Args:
        label: the method's label.
        failures: of all kinds.
    """
    models: dict[str, list[str]] = {}
    for failure in failures:
        if failure.left_out and failure.stage == f"method:{label}":
            models.setdefault(failure.reason, []).append(failure.model)
    return "no model can do this: " + "; ".join(f"{_listed(names)}: {reason}" for reason, names in models.items())


def _can_be_done(models: Sequence[str]) -> str:
    return f"it can be done on {_listed(models)}"


def _listed(names: Sequence[str]) -> str:
    if len(names) <= LISTED + 1:  # "and 1 more" would be no shorter than the name
        return ", ".join(names)
    return f"{', '.join(names[:LISTED])} and {len(names) - LISTED} more"
