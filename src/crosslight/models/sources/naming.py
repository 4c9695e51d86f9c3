"""The error for a classifier's name that no source knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from ...core.errors import UnknownNameError


def unknown_model(name: str, known: Iterable[str], prefix: str = "") -> UnknownNameError:
    """An error with the nearest names, compared without the prefix that they all share.

    Args:
        name: as the user wrote it.
        known: all valid names, with the prefix.
        prefix: such as ``timm/``.
    """
    bare = {entry.removeprefix(prefix).lower(): entry for entry in known}
    near = get_close_matches(name.removeprefix(prefix).lower(), list(bare), n=2, cutoff=0.6)
    return one_of(name, [bare[entry] for entry in near])


def one_of(name: str, near: Sequence[str]) -> UnknownNameError:
    """An error that offers these names, or the command that lists all of them: there are thousands."""
    error = UnknownNameError("model", name, near)
    if near:
        hint = f"did you mean {' or '.join(map(repr, near))}?"
    else:
        hint = "`crosslight models PATTERN` lists what there is"
    error.args = (f"unknown model {name!r}; {hint}",)
    return error
