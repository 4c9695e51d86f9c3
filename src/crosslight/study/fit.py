"""Whether a method has what it reads on a classifier, asked before any work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import ModelError

if TYPE_CHECKING:
    from ..models import Classifier
    from .spec import MapTask


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
