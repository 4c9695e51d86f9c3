"""Captions taken apart into their phrases, and put together again from some of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ...core.errors import InputError
from ..concepts import CLASSES, TELLING_PARTS
from ..palette import COLOUR_NAMES
from ..places import PLACES

SIZES = ("small", "large")
LEFT, MIDDLE, RIGHT = "on the left", "in the middle", "on the right"
SIDES = (LEFT, MIDDLE, RIGHT)
_MIRRORED = {"left": "right", "right": "left"}

#: everything that a caption may put in front of its thing
FRONTS = tuple(dict.fromkeys(name for place in PLACES.values() for name in place.front))


@dataclass(frozen=True)
class Phrases:
    """What a caption says; what it does not say is empty.

    Attributes:
        thing: one of `CLASSES`.
        colour: a basic colour name.
        size: one of `SIZES`.
        part: the one part of the thing that is there.
        floating: whether the thing is off the ground.
        place: one of the scenes.
        side: one of `SIDES`.
        behind: what stands before the thing.
    """

    thing: str = ""
    colour: str = ""
    size: str = ""
    part: str = ""
    floating: bool = False
    place: str = ""
    side: str = ""
    behind: str = ""

    @property
    def text(self) -> str:
        """The phrases in the order in which captions have them."""
        words = [self.size, self.colour, self.part]
        if self.part and self.thing:
            words += ["of", with_article(self.thing)]
        else:
            words.append(self.thing)
        shown = " ".join(word for word in words if word)
        where = PLACES[self.place].where if self.place else ""
        start = [with_article(shown) if shown else "", "floating" if self.floating else "", where]
        behind = f"behind {with_article(self.behind)}" if self.behind else ""
        return ", ".join(part for part in (" ".join(s for s in start if s), self.side, behind) if part)


def with_article(words: str) -> str:
    """The words with ``a`` or ``an`` before them."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def mirrored(text: str) -> str:
    """A text as it is true of the flipped picture: left and right exchanged."""
    return re.sub(r"\b(left|right)\b", lambda found: _MIRRORED[found[0]], text)


def read_caption(caption: str) -> Phrases:
    """The phrases of a caption of a scene; `Phrases.text` gives the caption back.

    Raises:
        InputError: it is not such a caption.
    """
    found = _pattern().fullmatch(caption)
    if found is None:
        raise InputError(f"this is no caption of a scene: {caption!r}")
    said = {name: value or "" for name, value in found.groupdict().items()}
    wheres = {place.where: name for name, place in PLACES.items()}
    return Phrases(
        thing=said["thing"],
        colour=said["colour"],
        size=said["size"],
        part=said["part"],
        floating=bool(said["floating"]),
        place=wheres[said["where"]],
        side=said["side"],
        behind=said["behind"],
    )


@cache
def _pattern() -> re.Pattern[str]:
    def one_of(name: str, words: tuple[str, ...]) -> str:
        return f"(?P<{name}>{'|'.join(map(re.escape, words))})"

    parts = tuple(dict.fromkeys(TELLING_PARTS.values()))
    wheres = tuple(place.where for place in PLACES.values())
    return re.compile(
        f"an? (?:{one_of('size', SIZES)} )?{one_of('colour', COLOUR_NAMES)} "
        f"(?:{one_of('part', parts)} of an? )?{one_of('thing', CLASSES)}(?P<floating> floating)? "
        f"{one_of('where', wheres)}, {one_of('side', SIDES)}(?:, behind an? {one_of('behind', FRONTS)})?"
    )
