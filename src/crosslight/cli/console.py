"""What goes to the screen: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

#: columns where there is no terminal to ask; wide enough that nothing is cut
_WIDE = 200


def console(stderr: bool = False) -> Console:
    """A rich console on the present standard output or error; text is shown as it is, without markup."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDE
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def say(text: str) -> None:
    """A message to the person: one line on standard error."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def only_results_on_stdout() -> Iterator[None]:
    """Send whatever libraries and users' own networks print to standard error."""
    with redirect_stdout(sys.stderr):
        yield


def print_json(value: Mapping[str, Any]) -> None:
    """The one JSON object of a command; numbers that JSON lacks become null."""
    from ..core.plain import plain

    print(json.dumps(plain(value), indent=1, ensure_ascii=False, allow_nan=False), flush=True)


def print_table(
    rows: Sequence[Sequence[str]],
    columns: Sequence[str] = (),
    *,
    title: str = "",
    right: Sequence[int] = (),
    stderr: bool = False,
) -> None:
    """A table of text.

    Args:
        rows: cells.
        columns: headings; none for a plain list.
        title: a line above.
        right: indices of the columns that hold numbers.
        stderr: whether it is a message rather than a result.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=bool(columns), pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for i in range(len(columns) or max((len(row) for row in rows), default=0)):
        heading = columns[i] if columns else ""
        table.add_column(heading, justify="right" if i in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    where = console(stderr)
    with where.capture() as captured:
        if title:
            where.print(Text(title, style="bold"))
        where.print(table)
    # rich fills every line with blanks, which a file or a pipe has no use for
    print(*(line.rstrip() for line in captured.get().splitlines()), sep="\n", file=where.file, flush=True)


def count(number: int, what: str) -> str:
    """A number with its noun: ``1 map``, ``1,200 maps``."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")
