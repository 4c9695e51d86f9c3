"""Concepts that no unit of a layer could be a detector of, because its regions are too small or too large for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .iou import Overlap

#: concepts that a sentence names at most
NAMED = 5
#: a region that is this much larger than the least that would do
_ROOM = 2
_MOST = 0.5


def out_of_reach(found: Overlap, concepts: Sequence[str], threshold: float) -> list[dict[str, Any]]:
    """The concepts whose overlap with any unit stays at the threshold or below, wherever the units answer.

    A region of A pixels and a concept of C overlap by ``min(A, C) / max(A, C)`` at most. Concepts that are in none of
    the pictures are left out.

    Args:
        found: of a layer.
        concepts: their names.
        threshold: the overlap of a detector is above it.

    Returns:
        For each its ``concept`` (a number), ``name``, ``cover`` (share of the pixels of annotated images), ``regions``
        (share of them that the largest region of a unit covers) and whether it is ``too`` ``large`` or ``small``;
        those that cover most first.
    """
    largest, made = found.units.max(axis=0, initial=0), []
    for number, (name, group, area) in enumerate(zip(concepts, found.groups, found.concepts, strict=True)):
        own = found.units[:, group]
        own = own[own > 0]
        if not area or not len(own) or (np.minimum(own, area) > threshold * np.maximum(own, area)).any():
            continue
        pixels = found.pixels[group]
        made.append(
            {
                "concept": number,
                "name": name,
                "cover": float(area / pixels),
                "regions": float(largest[group] / pixels),
                "too": "large" if area > own.max() else "small",
            }
        )
    return sorted(made, key=lambda one: -float(one["cover"]))


def reach_note(missed: Sequence[dict[str, Any]], threshold: float) -> str:
    """A sentence that says which concepts are out of reach, and which share would do; empty where none is."""
    parts = []
    for too in ("large", "small"):
        those = [one for one in missed if one["too"] == too]
        if not those:
            continue
        named = [f"{one['name']} ({100 * one['cover']:.2g} % of the pixels)" for one in those[:NAMED]]
        rest = f" and {len(those) - NAMED} more" if len(those) > NAMED else ""
        regions = max(one["regions"] for one in those)
        advice = f"; use a share of {share_for(those[0]['cover'], threshold):g}" if too == "large" else ""
        parts.append(
            f"{', '.join(named)}{rest} cannot overlap by more than {threshold:g} with regions of {100 * regions:.2g} % "
            f"of the pixels at most: too {too}{advice}"
        )
    return ". ".join(parts)


def share_for(cover: float, threshold: float) -> float:
    """The share of cells, 1, 2 or 5 of a power of ten, with which a concept of that cover can be detected with room."""
    least = _ROOM * cover * threshold
    power = 10.0 ** np.floor(np.log10(least))
    return min(_MOST, float(f"{next(one for one in (1, 2, 5, 10) if one * power >= least * 0.999) * power:.3g}"))
