"""Which images a search sees, and which it is judged on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...core.errors import InputError
from ...core.seeds import seed_for

#: behind the identity of an image whose bytes another one has, too
_AGAIN = re.compile(r"-\d+$")


def split(identities: Sequence[str], held_out: float, seed: int = 0) -> tuple[list[int], list[int]]:
    """Divide images into those that are searched and those that are held out, by identity alone.

    An image lies in the same part whatever the others are called and however they are ordered, as long as they are
    the same images; images of the same bytes lie in one part.

    Args:
        identities: of the images.
        held_out: share of the images that is held out, in (0, 1).
        seed: another one, another division.

    Returns:
        Positions of those that are searched, and of those that are held out, each in rising order.

    Raises:
        InputError: the share is out of range, or there are too few different images for two parts.
    """
    if not 0 < held_out < 1:
        raise InputError(f"the share of images that is held out must lie between 0 and 1, not be {held_out:g}")
    different = {_AGAIN.sub("", one) if not one.startswith("missing-") else one for one in identities}
    if len(different) < 4:
        raise InputError(
            f"{len(different)} different images are too few to search some and hold out others: give 4 or more"
        )
    order = sorted(different, key=lambda one: (seed_for(seed, one, "held out"), one))
    number = min(max(round(held_out * len(order)), 2), len(order) - 2)
    held = set(order[:number])
    rows = [row for row, one in enumerate(identities) if (one in held or _AGAIN.sub("", one) in held)]
    return [row for row in range(len(identities)) if row not in set(rows)], rows
