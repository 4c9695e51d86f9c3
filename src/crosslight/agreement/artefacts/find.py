"""Every detector over every set of maps, in one pass over the blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...core.maps import Maps
from ...store import MapSet, Store
from .counts import StatusTally, status_findings
from .finding import SEVERITIES, Finding
from .peaks import PeakTally, peak_findings
from .periods import PERIODS, PeriodTally, period_findings
from .sameness import SamenessTally, sameness_findings
from .scaling import ScaleTally, scale_findings


@dataclass
class SetTally:
    """All that is remembered of one set of maps; no map is.

    Attributes:
        name: of the set.
        group: what makes sets peers: the method's label.
        patches: periods that the classifier may leave: its patch size or stride, in cells of the map.
    """

    name: str
    group: str = ""
    patches: tuple[int, ...] = ()
    status: StatusTally = field(default_factory=StatusTally)
    peaks: PeakTally = field(default_factory=PeakTally)
    sameness: SamenessTally = field(default_factory=SamenessTally)
    periods: PeriodTally = field(default_factory=PeriodTally)
    scale: ScaleTally = field(default_factory=ScaleTally)

    def add(self, block: Maps) -> None:
        """Count a block of maps."""
        usable = block.usable
        raw = block.values[usable].astype(np.float64)
        finished = block.finished().values[usable].astype(np.float64)
        self.status.add(block, finished)
        self.scale.add(raw, finished)
        left = finished.any(axis=(1, 2))
        raw, finished = raw[left], finished[left]
        self.peaks.add(finished)
        self.sameness.add(raw, finished)
        self.periods.add(finished)


def tally(
    name: str, blocks: Iterable[Maps], *, patches: Sequence[int] = (), periods: Sequence[int] = PERIODS
) -> SetTally:
    """Go through the blocks of one set; one block is held at a time.

    Args:
        name: of the set, such as ``MODEL/METHOD``.
        blocks: its maps; those of the same ``label`` in their attributes are peers of one another.
        patches: the classifier's patch size or stride in cells of the map, as far as they are known.
        periods: periods looked for, in cells; `patches` are added.
    """
    looked_for = tuple(sorted({*periods, *patches}))
    found = SetTally(name, patches=tuple(patches), periods=PeriodTally(looked_for))
    for block in blocks:
        found.group = str(block.attributes.get("label", found.group))
        found.add(block)
    return found


def find_artefacts(
    sets: Iterable[tuple[str, Iterable[Maps]]],
    *,
    patches: Mapping[str, Sequence[int]] | None = None,
    periods: Sequence[int] = PERIODS,
) -> list[Finding]:
    """Look for artefacts in sets of maps, each for itself and beside the others of the same method.

    Args:
        sets: name, such as ``MODEL/METHOD``, and blocks of maps; read once, one block at a time.
        patches: patch size or stride in cells of the map, by name of the set, where it is known.
        periods: periods of patterns that are looked for, in cells.

    Returns:
        Findings, the severe ones first, and in the order of the sets.
    """
    known = patches or {}
    return judge_sets([tally(name, blocks, patches=known.get(name, ()), periods=periods) for name, blocks in sets])


def judge_sets(tallies: Sequence[SetTally]) -> list[Finding]:
    """The findings in what was remembered of all sets, see `find_artefacts`."""
    found: list[Finding] = []
    for own in tallies:
        others = [other for other in tallies if other is not own]
        peers = [other.peaks for other in others if other.group == own.group]
        found += status_findings(own.name, own.status)
        found += peak_findings(own.name, own.peaks, peers)
        found += sameness_findings(own.name, own.sameness, [other.sameness for other in others])
        found += period_findings(own.name, own.periods, own.patches)
        found += scale_findings(own.name, own.scale)
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def artefacts_of_store(
    store: Store, *, sets: Iterable[MapSet] | None = None, periods: Sequence[int] = PERIODS
) -> list[Finding]:
    """Look for artefacts in the maps of a store.

    Args:
        store: where the maps are; unfinished blocks are passed over.
        sets: which sets of maps to look at; those of the present study if None.
        periods: periods of patterns that are looked for, in cells.

    Returns:
        Findings as `find_artefacts` gives them. Sets are called ``MODEL/METHOD``, and ``MODEL/METHOD (KEY)`` where a
        method of one model has several settings.
    """
    chosen = list(store.map_sets() if sets is None else sets)
    times = Counter((one.model, one.label) for one in chosen)
    tallies = []
    for one in chosen:
        name = f"{one.model}/{one.label}" + (f" ({one.key})" if times[one.model, one.label] > 1 else "")
        blocks = (maps for _, maps in store.iter_blocks(one.model, one.key))
        patches = strides(one.shape, [other.shape for other in chosen if other.model == one.model])
        tallies.append(tally(name, blocks, patches=patches, periods=periods))
    return judge_sets(tallies)


def strides(shape: tuple[int, int], shapes: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """Patch sizes and strides of a classifier, as the sizes of its other maps tell them.

    A transformer with patches of 16 pixels has rollouts and CAMs of 14 x 14 cells and gradients of 224 x 224 pixels.

    Args:
        shape: height and width of the maps in question.
        shapes: those of all maps of the classifier.

    Returns:
        Whole numbers of cells of the larger maps, from 4 on, ascending.
    """
    found = {
        shape[0] // other[0]
        for other in shapes
        if min(other) > 1 and shape[0] % other[0] == 0 and shape[0] * other[1] == shape[1] * other[0]
    }
    return tuple(sorted(stride for stride in found if stride >= 4))
