"""One result in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One result in words.

    Attributes:
        head: a few words.
        text: one to three sentences with numbers.
        warns: whether it asks for a second look.
    """

    head: str
    text: str
    warns: bool = False
