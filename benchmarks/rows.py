"""What every section of the benchmarks yields, and how it is printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

#: how a column is printed; any other has two digits after the point
FORMATS = {
    "evaluations": ".0f",
    "pass ms": ".2f",
    "ours s": ".4g",
    "peer s": ".4g",
    "difference": ".0e",
    "weights": ".0e",
    "mean error": ".1e",
    "worst error": ".1e",
    "base MiB": ".0f",
    "peak MiB": ".0f",
    "above MiB": ".0f",
    "peer MiB": ".0f",
    "ours MiB": ".0f",
    "ratio": ".3f",
    "memory": ".3f",
    "same labels": ".3f",
    "correlation": ".3f",
    "fp32 s": ".4g",
    "bf16 s": ".4g",
    "captum error": ".2e",
    "shap error": ".2e",
    "least squares error": ".2e",
    "our error": ".2e",
    "coverage": ".3f",
}


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        model: the network.
        method: what was measured on it.
        values: what was found, by column.
        targets: what a value should be: ``>= 2``, ``<= 1.1`` or ``0.9 to 1``, by column.
        note: what one must know to read it.
        error: why there are no values; a run goes on after it.
    """

    model: str
    method: str
    values: Mapping[str, float]
    targets: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    error: str = ""

    @property
    def missed(self) -> list[str]:
        """Columns whose target is not met; NaN meets none."""
        if self.error:
            return ["failed"]
        return [column for column, target in self.targets.items() if not _meets(self.values[column], target)]


def _meets(value: float, target: str) -> bool:
    sign, _, bound = target.partition(" ")
    if bound.startswith("to "):
        return float(sign) <= value <= float(bound[3:])
    return value >= float(bound) if sign == ">=" else value <= float(bound)


def attempted(model: str, method: str, rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows; where making them fails, one that says why."""
    try:
        yield from rows
    except Exception as error:
        yield Row(model, method, {}, error=f"{type(error).__name__}: {error}".splitlines()[0])


def as_json(row: Row) -> dict[str, Any]:
    """A row with what it missed."""
    return {**asdict(row), "missed": row.missed}


def printed(columns: tuple[str, ...], rows: Iterable[Row]) -> Iterator[str]:
    """Lines of a table, each as soon as its row is there.

    Args:
        columns: what every row has a place for; other values stand at the end of their row.
        rows: may be slow in coming.
    """
    yield f"{'model':26} {'method':26} " + " ".join(f"{name:>{_width(name)}}" for name in columns) + "  target"
    for row in rows:
        cells = " ".join(f"{_text(row, name):>{_width(name)}}" for name in columns)
        others = [f"{name} {_text(row, name)}" for name in row.values if name not in columns]
        goals = [f"{name} {target}" for name, target in row.targets.items()]
        verdict = [f"FAILED: {row.error}"] if row.error else []
        verdict += [("MISSED: " + ", ".join(row.missed)) if row.missed else "met"] if goals and not row.error else []
        end = "; ".join(part for part in [", ".join(goals), *verdict, *others, row.note] if part)
        yield f"{row.model:26} {row.method:26} {cells}  {end}".rstrip()


def _width(column: str) -> int:
    return max(9, len(column))


def _text(row: Row, column: str) -> str:
    return format(row.values[column], FORMATS.get(column, ".2f")) if column in row.values else ""
