"""How long-running work tells what it does, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What a listener implements. Units are evaluations: passes of one image through a network."""

    def start(self, total: int, what: str) -> None:
        """Work of `total` units begins."""

    def advance(self, units: int, what: str) -> None:
        """`units` more are done; `what` says which part of the work that was."""

    def message(self, text: str) -> None:
        """Something worth telling, such as a batch that was halved."""

    def finish(self) -> None:
        """All is done, or the work was interrupted."""


class Silent:
    """A listener that says nothing."""

    def start(self, total: int, what: str) -> None:
        """Nothing."""

    def advance(self, units: int, what: str) -> None:
        """Nothing."""

    def message(self, text: str) -> None:
        """Nothing."""

    def finish(self) -> None:
        """Nothing."""
