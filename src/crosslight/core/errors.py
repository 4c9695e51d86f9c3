"""Every error that Crosslight raises on purpose, in one place.

```
CrosslightError
├── InputError            what was asked for is not valid: exit status 2, nothing was written
│   ├── UnknownNameError  a name that is not registered, with the nearest one that is
│   ├── StudyError        a study file with one or more problems, all of them listed
│   ├── ModelError        a classifier that cannot be built, loaded or tapped
│   ├── MethodError       a method that cannot be used as asked
│   └── StoreError        a folder that holds another study, or none, or a damaged one
└── ImageError            one picture that cannot be used: recorded with its reason, the study goes on
```
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class CrosslightError(Exception):
    """The base of all errors raised on purpose."""


class InputError(CrosslightError):
    """What was asked for is not valid. Nothing was written."""


class UnknownNameError(InputError):
    """A name that is not known, with the nearest valid ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]):
        self.kind, self.name, self.known = kind, name, tuple(known)
        super().__init__(f"unknown {kind} {name!r}{suggestion(name, self.known)}")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a study file.

    Attributes:
        where: the place, as the user would say it, such as ``methods[2] (grad-cam): depth``.
        what: what is wrong and what would be right.
        line: line number in the file, from 1, where it is known.
    """

    where: str
    what: str
    line: int | None = None

    def __str__(self) -> str:
        line = f"line {self.line}: " if self.line is not None else ""
        return f"{line}{self.where}: {self.what}"


class StudyError(InputError):
    """A study that cannot be run, with every problem at once."""

    def __init__(self, problems: Sequence[Problem], source: str = "study"):
        self.problems, self.source = tuple(problems), source
        count = f"{len(self.problems)} problem" + ("s" if len(self.problems) != 1 else "")
        super().__init__("\n".join([f"{source}: {count}", *(f"  - {p}" for p in self.problems)]))


class ModelError(InputError):
    """A classifier that cannot be built, loaded or tapped."""


class MethodError(InputError):
    """A method that cannot be used as asked."""


class StoreError(InputError):
    """A folder that holds another study, or none, or a damaged one."""


class ImageError(CrosslightError):
    """One picture that cannot be used. It is recorded with its reason and the study goes on."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of an error message that names the nearest valid names.

    Args:
        name: what the user wrote.
        known: all valid names.

    Returns:
        ``"; did you mean 'a' or 'b'?"``, else the first valid names, else an empty string.
    """
    names = sorted(set(known))
    near = get_close_matches(name.lower(), [n.lower() for n in names], n=2, cutoff=0.6)
    near = [n for n in names if n.lower() in near]
    if near:
        return "; did you mean " + " or ".join(repr(n) for n in near) + "?"
    if not names:
        return ""
    listed = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"; known are: {listed}"
