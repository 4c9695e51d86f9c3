"""Class names, and finding the class that a label means."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

#: a folder name such as ``n01440764_tench``: a WordNet id, then a name for people
_NAMED_ID = re.compile(r"\s*([nvars]\d{8})[\s_.,-]+(.+)", re.IGNORECASE)


@dataclass(frozen=True)
class Classes:
    """The class names of a classifier, in the order of its outputs.

    Attributes:
        names: as shown to people; synonyms separated by commas are understood when looking one up.
        ids: other identifiers such as WordNet ids, or empty.
    """

    names: tuple[str, ...]
    ids: tuple[str, ...] = ()
    _index: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index = self._index
        for table in (self.ids, self.names):  # a full name wins over a synonym of another class
            for i, name in enumerate(table):
                index.setdefault(_fold(name), i)
        for i, name in enumerate(self.names):
            for synonym in name.split(","):
                index.setdefault(_fold(synonym), i)

    def __len__(self) -> int:
        return len(self.names)

    def find(self, label: str | int) -> int | None:
        """The index of a class given by identifier, name, synonym or index; None where nothing fits.

        Names are compared without regard to case, and with ``_`` and ``-`` as spaces. A name wins over an
        index, so that classes called "0" to "9" mean what they say. In ``n01440764_tench`` the identifier
        decides; the name after it counts only where the classes have no identifiers, because names repeat
        ("crane" is a bird and a machine).
        """
        found = self._index.get(_fold(str(label)))
        if found is None and (named := _NAMED_ID.match(str(label))):
            found = self._index.get(_fold(named[2] if not self.ids else named[1]))
        if found is None and str(label).strip().isdecimal() and int(label) < len(self.names):
            found = int(label)
        return found

    def short(self, index: int) -> str:
        """The first synonym of a class, for pictures with little room."""
        return self.names[index].split(",")[0].strip()


def _fold(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
