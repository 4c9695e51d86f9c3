"""Maps that are no explanation at all: not finite, zero, constant, or emptied by the final step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...core.maps import Maps, Status
from .finding import Finding, Severity, percent

WORDS = {
    "nonfinite": ("has NaN or infinite values", "have NaN or infinite values"),
    "zero": ("is 0 everywhere", "are 0 everywhere"),
    "constant": ("has one value everywhere", "have one value everywhere"),
    "emptied": (
        "is not positive anywhere, so that the method's final step leaves nothing of it",
        "are not positive anywhere, so that the method's final step leaves nothing of them",
    ),
}


@dataclass
class StatusTally:
    """Counts of maps by what became of them.

    Attributes:
        maps: how many maps there are.
        counts: how many of them are ``nonfinite``, ``zero``, ``constant`` or ``emptied``.
    """

    maps: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, block: Maps, finished: NDArray[np.float64]) -> None:
        """Count a block.

        Args:
            block: maps as stored.
            finished: ``[usable image, y, x]``: the usable ones after the final step.
        """
        self.maps += int(np.isin(block.status, [s for s in Status if s.has_map]).sum())
        for status in (Status.NONFINITE, Status.ZERO, Status.CONSTANT):
            self.counts[status.name.lower()] += int((block.status == status).sum())
        self.counts["emptied"] += int((~finished.any(axis=(1, 2))).sum())


def status_findings(name: str, tally: StatusTally) -> list[Finding]:
    """Every kind of unusable map, however few there are; a set without any gives no finding, so nothing to calibrate.

    Args:
        name: of the set.
        tally: its counts.

    Returns:
        ``note`` below 5 % of the maps, ``severe`` from half of them, else ``warning``.
    """
    found = []
    for kind, (one, many) in WORDS.items():
        count = tally.counts[kind]
        if count == 0:
            continue
        share = count / tally.maps
        severity: Severity = "severe" if share >= 0.5 else "warning" if share >= 0.05 else "note"
        sentence = f"{count} of {tally.maps} maps ({percent(share)}) {one if count == 1 else many}."
        found.append(Finding(name, kind, severity, share, 0.0, sentence, {"count": count, "maps": tally.maps}))
    return found
