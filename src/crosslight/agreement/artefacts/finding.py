"""What was found wrong with a set of maps: one finding, with its number and a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ...core.plain import plain

#: ``note``: worth knowing; ``warning``: part of the maps is no explanation; ``severe``: results with this set mislead
Severity = Literal["note", "warning", "severe"]

SEVERITIES: tuple[Severity, ...] = ("severe", "warning", "note")

#: sets with fewer usable maps are only counted: a pattern over a handful of images is no pattern
FEWEST = 8

#: with this many other sets of the same method or more, their median counts beside chance
PEERS = 3


@dataclass(frozen=True)
class Finding:
    """One artefact in one set of maps.

    Attributes:
        set: name of the set, ``MODEL/METHOD``.
        kind: what it is, such as ``corner``, ``zero`` or ``batch-scaling``; all kinds are in `KINDS`.
        severity: ``severe``, ``warning`` or ``note``.
        value: the number behind it, in the unit that the kind says.
        reference: what `value` would be without the artefact: by chance, or in the other sets; NaN where there is no
            such number.
        sentence: all of it in words, for people.
        details: further numbers, as JSON can hold them.
    """

    set: str
    kind: str
    severity: Severity
    value: float
    reference: float
    sentence: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of finding")

    def __str__(self) -> str:
        return f"{self.set}: {self.sentence}"

    def to_dict(self) -> dict[str, Any]:
        """The finding in JSON's own types, NaN as None."""
        numbers = {name: plain(getattr(self, name)) for name in ("value", "reference")}
        return {**self.__dict__, **numbers, "details": dict(self.details)}


#: kinds of findings, and what their `Finding.value` is
KINDS: dict[str, str] = {
    "nonfinite": "share of the maps with NaN or infinite values",
    "zero": "share of the maps that are 0 everywhere",
    "constant": "share of the maps with one value everywhere, not 0",
    "emptied": "share of the maps of which the final step leaves nothing",
    "corner": "share of the maps that peak in a corner",
    "border": "share of the maps that peak on the border",
    "one-cell": "share of the maps that peak in one and the same cell",
    "duplicates": "share of the maps that another image has, too",
    "same-map": "mean correlation between maps of different images",
    "periodic": "share of the energy at a frequency among its neighbours",
    "batch-scaling": "share of the maps that reach the ends of the common scale",
    "common-background": "share of the maps whose most frequent value is one and the same constant",
    "common-offset": "share of a map's squared length that is its mean, median over images",
    "outlier": "mean similarity with the other sets",
}


def percent(share: float) -> str:
    """A share in words: whole per cents, and never 100 or 0 where something is missing or left."""
    if not math.isfinite(share):
        return "unknown"
    if 0 < share < 0.005:
        return "under 1 %"
    if 0.995 <= share < 1:
        return "over 99 %"
    return f"{share:.0%}".replace("%", " %")
