"""Concepts that are one but for their spelling: plurals by rules of English, synonyms by a person's own list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import InputError

#: plurals that no rule gives
_IRREGULAR = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "feet": "foot",
    "teeth": "tooth",
    "geese": "goose",
    "mice": "mouse",
    "oxen": "ox",
    "dice": "die",
    "cacti": "cactus",
    "fungi": "fungus",
    "axes": "axe",
    "gases": "gas",
    "lenses": "lens",
    "quizzes": "quiz",
    "zombies": "zombie",
    "movies": "movie",
    "cookies": "cookie",
    "calories": "calorie",
    "selfies": "selfie",
    "knives": "knife",
    "wives": "wife",
    "lives": "life",
}
#: words that are their own singular, or that are never one
_UNCHANGED = frozenset(
    {
        *("series", "species", "news", "lens", "gas", "canvas", "atlas", "christmas", "pyjamas", "pajamas", "chaos"),
        *("pants", "jeans", "trousers", "shorts", "tights", "scissors", "pliers", "tweezers", "binoculars", "goggles"),
        *("glasses", "sunglasses", "spectacles", "headphones", "clothes", "stairs", "outdoors", "indoors", "always"),
        *("mathematics", "physics", "gymnastics", "athletics", "electronics", "graphics", "politics", "ceramics"),
        *("texas", "paris", "las", "vegas", "kansas", "netherlands", "united states", "olympics", "bias", "pancreas"),
    }
)
#: endings in ``-ves`` of words in ``-f``
_VES = ("lea", "shel", "wol", "hal", "cal", "loa", "scar", "hoo", "thie", "el", "shea", "sel")
#: words in ``-e`` that rules would take for words without it
_IN_E = frozenset(
    {
        *("ache", "headache", "toothache", "cache", "niche", "quiche", "avalanche", "moustache", "mustache", "axe"),
        *("shoe", "horseshoe", "snowshoe", "toe", "canoe", "oboe", "hoe", "foe", "aloe", "use", "fuse", "muse"),
        *("excuse", "ruse", "recluse"),
    }
)


def singular(words: str) -> str:
    """The last word of a concept in the singular, by a few rules and lists: ``traffic lights`` is ``traffic light``.

    Args:
        words: in lower case.
    """
    head, blank, last = words.rpartition(" ")
    return head + blank + _singular(last)


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or word in _UNCHANGED or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]
    if word.endswith("ves") and word[:-3].endswith(_VES):
        return word[:-3] + "f"
    if word[:-1] in _IN_E or word.endswith(("ouses", "auses")):
        return word[:-1]
    if word.endswith(("ches", "shes", "sses", "xes", "zzes", "oes", "uses")):
        return word[:-2]
    return word[:-1]


@dataclass(frozen=True)
class Fold:
    """How concepts are brought together before they are counted.

    Attributes:
        plurals: whether plurals count as their singulars.
        synonyms: the name under which a word counts, by the word; both in lower case.
    """

    plurals: bool = False
    synonyms: Mapping[str, str] = field(default_factory=dict)

    @property
    def on(self) -> bool:
        """Whether it does anything."""
        return self.plurals or bool(self.synonyms)

    def __call__(self, concept: str) -> str:
        """The name under which a concept counts; without plurals and synonyms it is the concept as it stands."""
        if not self.on:
            return concept
        name = " ".join(concept.casefold().split())
        name = self.synonyms.get(name, name)
        if self.plurals:
            name = singular(name)
            name = self.synonyms.get(name, name)
        return name


def read_synonyms(path: str | Path) -> dict[str, str]:
    """Read groups of synonyms: one group a line, words apart by commas; the first is the name of all.

    Blank lines and what follows a ``#`` do not count.

    Args:
        path: of a text file in UTF-8.

    Returns:
        The group's name by word, in lower case.

    Raises:
        InputError: the file cannot be read, a line has one word only, or a word stands in two groups.
    """
    path = Path(path)
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: the synonyms cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: this is no text in UTF-8; save the synonyms as UTF-8") from None
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = [" ".join(word.casefold().split()) for word in line.partition("#")[0].split(",")]
        words = list(dict.fromkeys(word for word in words if word))
        if not words:
            continue
        if len(words) == 1:
            raise InputError(f"{path}, line {number}: write two words or more with commas, such as: sea, ocean")
        for word in words:
            if found.get(word, words[0]) != words[0]:
                raise InputError(f"{path}, line {number}: {word!r} stands under {found[word]!r} already")
            found[word] = words[0]
    return found
