"""How often classifiers of scenes are right, and what those with a planted cause lose without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.devices import resolve_device
from ...core.progress import Progress, Silent
from ...core.share import Share
from .files import WEIGHTS, check_trained, has_weights, load_network
from .run import choose
from .table import Entry

if TYPE_CHECKING:
    from torch import nn

#: by the pictures a classifier was trained on: those it is tested on. The first are its own; the second lack the
#: planted cause, or have it tell nothing
TESTS: Mapping[str, tuple[str, ...]] = {
    "clean": ("clean", "background-shifted", "watermark-shifted"),
    "background": ("background", "background-shifted", "clean"),
    "watermark": ("watermark", "watermark-shifted", "clean"),
    "patch": ("patch", "clean"),
}

#: pictures of each variant unless another number is asked for
COUNT = 2_000

_CHUNK = 100


@dataclass(frozen=True)
class Accuracy:
    """How often one classifier is right.

    Attributes:
        entry: the classifier.
        parameters: their number.
        shares: by variant of the test pictures, in the order of `TESTS`.
    """

    entry: Entry
    parameters: int
    shares: Mapping[str, Share]

    @property
    def drop(self) -> float | None:
        """What is lost without the planted cause, as a share of all pictures; None where none was planted."""
        own, other = list(self.shares.values())[:2]
        return None if self.entry.variant == "clean" else own.value - other.value


def measure(
    names: Iterable[str] = (),
    folder: Path = WEIGHTS,
    *,
    count: int = COUNT,
    device: str = "cpu",
    progress: Progress | None = None,
) -> tuple[Accuracy, ...]:
    """Test classifiers on the first pictures of the test split.

    Args:
        names: which ones; by default all whose weights are there.
        folder: where their weights are.
        count: pictures of each variant.
        device: ``auto``, ``cpu``, ``cuda``, ...
        progress: told of every picture.

    Returns:
        One for each classifier, in the order of the table.

    Raises:
        UnknownNameError: there is no classifier of that name.
        ModelError: the weights of one that was named, or of all, are not there.
    """
    names = list(names)
    entries = [entry for entry in choose(names) if names or has_weights(entry, folder)]
    if not entries:
        check_trained(choose()[0], folder)
    where = str(resolve_device(device))
    networks = {entry: load_network(entry, folder).to(where) for entry in entries}
    right: dict[tuple[Entry, str], int] = {}
    variants = dict.fromkeys(variant for entry in entries for variant in TESTS[entry.variant])
    progress = progress or Silent()
    progress.start(count * len(variants), "testing")
    try:
        for variant in variants:
            asked = {entry: network for entry, network in networks.items() if variant in TESTS[entry.variant]}
            for start in range(0, count, _CHUNK):
                indices = range(start, min(start + _CHUNK, count))
                for entry, number in _count_right(asked, variant, indices, where).items():
                    right[entry, variant] = right.get((entry, variant), 0) + number
                progress.advance(len(indices), variant)
    finally:
        progress.finish()
    return tuple(
        Accuracy(
            entry,
            sum(parameter.numel() for parameter in network.parameters()),
            {variant: Share(right[entry, variant], count) for variant in TESTS[entry.variant]},
        )
        for entry, network in networks.items()
    )


def _count_right(networks: Mapping[Entry, nn.Module], variant: str, indices: range, device: str) -> dict[Entry, int]:
    """How many of some pictures each network is right about."""
    from .training import held_out, judge

    pictures = held_out(variant, len(indices), indices.start)
    labels = pictures.labels.numpy()
    return {
        entry: int((judge(network, pictures, device).predictions == labels).sum())
        for entry, network in networks.items()
    }


def as_json(rows: Sequence[Accuracy]) -> list[dict[str, object]]:
    """The figures as JSON holds them; accuracies in [0, 1]."""
    return [
        {
            "name": row.entry.name,
            "construction": row.entry.title,
            "kind": row.entry.kind,
            "trained_on": row.entry.variant,
            "seed": row.entry.seed,
            "parameters": row.parameters,
            "accuracy": {
                variant: {"value": share.value, "low": share.interval[0], "high": share.interval[1], "of": share.of}
                for variant, share in row.shares.items()
            },
            "drop": row.drop,
        }
        for row in rows
    ]
