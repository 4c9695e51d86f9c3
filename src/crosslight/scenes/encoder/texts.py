"""Texts that people might say of a picture, drawn by lot: its caption, some phrases of it, a concept that is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..concepts import CONCEPTS, Concept
from ..palette import COLOUR_NAMES
from .phrases import Phrases, read_caption, with_article
from .truth import Claim, claims_of, columns


@dataclass(frozen=True)
class Text:
    """A text and what it claims of a picture."""

    words: str
    claims: tuple[Claim, ...]


def whole(caption: str) -> Text:
    """A caption."""
    phrases = read_caption(caption)
    return Text(phrases.text, claims_of(phrases))


def shortened(caption: str, rng: np.random.Generator) -> Text:
    """A caption with phrases left out: each but the thing with probability 0.5, sometimes all but the place."""
    phrases = read_caption(caption)
    keep = rng.random(8)
    if keep[0] < 0.1:
        kept = Phrases(place=phrases.place)
    else:
        kept = replace(
            phrases,
            colour=phrases.colour if keep[1] < 0.5 else "",
            size=phrases.size if keep[2] < 0.5 else "",
            part=phrases.part if keep[3] < 0.7 else "",
            floating=phrases.floating and keep[4] < 0.5,
            place=phrases.place if keep[5] < 0.5 else "",
            side=phrases.side if keep[6] < 0.5 else "",
            behind=phrases.behind if keep[7] < 0.5 else "",
        )
    return Text(kept.text, claims_of(kept))


def concept_weights(table: NDArray[np.int8]) -> NDArray[np.float64]:
    """How readily each of ``CONCEPTS`` is named where it is seen: less, the more pictures show it.

    Args:
        table: ``[n, claims]``, see `truth.truth`.

    Returns:
        ``[concepts]``.
    """
    often = (table[:, : len(CONCEPTS)] > 0).mean(axis=0)
    return 1 / np.sqrt(np.maximum(often, 0.01))


def concept(row: NDArray[np.int8], caption: str, weights: NDArray[np.float64], rng: np.random.Generator) -> Text:
    """A concept that is seen in a picture: its name, mostly bare, else with an article, its colour or its thing.

    Args:
        row: ``[claims]``: what is true of the picture.
        caption: of the picture.
        weights: see `concept_weights`.
        rng: what is left to chance.
    """
    chances = np.cumsum(weights * (row[: len(CONCEPTS)] > 0))
    chosen = CONCEPTS[int(np.searchsorted(chances, rng.random() * chances[-1], side="right"))]
    claims: list[Claim] = [("seen", chosen.category, chosen.name)]
    words, how = chosen.name, rng.random()
    if how < 0.15:
        words = with_article(words) if rng.random() < 0.5 else f"the {words}"
    elif how < 0.45 and chosen.category in ("object", "part"):
        if how < 0.35 and (colour := _colour(row, chosen)):
            words = f"{colour} {words}"
            claims.append(("painted", chosen.category, chosen.name, colour))
        if chosen.category == "part" and rng.random() < 0.4:
            thing = read_caption(caption).thing
            words += f" of {with_article(thing)}"
            claims.append(("seen", "object", thing))
        if rng.random() < 0.5:
            words = with_article(words)
    return Text(words, tuple(claims))


def _colour(row: NDArray[np.int8], chosen: Concept) -> str:
    """The colour that most of a concept's pixels have; empty where none has most."""
    first = columns()["painted", chosen.category, chosen.name, COLOUR_NAMES[0]]
    found = np.flatnonzero(row[first : first + len(COLOUR_NAMES)] > 0)
    return COLOUR_NAMES[int(found[0])] if len(found) else ""


@cache
def concept_names() -> tuple[Text, ...]:
    """The bare name of every concept."""
    return tuple(Text(each.name, (("seen", each.category, each.name),)) for each in CONCEPTS)
