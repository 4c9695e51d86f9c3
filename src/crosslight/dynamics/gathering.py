"""What all processes wrote of an epoch that has no file of its own yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .frames import read_partial
from .outputs import Batch


@dataclass(frozen=True)
class Gathered:
    """The partial files of an epoch.

    Attributes:
        batches: in the order of the processes, and of each in the order in which they were recorded.
        complete: whether all processes said that the epoch is over.
        torn: bytes that are no whole batch.
    """

    batches: tuple[Batch, ...]
    complete: bool
    torn: int


def gather(files: Mapping[int, Path]) -> Gathered:
    """Read the partial files of an epoch.

    How many processes there are says the first one; files of further ones were left by an earlier, larger run.

    Args:
        files: by rank.

    Raises:
        StoreError: a file cannot be read.
    """
    parts = {rank: read_partial(path) for rank, path in sorted(files.items())}
    processes = int(parts[0].start.get("processes", 0)) if 0 in parts else 0
    own = {rank: part for rank, part in parts.items() if not processes or rank < processes}
    complete = processes > 0 and len(own) == processes and all(part.ended for part in own.values())
    batches = tuple(batch for part in own.values() for batch in part.batches)
    return Gathered(batches, complete, sum(part.torn for part in own.values()))
