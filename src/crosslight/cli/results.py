"""What commands have in common after the maps are there: counting, comparing, reporting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import count

if TYPE_CHECKING:
    from ..store import Store


def summarise(store: Store) -> dict[str, Any]:
    """Number of maps by status, and everything that failed."""
    from ..core.maps import Status

    numbers: Counter[int] = Counter()
    names = {image.identity: image.name for image in store.manifest.images}
    for entry in store.map_sets():
        for _, maps in store.iter_blocks(entry.model, entry.key):
            numbers.update(maps.status.tolist())
    return {
        "maps": {status.name.lower(): numbers[status] for status in Status if status in numbers or status == Status.OK},
        "failures": [{"name": names.get(f.image, ""), **asdict(f)} for f in store.failures()],
    }


def describe_maps(numbers: Mapping[str, int]) -> str:
    """Counts by status in words; what needs no second look comes first."""
    words = {
        "zero": "all zero",
        "nonfinite": "not finite",
        "no_target": "without the class asked for",
        "skipped": "beyond their method's limit",
        "pending": "not computed yet",
    }
    parts = [count(numbers.get("ok", 0), "good map")]
    parts += [f"{number:,} {words.get(name, name)}" for name, number in numbers.items() if name != "ok"]
    return ", ".join(parts)


def describe_failures(failures: Sequence[Mapping[str, str]], most: int = 10) -> list[str]:
    """One line for each reason, with how often it came up."""
    from ..store import Failure, left_out

    every = [Failure(f["image"], f["model"], f["stage"], f["reason"]) for f in failures]
    reasons = Counter((f.stage, f.model if f.stage == "load" else "", f.reason) for f in every if not f.left_out)
    lines = [
        f"failed ({stage}{f' of {model}' if model else ''}, {number:,} times): {reason}"
        for (stage, model, reason), number in reasons.most_common(most)
    ]
    lines += [f"... and {len(reasons) - most} more reasons"] if len(reasons) > most else []
    return lines + [f"left out: {line}" for line in left_out(every)]


def compare_and_report(store: Store, out: Path | None = None, *, single: bool = False) -> tuple[list[str], str]:
    """Compare the models for every method, and build the report of it.

    Args:
        store: complete or in the making.
        out: folder of the report, or the single file; None for their place within the store.
        single: whether the report is one file.

    Returns:
        The files with the results, and the report's page.
    """
    from ..agreement.analysis import analyse, save_analysis
    from ..report import build_report
    from .progress import listener

    analysis = analyse(store, progress=listener("parts"))
    files = [str(path) for path in save_analysis(analysis, store)]
    return files, str(build_report(store, out, analysis=analysis, single=single))
