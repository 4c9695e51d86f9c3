"""The pictures that networks are trained on: made once, kept as one array on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.progress import Progress, Silent
from ..concepts import CLASSES, number_of
from ..render import Scene, scene
from ..world import label_of
from .processes import ignore_interrupts, shielded

#: of the pictures; of the split's random numbers, not of a network's
SEED = 0
#: pictures made in one go; few, because processes finish theirs before they end
_CHUNK = 20

#: what is drawn of pictures of a variant and kept, ``[n, ...]``
Draw = Callable[[str, Iterable[int]], NDArray[np.uint8]]


def training_pictures(
    folder: Path, variant: str, count: int, *, jobs: int = 1, progress: Progress | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The first pictures of the train split, from a file if it is there.

    Args:
        folder: where the file is kept; 27,648 bytes a picture.
        variant: of the pictures.
        count: how many.
        jobs: processes that make them.
        progress: told of each chunk made.

    Returns:
        Images ``[count, 96, 96, 3]``, mapped from disk, and labels ``[count]``.
    """
    labels = np.array([label_of(index, "train", SEED) for index in range(count)], np.int64)
    return _kept(folder / f"train-{variant}-{count}.npy", variant, count, _images, jobs, progress or Silent()), labels


def training_things(
    folder: Path, variant: str, count: int, *, jobs: int = 1, progress: Progress | None = None
) -> NDArray[np.uint8]:
    """Where the thing is seen in each of the same pictures, from a file if it is there.

    Args:
        folder: as for `training_pictures`; 1,152 bytes a picture.
        variant: of the pictures.
        count: how many.
        jobs: processes that make them.
        progress: told of each chunk made.

    Returns:
        Bits ``[count, 96, 12]``, mapped from disk; `numpy.unpackbits` makes ``[count, 96, 96]`` of them.
    """
    return _kept(folder / f"train-{variant}-{count}.thing.npy", variant, count, _things, jobs, progress or Silent())


def _kept(path: Path, variant: str, count: int, draw: Draw, jobs: int, progress: Progress) -> NDArray[np.uint8]:
    if not _is_valid(path, variant, count, draw):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Only a whole file has the name that is looked for.
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        try:
            _make(unfinished, variant, count, draw, jobs, progress)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _is_valid(path: Path, variant: str, count: int, draw: Draw) -> bool:
    """Whether a file holds what is drawn today: as many of them, and a few of them the same."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return False
    some = sorted({0, count // 2, count - 1})
    return len(array) == count and np.array_equal(array[some], draw(variant, some))


def _make(path: Path, variant: str, count: int, draw: Draw, jobs: int, progress: Progress) -> None:
    shape = draw(variant, [0]).shape[1:]
    array = np.lib.format.open_memmap(path, "w+", np.uint8, (count, *shape))
    progress.start(count, f"{variant} pictures")
    chunks = [range(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]
    try:
        with closing(_drawn(variant, chunks, draw, jobs)) as drawn:
            for chunk, made in drawn:
                array[chunk.start : chunk.stop] = made
                progress.advance(len(chunk), f"{variant} pictures")
        array.flush()
    finally:
        progress.finish()


def _drawn(variant: str, chunks: list[range], draw: Draw, jobs: int) -> Generator[tuple[range, NDArray[np.uint8]]]:
    """Each chunk with what is drawn of it, in any order."""
    if jobs == 1 or len(chunks) == 1:
        yield from ((chunk, draw(variant, chunk)) for chunk in chunks)
        return
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=ignore_interrupts)
    try:
        with shielded():
            waiting = {pool.submit(draw, variant, chunk): chunk for chunk in chunks}
        for done in as_completed(waiting):
            yield waiting.pop(done), done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _images(variant: str, indices: Iterable[int]) -> NDArray[np.uint8]:
    return np.stack([one.image for one in _scenes(variant, indices)])


def _things(variant: str, indices: Iterable[int]) -> NDArray[np.uint8]:
    numbers = [number_of("object", name) for name in CLASSES]
    return np.stack(
        [np.packbits(one.labels["object"] == numbers[one.label], axis=1) for one in _scenes(variant, indices)]
    )


def _scenes(variant: str, indices: Iterable[int]) -> Iterator[Scene]:
    return (scene(index, split="train", seed=SEED, variant=variant) for index in indices)
