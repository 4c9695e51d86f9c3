"""What is in the training pictures, in numbers: their captions, and how much of each concept is seen in them."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.progress import Progress, Silent
from ..classifiers.pictures import SEED
from ..concepts import CONCEPTS, concepts_of, number_of
from ..palette import COLOUR_NAMES
from ..render import SceneBatch, scenes

#: the concepts whose own colour is known: those that cover pixels and are neither colour nor material
COLOURED = tuple(concept for concept in CONCEPTS if concept.category in ("object", "part"))
_CHUNK = 500


@dataclass(frozen=True)
class Labelled:
    """What is in some pictures.

    Attributes:
        captions: the pictures in words.
        shares: float32 ``[n, concepts]``: the share of the picture's pixels that have each label, in [0, 1], in the
            order of ``CONCEPTS``; 1 for the picture's scene.
        colours: float32 ``[n, coloured, colours]``: the share of the pixels of each of `COLOURED` that have each
            colour, in [0, 1]; 0 where it is not seen.
    """

    captions: tuple[str, ...]
    shares: NDArray[np.float32]
    colours: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.captions)


def label_scenes(batch: SceneBatch) -> Labelled:
    """Count what is in made scenes."""
    n, count = len(batch), len(COLOUR_NAMES)
    pixels = batch.images[0, :, :, 0].size if n else 1
    shares = np.zeros((n, len(CONCEPTS) + 1), np.float32)
    colours = np.zeros((n, len(CONCEPTS) + 1, count), np.float32)
    first = number_of("color", COLOUR_NAMES[0])
    for at in range(n):
        painted = batch.masks["color"][at].astype(np.int64).ravel() - first
        for category in ("object", "part"):
            numbers = batch.masks[category][at].astype(np.int64).ravel()
            joint = np.bincount(numbers * count + painted, minlength=(len(CONCEPTS) + 1) * count)
            colours[at] += joint.reshape(-1, count)
        for category in ("color", "material"):
            numbers = batch.masks[category][at].ravel()
            shares[at] += np.bincount(numbers, minlength=len(CONCEPTS) + 1)
        shares[at, batch.masks["scene"][at]] = pixels
    seen = colours.sum(axis=2)
    shares = (shares + seen) / pixels
    own = [concept.number for concept in COLOURED]  # number 0 is no label
    return Labelled(batch.captions, shares[:, 1:], (colours / np.maximum(seen, 1)[:, :, None])[:, own])


def training_labels(
    folder: Path, variant: str, count: int, *, jobs: int = 1, progress: Progress | None = None
) -> Labelled:
    """What is in the first pictures of the train split, from a file if it is there.

    Args:
        folder: where the file is kept; about 150 bytes a picture.
        variant: of the pictures.
        count: how many.
        jobs: processes that make the pictures anew to count what is in them.
        progress: told of each chunk counted.
    """
    path = folder / f"train-{variant}-{count}.labels.npz"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        made = _make(variant, count, jobs, progress or Silent())
        # Only a whole file has the name that is looked for.
        unfinished = path.with_name(f"{path.stem}.{os.getpid()}.part.npz")
        try:
            np.savez_compressed(
                unfinished,
                allow_pickle=False,
                captions=np.array(made.captions),
                shares=made.shares.astype(np.float16),
                colours=np.round(made.colours * 255).astype(np.uint8),
            )
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    with np.load(path, allow_pickle=False) as arrays:
        return Labelled(
            tuple(arrays["captions"].tolist()),
            arrays["shares"].astype(np.float32),
            arrays["colours"].astype(np.float32) / 255,
        )


def _make(variant: str, count: int, jobs: int, progress: Progress) -> Labelled:
    starts = range(0, count, _CHUNK)
    progress.start(count, f"labels of {variant} pictures")
    try:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            made = []
            ranges = [range(start, min(start + _CHUNK, count)) for start in starts]
            for chunk in pool.map(_chunk, [variant] * len(ranges), ranges):
                made.append(chunk)
                progress.advance(len(chunk), f"labels of {variant} pictures")
    finally:
        progress.finish()
    return Labelled(
        tuple(caption for chunk in made for caption in chunk.captions),
        np.concatenate([chunk.shares for chunk in made]),
        np.concatenate([chunk.colours for chunk in made]),
    )


def _chunk(variant: str, indices: range) -> Labelled:
    return label_scenes(scenes(indices, split="train", seed=SEED, variant=variant))


def is_about(category: str) -> NDArray[np.bool_]:
    """Which of ``CONCEPTS`` are of a category, ``[concepts]``."""
    return np.isin(np.arange(1, len(CONCEPTS) + 1), [concept.number for concept in concepts_of(category)])
