"""The command line: one file per command. Nothing heavy is imported before a command runs."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line; ends the process with 0 (done), 2 (bad input) or 1 (a fault of ours)."""
    from .app import app

    app(prog_name="crosslight")
