"""Which claims are true of which pictures, so that no text counts as false of a picture that it describes.

A text makes claims ("a red fish": there is a fish, its main part is red). It is true of a picture if all of them are,
false if one of them is false, and otherwise not known: too little is seen to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..concepts import CONCEPTS
from ..palette import COLOUR_NAMES
from .labelled import COLOURED, Labelled, is_about
from .phrases import FRONTS, LEFT, RIGHT, SIDES, SIZES, Phrases, read_caption

#: shares of a picture's pixels: a concept is there from the first on, not there up to the second
SEEN, UNSEEN = 0.001, 0.0
#: the same for colours, which always have stray pixels
SEEN_COLOUR, UNSEEN_COLOUR = 0.005, 0.0005
#: shares of a thing's own pixels: it has a colour from the first on, does not have it up to the second
PAINTED, UNPAINTED = 0.5, 0.1

Claim = tuple[str, ...]


@cache
def columns() -> dict[Claim, int]:
    """Every claim there is and its column in `truth`."""
    claims: list[Claim] = [("seen", concept.category, concept.name) for concept in CONCEPTS]
    claims += [("painted", thing.category, thing.name, colour) for thing in COLOURED for colour in COLOUR_NAMES]
    claims += [("colour", colour) for colour in COLOUR_NAMES]
    claims += [("size", size) for size in SIZES]
    claims += [("side", side) for side in SIDES]
    claims += [("behind", front) for front in FRONTS]
    claims += [("floating",)]
    return {claim: column for column, claim in enumerate(claims)}


def claims_of(phrases: Phrases) -> tuple[Claim, ...]:
    """What a text of phrases claims."""
    said: list[Claim] = []
    if phrases.thing:
        said.append(("seen", "object", phrases.thing))
    if phrases.part:
        said.append(("seen", "part", phrases.part))
    if phrases.place:
        said.append(("seen", "scene", phrases.place))
    for name in ("colour", "size", "side", "behind"):
        if value := getattr(phrases, name):
            said.append((name, value))
    if phrases.floating:
        said.append(("floating",))
    return tuple(said)


def truth(labelled: Labelled) -> NDArray[np.int8]:
    """Which claims are true of pictures.

    Returns:
        ``[n, claims]``: 1 true, -1 false, 0 not known.
    """
    column = columns()
    table = np.full((len(labelled), len(column)), -1, np.int8)
    colour = is_about("color")
    seen, unseen = np.where(colour, SEEN_COLOUR, SEEN), np.where(colour, UNSEEN_COLOUR, UNSEEN)
    there = _ternary(labelled.shares, seen, unseen)
    table[:, : len(CONCEPTS)] = there

    own = there[:, [concept.number - 1 for concept in COLOURED], None]
    painted = np.minimum(own, _ternary(labelled.colours, PAINTED, UNPAINTED))
    first, count = len(CONCEPTS), len(COLOURED) * len(COLOUR_NAMES)
    table[:, first : first + count] = painted.reshape(len(table), count)

    for row, caption in enumerate(labelled.captions):
        said = read_caption(caption)
        for claim in claims_of(said):
            table[row, column[claim]] = 1
        if said.part:  # captions of parts are silent about these
            for unsaid in (("size", size) for size in SIZES):
                table[row, column[unsaid]] = 0
            table[row, column["floating",]] = 0
        else:  # of two things in front a caption names the first
            for front in FRONTS:
                if front != said.behind and there[row, column["seen", "object", front]] >= 0:
                    table[row, column["behind", front]] = 0
    return table


def flipped(table: NDArray[np.int8]) -> NDArray[np.int8]:
    """The same of the flipped pictures: left and right exchanged."""
    swapped = table.copy()
    left, right = columns()["side", LEFT], columns()["side", RIGHT]
    swapped[..., [left, right]] = table[..., [right, left]]
    return swapped


def holds(table: NDArray[np.int8], claims: Sequence[Sequence[Claim]]) -> NDArray[np.int8]:
    """Which texts are true of which pictures.

    Args:
        table: ``[n, claims]``, see `truth`.
        claims: of each text.

    Returns:
        ``[n, texts]``: 1 true, -1 false, 0 not known.
    """
    column = columns()
    made = np.zeros((len(column), len(claims)), np.float32)
    for at, of_text in enumerate(claims):
        made[[column[claim] for claim in of_text], at] = 1
    false = (table < 0).astype(np.float32) @ made > 0
    true = (table > 0).astype(np.float32) @ made == made.sum(axis=0)
    return true.astype(np.int8) - false.astype(np.int8)


def _ternary(
    shares: NDArray[np.float32], yes: float | NDArray[np.float64], no: float | NDArray[np.float64]
) -> NDArray[np.int8]:
    """1 from `yes` on, -1 up to `no`, 0 between."""
    return (shares >= yes).astype(np.int8) - (shares <= no).astype(np.int8)
