"""Relations of models in words, and how each is drawn."""

from __future__ import annotations

from ...agreement.relations import RELATIONS, Kinship

#: CSS classes of relations, the nearest first
LOOKS = dict(zip(RELATIONS, ("seed", "lineage", "group", "different"), strict=True))

UNKNOWN = "unknown"


def relation_words(relation: str, by: str) -> str:
    """A relation as it stands in a figure.

    Args:
        relation: one of `RELATIONS`, or empty.
        by: what the groups are, as in `Kinship.by`.
    """
    noun, plural = group_words(by)
    words = {
        "another seed": "another seed of one network",
        "one lineage": "one lineage",
        "one group": f"one {noun}",
        "different groups": f"different {plural}",
    }
    return words.get(relation, f"{noun} unknown")


def group_words(by: str) -> tuple[str, str]:
    """One group and several of them, as in ``family`` and ``families``."""
    noun = "group" if by == "groups" else by
    return noun, f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def groups_of(kin: Kinship) -> dict[str, str] | None:
    """The group of every set, by label; None where nothing is known of any."""
    if not any(kin.groups):
        return None
    return {label: group or UNKNOWN for label, group in zip(kin.sets, kin.groups, strict=True)}
