"""The words of captions and concepts, and texts as numbers of words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError, suggestion
from ..concepts import CONCEPTS
from ..palette import COLOUR_NAMES
from ..places import PLACES
from .phrases import FRONTS, SIDES, SIZES, Phrases

#: the longest text, in words
LONGEST = 24


@dataclass(frozen=True)
class Vocabulary:
    """The words that an encoder knows.

    Attributes:
        words: word number i is ``words[i - 1]``; 0 is no word.
    """

    words: tuple[str, ...]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words, start=1)}

    def unknown(self, texts: Iterable[str]) -> tuple[str, ...]:
        """The words of some texts that are not in the vocabulary, each once, in the order in which they come up."""
        return tuple(dict.fromkeys(word for text in texts for word in split(text) if word not in self._numbers))

    def encode(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Texts as numbers of words.

        There is no number for unknown words: a word that was never learned has no meaning, so none is made up.

        Args:
            texts: letter case and punctuation do not matter.

        Returns:
            ``[len(texts), LONGEST]``, filled up with 0.

        Raises:
            InputError: a text has an unknown word, no word, or more than `LONGEST`. All unknown words are named.
        """
        if isinstance(texts, str):
            raise InputError(f"give a list of texts, not the one text {texts!r}")
        unknown = self.unknown(texts)
        if unknown:
            named = ", ".join(f"{word!r}{suggestion(word, self.words)}" for word in unknown[:5])
            more = f", and {len(unknown) - 5} more" if len(unknown) > 5 else ""
            raise InputError(
                f"the encoder of scenes does not know {len(unknown)} of the words: {named}{more}. "
                f"It knows only the {len(self.words)} words of captions and concepts of scenes"
            )
        numbers = np.zeros((len(texts), LONGEST), np.int64)
        for row, text in enumerate(texts):
            words = split(text)
            if not 1 <= len(words) <= LONGEST:
                raise InputError(f"a text has 1 to {LONGEST} words, not {len(words)}: {text!r}")
            numbers[row, : len(words)] = [self._numbers[word] for word in words]
        return numbers

    def decode(self, numbers: Iterable[int]) -> str:
        """The words of a row of numbers, with a blank between them."""
        return " ".join(self.words[number - 1] for number in numbers if number)


def split(text: str) -> list[str]:
    """The words of a text in lower case: runs of letters and digits."""
    return re.findall(r"[^\W_]+", text.lower())


@cache
def scene_vocabulary() -> Vocabulary:
    """All words that captions and the names of concepts can have, in alphabetical order."""
    wholes = [
        Phrases("x", "x", size, part, True, place, side, front)
        for size in SIZES
        for part in ("", "x")
        for place in PLACES
        for side in SIDES
        for front in FRONTS
    ]
    texts = [whole.text for whole in wholes] + list(COLOUR_NAMES) + [concept.name for concept in CONCEPTS]
    words = {word for text in texts for word in split(text)} - {"x"}
    return Vocabulary(tuple(sorted(words | {"a", "an", "the"})))
