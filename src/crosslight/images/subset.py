"""Choosing some images of many: the same ones everywhere, and fewer of the same when fewer are asked for."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal, get_args

from ..core.errors import InputError, UnknownNameError

How = Literal["first", "random", "stratified"]


def choose(
    names: Sequence[str],
    labels: Sequence[str | None],
    limit: int | None,
    how: How = "random",
    seed: int = 0,
) -> list[int]:
    """The rows of at most `limit` images.

    A random choice depends on names and seed alone, not on where the images lie or in which order they are
    listed, and a larger limit only adds images to a smaller one's.

    Args:
        names: name of each image.
        labels: label of each image, or None.
        limit: how many to choose, at least 1; None means all.
        how: ``first`` in the order given, ``random``, or ``stratified``: at random, the numbers of images per
            label differing by at most one as long as no label is used up (images without a label count as one).
        seed: another seed, another choice.

    Returns:
        Rows in ascending order.

    Raises:
        InputError: the limit is below 1, or there is no such way of choosing.
    """
    if how not in get_args(How):
        raise UnknownNameError("way of choosing images", str(how), get_args(How))
    if limit is not None and limit < 1:
        raise InputError(f"the limit of images must be at least 1, not {limit}")
    if limit is None or limit >= len(names):
        return list(range(len(names)))
    if how == "first":
        return list(range(limit))
    order = sorted(range(len(names)), key=lambda row: (_rank(seed, names[row]), row))
    if how == "stratified":
        taken: dict[str | None, int] = defaultdict(int)
        turn = [0] * len(names)
        for row in order:
            turn[row] = taken[labels[row]]
            taken[labels[row]] += 1
        order.sort(key=lambda row: (turn[row], _rank(seed, f"label {labels[row]}")))
    return sorted(order[:limit])


def _rank(seed: int, name: str) -> bytes:
    # NFC: macOS lists the same file under another spelling of its accents.
    return hashlib.sha256(f"{seed}\x1f{unicodedata.normalize('NFC', name)}".encode()).digest()
