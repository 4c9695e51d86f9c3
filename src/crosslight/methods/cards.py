"""Method cards: what a method asks of a model, what it costs, and when it misleads.

A card is derived from what a method says of itself anyway, so that one from another package has its card too.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..evidence import (
    AblationOutcomes,
    ActivationMaskOutcomes,
    AttentionEvidence,
    AttentionGradients,
    Evidence,
    FeatureEvidence,
    InputGradients,
    NeighbourhoodOutcomes,
    NoisyGradients,
    PathGradients,
    RandomMaskOutcomes,
    ShapleyOutcomes,
    WindowOutcomes,
)

if TYPE_CHECKING:
    from ..models import Classifier
    from .base import MethodSpec

_ARXIV = re.compile(r"arxiv:\s*(\d{4}\.\d{4,5}|[a-z-]+/\d{7})", re.IGNORECASE)
_DOI = re.compile(r"doi:\s*(10\.[^\s,;)]+)", re.IGNORECASE)
_BULLET = re.compile(r"\s*(?:[*+•-]|\d+[.)])\s+")
#: evidence made of passes that go back to the input, or to the first attention
_BACKWARD = (InputGradients, NoisyGradients, PathGradients, AttentionGradients)
#: evidence made of forward passes alone
_FORWARD = (AttentionEvidence, RandomMaskOutcomes, WindowOutcomes, ShapleyOutcomes, NeighbourhoodOutcomes)


@dataclass(frozen=True)
class Setting:
    """One setting of a method, in words.

    Attributes:
        name: as in study files.
        default: as it is written there; ``none`` where nothing is set.
        values: which ones it takes.
        meaning: what it does.
    """

    name: str
    default: str
    values: str
    meaning: str


@dataclass(frozen=True)
class Card:
    """What one should know of a method before its maps are believed; plain text throughout.

    Attributes:
        name: as in study files, such as ``grad-cam``.
        title: as people write it, such as ``Grad-CAM``.
        summary: what it does, in one sentence.
        asks: what a classifier must have.
        costs: passes per image at the default settings, at most. A forward is a pass of the whole network, a tail one
            of the layers behind the features alone. The prediction's own pass is shared by all methods of a study.
        misleads: when it misleads, a sentence each; empty where the method does not say.
        reference: where it was published.
        link: address of the reference, or empty.
        settings: its own and those of its evidence.
    """

    name: str
    title: str
    summary: str
    asks: str
    costs: str
    misleads: tuple[str, ...]
    reference: str
    link: str
    settings: tuple[Setting, ...]


def card_of(spec: MethodSpec, classifier: Classifier | None = None) -> Card:
    """The card of a method.

    Args:
        spec: the method, built in or not.
        classifier: whose costs to tell; without it they are told for any.

    Raises:
        ModelError: the classifier lacks what the method asks for.
    """
    docstring = inspect.getdoc(spec.function) or ""
    return Card(
        name=spec.name,
        title=_title(spec),
        summary=first_sentence(spec.summary),
        asks=spec.reads.needs or "nothing but outputs",
        costs=_costs(spec, classifier),
        misleads=misleads_of(docstring),
        reference=spec.reference,
        link=link_of(spec.reference),
        settings=tuple(
            Setting(key, _default(schema.get("default")), _values(schema), schema.get("description", ""))
            for key, schema in spec.settings.model_json_schema().get("properties", {}).items()
        ),
    )


def misleads_of(docstring: str) -> tuple[str, ...]:
    """The sentences of a docstring's section ``Misleads:``.

    A sentence is a bullet, over one line or several; without bullets, a paragraph. The section ends at the first line
    that is neither indented nor a bullet.

    Args:
        docstring: without its common indentation, as `inspect.getdoc` gives it.
    """
    lines = docstring.splitlines()
    found = [re.fullmatch(r"Misleads:\s*(.*)", line) for line in lines]
    start = next((number for number, match in enumerate(found) if match), None)
    if start is None:
        return ()
    match = found[start]
    parts = [match[1] if match else ""]
    for line in lines[start + 1 :]:
        bullet = _BULLET.match(line)
        if bullet:
            parts.append(line[bullet.end() :])
        elif not line.strip():
            parts.append("")
        elif line[0].isspace():
            parts[-1] += " " + line
        else:
            break
    return tuple(text for part in parts if (text := _plain(part)))


def first_sentence(text: str) -> str:
    """The first sentence of a text, without markup."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", _plain(text), maxsplit=1)[0]


def link_of(reference: str) -> str:
    """The address of a reference: arXiv, DOI or an address itself; empty where it names none."""
    if found := _ARXIV.search(reference):
        return f"https://arxiv.org/abs/{found[1]}"
    if found := _DOI.search(reference):
        return f"https://doi.org/{found[1].rstrip('.')}"
    return reference if re.fullmatch(r"https?://\S+", reference) else ""


def _plain(text: str) -> str:
    """Text in one line, without the marks of code."""
    return re.sub(r"`+([^`]*)`+", r"\1", " ".join(text.split()))


def _title(spec: MethodSpec) -> str:
    """The first line of its module's docstring where that spells out the method's name, else the name itself."""
    module = getattr(spec.function, "__globals__", {}).get("__doc__")
    line = inspect.cleandoc(module or "").split("\n")[0].rstrip(".")
    left = re.sub(r"[^a-z0-9]", "", spec.name)
    for word in re.findall(r"[a-z0-9]+", line.lower().replace("+", " plus ")):
        left = left.removeprefix(word)
    if line and not left:
        return line
    words = spec.name.replace("-", " ")
    return words[:1].upper() + words[1:]


def _costs(spec: MethodSpec, classifier: Classifier | None) -> str:
    """Passes per image at the default settings, in words."""
    kind = spec.reads
    try:
        settings = spec.settings()
    except ValidationError:
        return "as many passes as its settings ask for"
    asked = spec.evidence_settings(settings)
    if classifier is not None:
        kind.check(classifier, asked)
    text = _passes(
        kind, spec.evaluations(settings, classifier), kind.read_at(classifier, asked) if classifier else None
    )
    if issubclass(kind, PathGradients):
        text += ", 1 forward of the baseline"
    return text if kind.gives_logits else f"{text}, besides the prediction"


def _passes(kind: type[Evidence], count: int, site: Any) -> str:
    if issubclass(kind, FeatureEvidence):
        return "1 forward and a tail backward"
    if issubclass(kind, AblationOutcomes):
        return f"1 forward and {1 + site.channels:,} tails" if site else "1 forward and a tail for each channel"
    if issubclass(kind, ActivationMaskOutcomes) and site is None:
        return f"{count} forwards and 1 for each channel"
    if issubclass(kind, _BACKWARD):
        return "1 forward and backward" if count == 1 else f"{count:,} forwards and backwards"
    if issubclass(kind, (*_FORWARD, ActivationMaskOutcomes)):
        return "1 forward" if count == 1 else f"{count:,} forwards"
    # Evidence from elsewhere: it has said itself what its passes are.
    own = first_sentence(inspect.cleandoc(kind.evaluations.__doc__ or ""))
    return f"{count:,} {'pass' if count == 1 else 'passes'}" + (f" ({own.rstrip('.')})" if own else "")


def _default(value: Any) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _values(schema: Mapping[str, Any]) -> str:
    """What a setting may be: the names of a choice, or a type with its limits."""
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(_values(option) for option in schema["anyOf"])
    kind = {"integer": "whole number", "null": "none", "string": "text", "boolean": "true or false"}
    words = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    limits = ", ".join(f"{sign} {schema[key]:g}" for key, sign in words.items() if key in schema)
    return f"{kind.get(schema.get('type', ''), schema.get('type', 'any'))} {limits}".strip()
