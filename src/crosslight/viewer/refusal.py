"""A request that is refused, with a sentence and what to do."""

from __future__ import annotations


class Refused(Exception):
    """A request that cannot be done as asked.

    Args:
        status: of HTTP, 4xx.
        error: a sentence, without a full stop.
        hint: what to do instead.
    """

    def __init__(self, status: int, error: str, hint: str = ""):
        super().__init__(error)
        self.status, self.error, self.hint = status, error, hint


def refused(error: Exception, status: int = 422) -> Refused:
    """An error of Crosslight as a refusal; the names that it suggests are the hint."""
    text = str(error)
    for mark in ("; did you mean ", "; known are: "):
        head, found, tail = text.partition(mark)
        if found:
            return Refused(status, head, mark.removeprefix("; ") + tail)
    return Refused(status, text)
