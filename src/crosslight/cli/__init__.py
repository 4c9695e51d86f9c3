"""The command line: one file per command. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; ends the process with 0 (done), 2 (bad input), 1 (a fault of ours) or 130 (Ctrl-C)."""
    from .app import INTERRUPTED, app

    try:
        app(prog_name="crosslight")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            # Python ends itself by signal 2 instead of this status where Ctrl-C came in the middle of some
            # imports, and waits for threads that are still computing.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(INTERRUPTED)
        raise
