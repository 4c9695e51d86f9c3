"""Lists of concepts: text files with one on a line, class names, or a user's own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import InputError, UnknownNameError

#: where a template has the concept
SLOT = "{}"


@dataclass(frozen=True)
class ConceptList:
    """Concepts that units may be labelled with.

    Attributes:
        names: each once, in the order in which they came first.
        categories: of each; empty words where there are none.
        merged: names that were there more than once, with how often.
        blank: lines or names that held nothing.
        source: where they come from, for reports.
        places: of each name among those given, blank ones not counted: the row of features that were computed of the
            list as it was.
        given: how many were given, blank ones not counted.
    """

    names: tuple[str, ...]
    categories: tuple[str, ...]
    merged: tuple[tuple[str, int], ...] = ()
    blank: int = 0
    source: str = ""
    places: tuple[int, ...] = ()
    given: int = 0

    def __len__(self) -> int:
        return len(self.names)

    @property
    def note(self) -> str:
        """What was left out, as a sentence; empty if nothing was."""
        said = []
        if self.merged:
            shown = ", ".join(f"{name!r} ({times} times)" for name, times in self.merged[:5])
            more = f" and {len(self.merged) - 5} more" if len(self.merged) > 5 else ""
            said.append(f"concepts that were there more than once were merged: {shown}{more}")
        if self.blank:
            said.append(f"{self.blank} blank {'line was' if self.blank == 1 else 'lines were'} left out")
        return "; ".join(said)


def merge_concepts(
    names: Iterable[str], *, categories: Sequence[str] | None = None, source: str = "the list of concepts"
) -> ConceptList:
    """Names without blank ones, each once.

    Args:
        names: white space around them and in a row within them does not count; letter case does.
        categories: of the names, as many.
        source: for error messages and reports.

    Raises:
        InputError: no name or one alone is left, or there are not as many categories.
    """
    if isinstance(names, str):
        raise InputError(f"give a list of concepts, not the one text {names!r}")
    given = [" ".join(str(name).split()) for name in names]
    groups = list(categories) if categories is not None else [""] * len(given)
    if len(groups) != len(given):
        raise InputError(f"{source}: {len(groups)} categories for {len(given)} concepts; give one for each")
    first: dict[str, str] = {}
    times: dict[str, int] = {}
    for name, group in zip(given, groups, strict=True):
        if name:
            first.setdefault(name, group)
            times[name] = times.get(name, 0) + 1
    if not first:
        raise InputError(f"{source} holds no concept; write one on each line, at least two")
    if len(first) == 1:
        raise InputError(
            f"{source} holds one concept alone, {next(iter(first))!r}; "
            "a label says which of several concepts fits best, so give at least two"
        )
    kept = [name for name in given if name]
    places = {name: place for place, name in reversed(list(enumerate(kept)))}
    merged = tuple((name, count) for name, count in times.items() if count > 1)
    return ConceptList(
        names=tuple(first),
        categories=tuple(first.values()),
        merged=merged,
        blank=len(given) - len(kept),
        source=source,
        places=tuple(places[name] for name in first),
        given=len(kept),
    )


def read_concepts(path: str | os.PathLike[str]) -> ConceptList:
    """A text file with one concept on a line, as CLIP-Dissect's lists are.

    UTF-8 with or without a byte order mark; lines end as on any system.

    Raises:
        InputError: the file is not there, is not UTF-8, or holds fewer than two concepts.
    """
    where = Path(path)
    try:
        text = where.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{where} is not there; give a text file with one concept on a line") from None
    except OSError as error:
        raise InputError(f"{where} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = where.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(f"{where}, line {line}: this is not UTF-8; save the file as UTF-8") from error
    if "\0" in text:
        raise InputError(f"{where} is not a text file; give one with one concept on a line")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    return merge_concepts(lines if text else [], source=str(where))


def scene_concepts(categories: Sequence[str] | None = None) -> ConceptList:
    """What pictures of scenes are labelled with.

    Args:
        categories: those that are wanted, such as ``object``; all by default.

    Raises:
        InputError: a category is not one of scenes'.
    """
    from ...scenes import CATEGORIES, CONCEPTS

    for category in categories or ():
        if category not in CATEGORIES:
            raise UnknownNameError("category", category, CATEGORIES)
    wanted = [concept for concept in CONCEPTS if concept.category in (categories or CATEGORIES)]
    return merge_concepts(
        (concept.name for concept in wanted),
        categories=[concept.category for concept in wanted],
        source="concepts of scenes",
    )


def texts_of(names: Sequence[str], templates: Sequence[str] = (SLOT,)) -> list[list[str]]:
    """Each concept put into every template, such as ``a photo of a {}``.

    Returns:
        For each template the texts of all concepts.

    Raises:
        InputError: there is no template, or one has no ``{}`` or several.
    """
    if isinstance(templates, str):
        raise InputError(f"give a list of templates, not the one text {templates!r}")
    if not templates:
        raise InputError("there is no template; the plainest is '{}'")
    for template in templates:
        if template.count(SLOT) != 1:
            raise InputError(f"the template {template!r} has {{}} {template.count(SLOT)} times; it has it once")
    return [[template.replace(SLOT, name) for name in names] for template in templates]
