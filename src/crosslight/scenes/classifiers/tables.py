"""Tables of accuracies for people: Markdown, and reStructuredText for the documentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import InputError
from ...core.share import Share
from .accuracy import Accuracy

_NONE = "–"


@dataclass(frozen=True)
class Table:
    """Text in rows and columns.

    Attributes:
        title: a line above.
        headings: of the columns.
        rows: cells.
        numbers: columns that hold numbers.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int]


def write_tables(path: Path, rows: Sequence[Accuracy]) -> None:
    """Write the tables in the form that a file's suffix asks for.

    Args:
        path: ends in ``.md`` (Markdown), ``.rst`` or ``.inc`` (reStructuredText).
        rows: what was measured.

    Raises:
        InputError: another suffix.
    """
    render = renderer(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(rows), encoding="utf-8")


def renderer(path: Path) -> Callable[[Sequence[Accuracy]], str]:
    """What writes the kind of file that a suffix stands for; `InputError` for any other."""
    forms = {".md": as_markdown, ".rst": as_rst, ".inc": as_rst}
    if path.suffix not in forms:
        raise InputError(f"{path}: tables are written to .md, .rst or .inc")
    return forms[path.suffix]


def as_markdown(rows: Sequence[Accuracy]) -> str:
    """The tables in Markdown."""
    parts = [_note(rows)]
    for table in _tables(rows):
        rule = ["---:" if i in table.numbers else "---" for i in range(len(table.headings))]
        lines = [f"| {' | '.join(cells)} |" for cells in (table.headings, rule, *table.rows)]
        parts.append("\n".join([f"**{table.title}**", "", *lines]))
    return "\n\n".join(parts) + "\n"


def as_rst(rows: Sequence[Accuracy]) -> str:
    """The tables in reStructuredText."""
    parts = [".. Written by ``crosslight scenes accuracy``; do not edit.", _note(rows)]
    for table in _tables(rows):
        lines = [f".. list-table:: {table.title}", "   :header-rows: 1", ""]
        for cells in (table.headings, *table.rows):
            lines += [f"   {'*' if i == 0 else ' '} - {cell}" for i, cell in enumerate(cells)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _note(rows: Sequence[Accuracy]) -> str:
    count = next(iter(rows[0].shares.values())).of
    return (
        f"Accuracy in per cent on the first {count:,} test pictures of each variant, with 95 % Wilson intervals.\n"
        "The pictures of ``background-shifted`` are those of ``clean``."
    )


def _tables(rows: Sequence[Accuracy]) -> list[Table]:
    clean = [row for row in rows if row.entry.variant == "clean"]
    biased = [row for row in rows if row.entry.variant != "clean"]
    return [table for table in (_clean_table(clean), _biased_table(biased)) if table.rows]


def _clean_table(rows: Sequence[Accuracy]) -> Table:
    tests = ("clean", "background-shifted", "watermark-shifted")
    return Table(
        "Trained on clean pictures",
        ("Classifier", "Construction", "Kind", "Parameters", *tests),
        tuple(
            (*_named(row), row.entry.kind, f"{row.parameters:,}", *(_percent(row.shares[test]) for test in tests))
            for row in rows
        ),
        frozenset(range(3, 7)),
    )


def _biased_table(rows: Sequence[Accuracy]) -> Table:
    """The drop is from the pictures a classifier was trained on to those whose cause tells nothing, or has none."""
    return Table(
        "Trained on pictures with a planted cause",
        ("Classifier", "Construction", "Parameters", "As trained", "Cause tells nothing", "clean", "Drop"),
        tuple(
            (
                *_named(row),
                f"{row.parameters:,}",
                _percent(row.shares[row.entry.variant]),
                _percent(row.shares.get(f"{row.entry.variant}-shifted")),
                _percent(row.shares["clean"]),
                f"{100 * (row.drop or 0):.1f}",
            )
            for row in rows
        ),
        frozenset(range(2, 7)),
    )


def _named(row: Accuracy) -> tuple[str, str]:
    return f"``scenes/{row.entry.name}``", row.entry.title


def _percent(share: Share | None) -> str:
    if share is None:
        return _NONE
    low, high = share.interval
    return f"{100 * share.value:.1f} ({100 * low:.1f}–{100 * high:.1f})"
