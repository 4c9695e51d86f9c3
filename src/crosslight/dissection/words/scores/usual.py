"""How many of a unit's top images a score looks at."""

from __future__ import annotations

from ....core.errors import InputError
from ..probe import Form, Probe

#: in our own form: share of the images, and at least so many
_SHARE, _LEAST = 0.05, 10


def usual_top(probe: Probe, form: Form, given: int | None, published: int) -> int:
    """The number asked for; else the published one, in our own form at most 5 % of the images.

    Never more than there are images.

    Raises:
        InputError: the number asked for is not positive.
    """
    images = len(probe.images)
    if given is not None:
        if given < 1:
            raise InputError(f"top is the number of a unit's images that are looked at, not {given}")
        return min(given, images)
    if form == "own":
        published = min(published, max(_LEAST, round(_SHARE * images)))
    return min(published, images)
