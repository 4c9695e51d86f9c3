"""Pictures decoded once, as a classifier sees them: in memory, or in a file where they are many."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...core.errors import ImageError, InputError
from ...core.geometry import Preprocess
from ...core.progress import Progress, Silent
from ...core.seeds import seed_for
from ...images import prepare
from .data import Part

#: bytes of decoded pictures that are kept in memory; more go into a file that is read in pieces
IN_MEMORY = 4 << 30


@dataclass(frozen=True)
class Pixels:
    """A part's pictures, ready to be looked at.

    Attributes:
        values: uint8 ``[n, c, h, w]``: the classifier's view of each, before normalisation.
        labels: int64 ``[n]``.
        ids: what each is called in the history.
    """

    values: NDArray[np.uint8]
    labels: NDArray[np.int64]
    ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor, Tensor]:
        """One picture as a batch of its own."""
        return self.__getitems__([row])

    def __getitems__(self, rows: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """Rows, pixels and labels of several pictures at once; what PyTorch's loaders ask for."""
        at = np.asarray(rows)
        return torch.from_numpy(at), torch.from_numpy(self.values[at]), torch.from_numpy(self.labels[at])


def decode_part(
    part: Part,
    preprocess: Preprocess,
    *,
    name: str = "train",
    scratch: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Pixels, list[dict[str, str]]]:
    """Decode every picture of a part, resized and cropped as the classifier wants it.

    Args:
        part: the pictures.
        preprocess: of the classifier; normalisation is left for later.
        name: of the part.
        scratch: folder for a file of pixels, where they are too many for memory.
        progress: told of every picture.

    Returns:
        The pixels, and ``part``, ``name`` and ``reason`` of each picture that cannot be used and is left out.

    Raises:
        InputError: not one of the pictures can be used.
    """
    channels = preprocess.channels
    plain = replace(preprocess, mean=(0.0,) * channels, std=(1.0,) * channels)
    shape = (len(part), channels, *preprocess.size)
    if int(np.prod(shape)) <= IN_MEMORY or scratch is None:
        values: NDArray[np.uint8] = np.empty(shape, np.uint8)
    else:
        scratch.mkdir(parents=True, exist_ok=True)
        values = np.lib.format.open_memmap(scratch / f"{name}.npy", "w+", np.uint8, shape)
    progress = progress or Silent()
    kept: list[int] = []
    bad: list[dict[str, str]] = []
    progress.start(len(part), f"{name} pictures")
    try:
        for row, record in enumerate(part.records):
            try:
                view, _ = prepare(record.load(), plain)
                values[len(kept)] = view.mul_(255).round_().to(torch.uint8).numpy()
                kept.append(row)
            except ImageError as error:
                bad.append({"part": name, "name": record.name, "reason": str(error)})
            progress.advance(1, f"{name} pictures")
    finally:
        progress.finish()
    if not kept:
        raise InputError(f"{part.source}: none of the {len(part):,} {name} pictures can be used: {bad[0]['reason']}")
    left = part.take(kept)
    return Pixels(values[: len(kept)], left.labels, left.ids), bad


def drop_scratch(scratch: Path) -> None:
    """Remove files of pixels; nothing else needs them."""
    shutil.rmtree(scratch, ignore_errors=True)


class Walks:
    """Rows of batches, shuffled anew in each epoch; which ones depends on the seed and the epoch's number alone.

    Args:
        count: pictures.
        batch: of how many.
        seed: of the order; None keeps the pictures as they are.
    """

    def __init__(self, count: int, batch: int, seed: int | None = None):
        self.count, self.batch, self.seed = count, batch, seed
        self.epoch = 0

    def __len__(self) -> int:
        whole, rest = divmod(self.count, self.batch)
        # The last batch of a shuffled walk is left out where others are there: normalisation over a few pictures harms.
        return max(1, whole) if self.seed is not None else whole + (rest > 0)

    def __iter__(self) -> Iterator[list[int]]:
        order = np.arange(self.count)
        if self.seed is not None:
            order = np.random.default_rng(seed_for("training", self.seed, "order", self.epoch)).permutation(self.count)
        for start in range(len(self)):
            yield order[start * self.batch : (start + 1) * self.batch].tolist()


def loader(pixels: Pixels, walks: Walks) -> Any:
    """A PyTorch loader of a part's batches: rows, pixels, labels."""
    from torch.utils.data import DataLoader

    # With a generator of its own it leaves PyTorch's random numbers alone, which dropout is drawn from.
    own = torch.Generator()
    return DataLoader(pixels, batch_sampler=walks, collate_fn=_as_it_is, generator=own)  # type: ignore[arg-type]


def _as_it_is(batch: Any) -> Any:
    return batch
