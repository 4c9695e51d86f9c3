"""The cards of a study's methods: what each asks, costs and says of itself, and the settings that were used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import CrosslightError
from .contents import Contents
from .words import settings_words

if TYPE_CHECKING:
    from ..methods import Card


@dataclass(frozen=True)
class MethodCard:
    """The card of one method, with the settings it has in the study.

    Attributes:
        labels: under which it stands in the study.
        card: what it says of itself.
        used: by label the settings that were used, in one line.
        known: whether the method is installed; of others only what the store keeps is told.
    """

    labels: tuple[str, ...]
    card: Card
    used: tuple[tuple[str, str], ...]
    known: bool


def method_cards(contents: Contents) -> tuple[MethodCard, ...]:
    """One card for each method, in the study's order; a method with several settings has one.

    Args:
        contents: names the methods.
    """
    by_name: dict[str, list[Any]] = {}
    for group in contents.methods:
        by_name.setdefault(group.first.method or group.label, []).append(group)
    found = []
    for name, groups in by_name.items():
        card, known = _card(name, groups[0].first.attributes)
        used = tuple((group.label, settings_words(group.first.attributes.get("settings") or {})) for group in groups)
        found.append(MethodCard(tuple(group.label for group in groups), card, used, known))
    return tuple(found)


def _card(name: str, attributes: Mapping[str, Any]) -> tuple[Card, bool]:
    """The method's own card, or what the store knows of one that is not installed."""
    from ..methods import METHODS, Card, card_of  # loads torch
    from ..methods.cards import link_of

    try:
        return card_of(METHODS[name]), True
    except CrosslightError:
        reference = str(attributes.get("reference") or "")
        return Card(name, name, "", "", "", (), reference, link_of(reference), ()), False
