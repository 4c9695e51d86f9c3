"""Check every image classifier of timm, torchvision and transformers.

``python -m sweep [--out OUT] [--methods]`` goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from .apply import apply
from .check import check
from .inventory import Entry, in_order, inventory, smallest
from .pool import run
from .table import Results, missed, summary, summary_of_methods, write_csv

say = partial(print, flush=True)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m sweep", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/sweep"), help="folder of the results")
    parser.add_argument("--names", default="*", help="only classifiers like this, such as 'timm/levit*'")
    parser.add_argument("--smallest", action="store_true", help="only the smallest of each architecture")
    parser.add_argument("--again", action="store_true", help="repeat those that missed a target")
    parser.add_argument("--methods", action="store_true", help="put the methods to the smallest of each architecture")
    parser.add_argument("--side", type=int, default=224, help="of the input, where it is larger and may be smaller")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--memory", type=int, default=6000, help="megabytes that a process may hold")
    parser.add_argument("--timeout", type=float, default=900, help="seconds that a classifier may take")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_NUM_THREADS"] = "1"  # for the processes: more would wait for one another
    every = inventory(options.out / "inventory.json", say)
    results = Results(options.out / ("methods.jsonl" if options.methods else "results.jsonl"))

    chosen = [entry for entry in every if fnmatchcase(entry.key, options.names)]
    able = in_order([entry for entry in chosen if not entry.left_out])
    if options.smallest or options.methods:
        able = smallest(able)
    waiting = [entry for entry in able if _due(entry, results, options)]
    count = len(able) - len(waiting)

    def done(entry: Entry, found: dict[str, Any]) -> None:
        nonlocal count
        count += 1
        row = {"source": entry.source, "name": entry.name} | found
        if not options.methods:
            row = {"architecture": entry.architecture, "parameters": entry.parameters} | row
            row["missed"] = ", ".join(missed(row))
        results.add(row)
        trouble = row.get("left_out") or row.get("error") or row.get("missed") or "ok"
        say(f"{count}/{len(able)} {entry.key}: {_outline(found) if options.methods else trouble}")

    run(
        partial(apply if options.methods else check, side=options.side),
        waiting,
        done,
        jobs=options.jobs,
        megabytes=options.memory,
        seconds=options.timeout,
    )

    keys = {entry.key for entry in able}
    rows = [row for key, row in results.rows.items() if key in keys]
    if options.methods:
        say("\n".join(summary_of_methods(rows)))
    else:
        rows += [{"source": e.source, "name": e.name, "left_out": e.left_out} for e in chosen if e.left_out]
        say("\n".join(summary(rows)))
    table = options.out / ("methods.csv" if options.methods else "results.csv")
    write_csv(rows, table)
    say(f"table: {table}")
    return 0


def _due(entry: Entry, results: Results, options: argparse.Namespace) -> bool:
    known = results.rows.get(entry.key)
    if known is None or not options.again:
        return known is None
    return bool(known.get("missed") or known.get("error"))


def _outline(found: dict[str, Any]) -> str:
    """How many methods did what."""
    heads = [str(value).partition(":")[0] for value in found.values() if isinstance(value, str)]
    return ", ".join(f"{heads.count(head)} {head}" for head in sorted(set(heads)))


if __name__ == "__main__":
    sys.exit(main())
