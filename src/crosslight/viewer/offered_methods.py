"""What the viewer says of the attribution methods: what they cost, what they need, and the form of their settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..evidence import (
    AblationOutcomes,
    ActivationMaskOutcomes,
    AttentionEvidence,
    AttentionGradients,
    FeatureEvidence,
    InputGradients,
    NoisyGradients,
    PathGradients,
)
from ..methods import METHODS, MethodSpec
from ..methods.cards import card_of

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..models import Classifier

#: what a method's evidence makes it
_GROUPS = {
    "CAM": (FeatureEvidence, AblationOutcomes, ActivationMaskOutcomes),
    "gradients": (InputGradients, NoisyGradients, PathGradients),
    "attention": (AttentionEvidence, AttentionGradients),
}
_ORDER = ("CAM", "gradients", "attention", "perturbation")
#: how many passes depends on the network
_PER_CHANNEL = {ActivationMaskOutcomes: "1 pass per channel", AblationOutcomes: "1 pass, and its end once per channel"}
#: a tail from the last features on takes about so much of a pass
_TAIL = 0.05
_LIMITS = {"minimum": "min", "exclusiveMinimum": "min", "maximum": "max", "exclusiveMaximum": "max"}
#: most passes of a method that shows something at once
CHEAP = 2


def describe_methods() -> list[dict[str, Any]]:
    """Every registered method, the cheap ones of each group first."""
    found = [_describe(spec) for spec in METHODS.values()]
    costs = {spec.name: estimate(spec, spec.settings()) for spec in METHODS.values()}
    return sorted(found, key=lambda entry: (_ORDER.index(entry["group"]), costs[entry["name"]]))


def _describe(spec: MethodSpec) -> dict[str, Any]:
    card = card_of(spec)
    depends = _PER_CHANNEL.get(spec.reads)
    count = spec.evaluations(spec.settings())
    words = depends or f"{count:,} pass" + ("" if count == 1 else "es")
    return {
        "name": spec.name,
        "label": card.title,
        "group": group_of(spec),
        "cost": {"evaluations": None if depends else count, "words": words},
        "cheap": depends is None and count <= CHEAP,
        "signed": spec.sign == "signed" and spec.finish == "none",
        "summary": card.summary,
        "reference": spec.reference,
        "needs": spec.reads.needs,
        "misleads": list(card.misleads),
        "settings": describe_settings(spec.settings),
    }


def group_of(spec: MethodSpec) -> str:
    """``CAM``, ``gradients``, ``attention`` or ``perturbation``, by the evidence that a method reads."""
    return next((group for group, kinds in _GROUPS.items() if issubclass(spec.reads, kinds)), "perturbation")


def estimate(spec: MethodSpec, settings: BaseModel, classifier: Classifier | None = None) -> float:
    """What a map costs, in passes of one image; of a network that is not known, a typical one's.

    Args:
        spec: the method.
        settings: all of them.
        classifier: what is explained, loaded.
    """
    passes = spec.evaluations(settings, classifier)
    if spec.reads not in _PER_CHANNEL:
        return passes
    evidence = spec.evidence_settings(settings)
    site = spec.reads.read_at(classifier, evidence) if classifier is not None else None
    channels = site.channels if site is not None else 512
    if spec.reads is AblationOutcomes:
        return passes + _TAIL * channels
    return passes if site is not None else passes + channels


def describe_settings(settings: type[BaseModel]) -> list[dict[str, Any]]:
    """The form of a method's settings."""
    return [_setting(name, schema) for name, schema in settings.model_json_schema().get("properties", {}).items()]


def _setting(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {"integer": "int", "number": "float", "boolean": "bool", "string": "text"}
    options = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    limits = options[0] if options else schema
    entry: dict[str, Any] = {
        "name": name,
        "type": "choice" if "enum" in limits else kinds.get(limits.get("type", ""), "text"),
        "default": schema.get("default"),
        "help": schema.get("description", ""),
    }
    if "enum" in limits:
        entry["choices"] = limits["enum"]
    for word, key in _LIMITS.items():
        if word in limits:
            entry[key] = limits[word]
    if options:
        entry["optional"] = True
    return entry
