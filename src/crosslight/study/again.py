"""The classifiers of a store, loaded again as its study loaded them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import InputError, ModelError
from ..models import load_model
from ..store import Store, StoreError
from .sections import ModelSection

if TYPE_CHECKING:
    from ..models import Classifier


def load_again(store: Store, label: str, base: Path | None = None) -> Classifier:
    """A classifier of a store, the same as the maps were made with.

    Args:
        store: whose study says how it was loaded.
        label: of the model.
        base: folder that relative paths of the study start from; by default the current one.

    Raises:
        InputError: the store does not say how to load it, as with maps made elsewhere.
        ModelError: it cannot be loaded, or has other weights or another preprocessing than the stored one.
    """
    spec = store.manifest.facts.get("spec") or {}
    section = next((one for one in spec.get("models", ()) if (one.get("label") or one.get("name")) == label), None)
    if section is None:
        raise InputError(f"{store.path} does not say how to load {label!r}: hand the classifier over with models=")
    entry = ModelSection(**section)
    study = spec.get("study", {})
    classifier = load_model(
        entry.name,
        weights=entry.weights,
        label=label,
        options=entry.options,
        preprocess=entry.preprocess,
        classes=entry.classes,
        precision=entry.precision or study.get("precision"),
        multi_label=entry.multi_label,
        base=base,
        seed=store.manifest.seed,
    )
    check_same(classifier, stored_attributes(store, label), label)
    return classifier


def stored_attributes(store: Store, label: str) -> Mapping[str, Any]:
    """What a store says of a model; nothing where it holds no predictions of it, as with maps made elsewhere."""
    try:
        return store.predictions(label, slice(0, 0)).attributes
    except StoreError:
        return {}


def check_same(classifier: Classifier, stored: Mapping[str, Any], label: str) -> None:
    """Whether a classifier is the one that a store holds maps of, as far as both say.

    Args:
        classifier: the one at hand.
        stored: attributes of the stored model.
        label: how messages call it.

    Raises:
        ModelError: it is another one.
    """
    facts = classifier.facts.as_dict() if classifier.facts is not None else {}
    own = {"weights": facts.get("weights_digest"), "preprocessing": _written(asdict(classifier.preprocess))}
    there = {
        "weights": (stored.get("facts") or {}).get("weights_digest"),
        "preprocessing": _written(stored.get("preprocess")),
    }
    for what, value in own.items():
        if value and there[what] and value != there[what]:
            raise ModelError(
                f"{label}: its {what} differ from what the maps were made with; use the files of that time, or hand "
                "the classifier over with models="
            )


def _written(value: Any) -> str:
    """As JSON keeps it: tuples and lists are the same."""
    return json.dumps(value, sort_keys=True) if value else ""
