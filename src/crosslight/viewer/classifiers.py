"""Which classifiers the viewer offers, and keeping the loaded ones within bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..core.errors import suggestion
from ..models import Classifier, load_model
from ..scenes.classifiers import CLASSIFIERS, read_learning, weights_file
from .machine import names_here, without_hub
from .recent import Recent
from .refusal import Refused

if TYPE_CHECKING:
    import torch

    from ..store import Store

Origin = Literal["scenes", "study", "command line", "machine"]

#: bytes of parameters that stay loaded
KEEP_BYTES = 2 << 30


@dataclass(frozen=True)
class Offer:
    """A classifier that can be chosen.

    Attributes:
        label: unique among the offers.
        section: its ``[[models]]`` table in a study file, without the label.
        origin: why it is offered.
        base: folder that its relative paths start from.
        seed: of random weights.
        facts: what is known of it before it is loaded: ``family``, ``parameters``, ``input`` and ``accuracy``.
    """

    label: str
    section: Mapping[str, Any]
    origin: Origin
    base: Path = field(default_factory=Path)
    seed: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As a study names it, such as ``scenes/resnet``."""
        return str(self.section["name"])


def scenes_offers() -> list[Offer]:
    """The classifiers that came with the package."""
    return [_scene(name) for name, entry in CLASSIFIERS.items() if weights_file(entry).is_file()]


def _scene(name: str) -> Offer:
    from ..scenes.classifiers.networks import SIZE

    entry = CLASSIFIERS[name]
    words = [entry.title]
    words += [f"seed {entry.seed}"] if entry.seed else []
    words += [f"with a planted {entry.variant}"] if entry.variant != "clean" else []
    facts = {
        "family": entry.kind,
        "parameters": _parameters(weights_file(entry)),
        "input": [SIZE, SIZE],
        "accuracy": round(float(read_learning(entry).accuracy[-1]), 4),
    }
    return Offer(", ".join(words), {"name": f"scenes/{name}"}, "scenes", facts=facts)


def _parameters(file: Path) -> int:
    """The number of parameters in a file of weights, whose buffers are statistics of batches and indices."""
    from math import prod

    from safetensors import safe_open

    buffers = ("running_mean", "running_var", "num_batches_tracked", "index", "idxs")
    with safe_open(file, framework="numpy") as tensors:
        names = [name for name in tensors.keys() if not name.endswith(buffers)]  # noqa: SIM118 - no mapping
        return sum(prod(tensors.get_slice(name).get_shape()) for name in names)


def study_offers(store: Store) -> list[Offer]:
    """The classifiers of a study, as it asked for them."""
    spec = store.manifest.facts.get("spec")
    sections = spec.get("models", []) if isinstance(spec, Mapping) else []
    precision = (spec.get("study") or {}).get("precision") if isinstance(spec, Mapping) else None
    offers = []
    for section in sections:
        given = {key: value for key, value in section.items() if key != "label" and value not in (None, {}, [])}
        if precision not in (None, "fp32"):
            given.setdefault("precision", precision)
        label = str(section.get("label") or section["name"])
        offers.append(Offer(label, given, "study", Path(), store.manifest.seed))
    return offers


def named_offers(names: Sequence[str], weights: str | None) -> list[Offer]:
    """The classifiers of the command line."""
    given = {"weights": weights} if weights not in (None, "pretrained") else {}
    return [Offer(name, {"name": name, **given}, "command line") for name in dict.fromkeys(names)]


def machine_offers() -> list[Offer]:
    """The classifiers whose weights are here already."""
    return [Offer(name, {"name": name}, "machine") for name in names_here()]


def together(*groups: Sequence[Offer]) -> tuple[Offer, ...]:
    """All offers with unique labels; one that a group before has already is left out."""
    offers: list[Offer] = []
    for offer in (offer for group in groups for offer in group):
        if any(_asks(offer) == _asks(other) for other in offers):
            continue
        taken = {other.label for other in offers}
        label, count = offer.label, 2
        while label in taken:
            label, count = f"{offer.label} ({count})", count + 1
        offers.append(replace(offer, label=label))
    return tuple(offers)


def _asks(offer: Offer) -> dict[str, Any]:
    plain = {"weights": "pretrained", "precision": "fp32"}
    return {key: value for key, value in offer.section.items() if plain.get(key) != value}


class Classifiers:
    """The offers, and those of them that are loaded.

    Args:
        offers: their positions are their ids.
        device: where they run.
    """

    def __init__(self, offers: Sequence[Offer], device: torch.device):
        self.offers, self.device = tuple(offers), device
        self._loaded: Recent[int, Classifier] = Recent(KEEP_BYTES, _bytes)
        self._known: dict[int, Mapping[str, Any]] = {}
        self._lock = threading.Lock()

    def is_loaded(self, number: int) -> bool:
        """Whether a classifier is ready."""
        return number in self._loaded

    def load(self, number: int, gone: Callable[[int], None] = lambda number: None) -> Classifier:
        """A classifier, which counts as used now.

        Args:
            number: its id.
            gone: told of each that had to go for it.

        Raises:
            InputError: it cannot be loaded, with the reason.
        """
        with self._lock:  # building seeds the generators of the whole process
            found = self._loaded.get(number)
            if found is not None:
                return found
            offer = self.offers[number]
            options = {
                key: value for key, value in offer.section.items() if key not in ("name", "lineage", "replicate")
            }
            with without_hub() if offer.origin == "machine" else nullcontext():
                made = load_model(offer.name, label=offer.label, base=offer.base, seed=offer.seed, **options)
            made.to(self.device)
            _ = made.outputs  # one pass: what fails at all fails here
            self._known[number] = _facts(made)
            for other, _ in self._loaded.put(number, made):
                gone(other)
            return made

    def find(self, wanted: int | str) -> int:
        """The id of a classifier by id, label or name.

        Raises:
            Refused: there is none, with the nearest names.
        """
        if isinstance(wanted, int) and 0 <= wanted < len(self.offers):
            return wanted
        for number, offer in enumerate(self.offers):
            if wanted in (offer.label, offer.name):
                return number
        names = [text for offer in self.offers for text in (offer.label, offer.name)]
        hint = suggestion(str(wanted), names).removeprefix("; ")
        raise Refused(422, f"there is no model {wanted!r}", hint)

    def describe(self) -> list[dict[str, Any]]:
        """What the page shows of each."""
        blank = {"family": "", "parameters": None, "input": None, "accuracy": None}
        return [
            {
                "id": number,
                "label": offer.label,
                "source": offer.name,
                **blank,
                **offer.facts,
                **{key: value for key, value in self._known.get(number, {}).items() if value is not None},
                "loaded": self.is_loaded(number),
                "origin": offer.origin,
            }
            for number, offer in enumerate(self.offers)
        ]


def _facts(classifier: Classifier) -> dict[str, Any]:
    facts = classifier.facts
    return {
        "family": facts.family if facts is not None else None,
        "parameters": facts.parameters if facts is not None else None,
        "input": list(classifier.preprocess.size),
        "accuracy": facts.accuracy if facts is not None else None,
    }


def _bytes(classifier: Classifier) -> int:
    return sum(parameter.numel() * parameter.element_size() for parameter in classifier.network.parameters())
