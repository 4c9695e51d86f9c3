"""Results on disk, the table of all of them, and the shares that meet each target."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

EQUAL = 1e-5
DEEP = 0.7
PASSES, SECONDS = 4.0, 1.0

#: target: the share of classifiers that should meet it, and whether one does
TARGETS: Mapping[str, tuple[float, Callable[[Row], bool]]] = {
    "site beyond 70 % of the depth": (1.0, lambda row: row.get("depth", 0) > DEEP),
    "gradient there, finite": (1.0, lambda row: bool(row.get("finite")) and row.get("coverage", 0) > 0),
    "tail equals the network": (
        1.0,
        lambda row: max(row.get("logits_error", 1), row.get("gradient_error", 1)) <= EQUAL,
    ),
    "tail runs nothing before": (1.0, lambda row: row.get("rerun") == ""),
    "true cut of the patches": (0.97, lambda row: row.get("kind") in ("cut", "token")),
    "found in 4 passes or 1 s": (
        1.0,
        lambda row: row.get("passes", PASSES + 1) <= PASSES or row.get("find_seconds", SECONDS + 1) <= SECONDS,
    ),
}

#: what can come of a method
VERDICTS = ("works", "does not apply", "left out", "fails")

FIRST = ("source", "name", "architecture", "parameters", "input", "missed", "left_out", "stage", "error")


class Results:
    """A file of JSON lines, one for each classifier; of several for one the last counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows: dict[str, Row] = {}
        if path.is_file():
            text = path.read_text()
            whole = text[: text.rfind("\n") + 1]
            if whole != text:  # the last line was cut off: nothing may be written behind it
                path.write_text(whole)
            for line in whole.splitlines():
                row = json.loads(line)
                self.rows[f"{row['source']}/{row['name']}"] = row

    def add(self, row: Row) -> None:
        """Write a row at the end, at once."""
        self.rows[f"{row['source']}/{row['name']}"] = row
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")


def missed(row: Row) -> list[str]:
    """The targets that a classifier does not meet."""
    return [] if row.get("left_out") else [name for name, (_, meets) in TARGETS.items() if not meets(row)]


def write_csv(rows: Iterable[Row], path: Path) -> None:
    """All rows by source and name, with every fact that any of them has."""
    ordered = sorted(rows, key=lambda row: (row["source"], row["name"]))
    names = list(dict.fromkeys([*FIRST, *(name for row in ordered for name in row)]))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        for row in ordered:
            writer.writerow({name: _short(value) for name, value in row.items()})


def summary(rows: Iterable[Row]) -> list[str]:
    """How many classifiers were checked, and which share of them meets each target."""
    every = list(rows)
    checked = [row for row in every if not row.get("left_out")]
    shares = {name: sum(map(meets, checked)) / max(len(checked), 1) for name, (_, meets) in TARGETS.items()}
    listed = "; ".join(f"{name} {share:.1%}" for name, share in shares.items())
    lines = [f"{len(checked)} classifiers checked, {len(every) - len(checked)} left out: {listed}"]
    for name, (wanted, _) in TARGETS.items():
        verdict = "met" if shares[name] >= wanted else "MISSED"
        lines.append(f"  {name:32} {shares[name]:7.2%}   target {wanted:.0%}   {verdict}")
    return lines


def summary_of_methods(rows: Iterable[Row]) -> list[str]:
    """How many classifiers each method works on, does not apply to, was left out on or fails on."""
    every = list(rows)
    names = sorted({name for row in every for name, value in row.items() if _verdict(value) in VERDICTS})
    lines = [f"{len(every)} classifiers, {len(names)} methods"]
    for name in names:
        counts = Counter(_verdict(row.get(name)) for row in every)
        lines.append(f"  {name:28} " + ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS))
    return lines


def _verdict(value: Any) -> str:
    return str(value).partition(":")[0]


def _short(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value
