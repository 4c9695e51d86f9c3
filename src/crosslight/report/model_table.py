"""The table of models: what is known of each classifier, and how often it is right, elsewhere and here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..core.share import Share
from .contents import ModelColumn

#: who states an accuracy, by the source of a classifier
_STATED_BY = {"timm": "timm's results", "torchvision": "torchvision's weights"}


@dataclass(frozen=True)
class ModelRow:
    """One classifier of the table; what nobody knows is None or empty.

    Attributes:
        label: as shown everywhere.
        network: its name in a study file.
        reference: where it was published.
        link: the address of that, if it names one.
        family: of architectures.
        parameters: their number.
        input_size: height and width of the input, in pixels.
        last_features: rows and columns of the last spatial features; empty where the network has none.
        layer: the layer that returns them.
        weights: where they are from.
        weights_digest: short digest of all of them.
        precision: of the arithmetic, where it is not fp32.
        published: top-1 accuracy on ImageNet-1k in [0, 1], as the source of the weights states it.
        stated_by: which source.
        measured: predictions that are those of the labels, among this study's labelled images.
    """

    label: str
    network: str = ""
    reference: str = ""
    link: str = ""
    family: str = ""
    parameters: int | None = None
    input_size: tuple[int, ...] = ()
    last_features: tuple[int, ...] | None = None
    layer: str = ""
    weights: str = ""
    weights_digest: str = ""
    precision: str = ""
    published: float | None = None
    stated_by: str = ""
    measured: Share | None = None


def model_row(model: ModelColumn) -> ModelRow:
    """What the table says of one classifier."""
    from ..methods.cards import link_of  # loads torch

    stored = model.attributes
    facts: Mapping[str, Any] = stored.get("facts") or {}
    features = stored.get("last_features")
    judged = int(model.judged.sum())
    precision = str(stored.get("precision") or "fp32")
    reference = str(facts.get("reference") or "")
    accuracy = facts.get("accuracy")
    source = str(facts.get("source") or "")
    return ModelRow(
        label=model.label,
        network=str(facts.get("name") or stored.get("name") or ""),
        reference=reference,
        link=link_of(reference),
        family=str(facts.get("family") or ""),
        parameters=facts.get("parameters"),
        input_size=tuple(facts.get("input_size") or ()),
        last_features=tuple((features or {}).get("cells", ())) if "last_features" in stored else None,
        layer=str((features or {}).get("layer", "")),
        weights=str(facts.get("weights") or ""),
        weights_digest=str(facts.get("weights_digest") or ""),
        precision=precision if precision != "fp32" else "",
        published=None if accuracy is None else float(accuracy),
        stated_by=_STATED_BY.get(source, source),
        measured=Share(int(model.right.sum()), judged) if judged else None,
    )
