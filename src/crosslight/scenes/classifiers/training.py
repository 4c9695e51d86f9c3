"""Training one classifier of scenes, with every test picture's prediction at every epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ...core.errors import ModelError
from ...core.progress import Progress, Silent
from ...core.seeds import seed_for
from ..render import scenes
from .files import Learning, save
from .learner import Learner, Tokens, normalised
from .networks import build
from .pictures import training_pictures, training_things
from .table import EPOCHS, Entry

#: how many pictures of the test split each epoch is judged by
TESTED = 1_000


@dataclass(frozen=True)
class Pictures:
    """Pictures with their labels.

    Attributes:
        images: uint8 ``[n, 3, 96, 96]``.
        labels: int64 ``[n]``.
    """

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Judgement:
    """What a network says of pictures: predictions, losses and margins as in `Learning`, each ``[n]``."""

    predictions: NDArray[np.uint8]
    losses: NDArray[np.float32]
    margins: NDArray[np.float32]


def train(
    entry: Entry,
    out: Path,
    *,
    pictures: Path,
    device: str | torch.device = "cpu",
    jobs: int = 1,
    tested: int | None = None,
    progress: Progress | None = None,
    drawing: Progress | None = None,
) -> Learning:
    """Train one classifier and write its weights and how it learned.

    The weights are those after the last step: none are chosen by how well they do on the test pictures. They are the
    same again on the same kind of machine, with the same number of threads.

    Args:
        entry: which one.
        out: folder for ``NAME.safetensors`` and ``NAME.learning.npz``.
        pictures: folder where training pictures are kept.
        device: where to train.
        jobs: processes that make pictures.
        tested: how many pictures of the test split each epoch is judged by; `TESTED` if not given. Weights do not
            depend on it.
        progress: told of every step.
        drawing: told of every picture made.

    Raises:
        ModelError: the loss is no longer a number.
    """
    recipe, things = entry.recipe, None
    images, labels = training_pictures(pictures, entry.variant, recipe.pictures, jobs=jobs, progress=drawing)
    if recipe.tokens:
        things = training_things(pictures, entry.variant, recipe.pictures, jobs=jobs, progress=drawing)
    test = held_out(entry.variant, TESTED if tested is None else tested)
    network, learning = fit(entry, images, labels, test, things=things, device=device, progress=progress)
    save(entry, network, learning, out)
    return learning


def fit(
    entry: Entry,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    test: Pictures,
    *,
    things: NDArray[np.uint8] | None = None,
    device: str | torch.device = "cpu",
    progress: Progress | None = None,
) -> tuple[nn.Module, Learning]:
    """Train a network by an entry's recipe.

    Args:
        entry: gives the construction, the seed and the recipe.
        images: ``[n, 96, 96, 3]``, to train on.
        labels: ``[n]``.
        test: what each epoch is judged by.
        things: bits ``[n, 96, 12]``, as `training_things` gives them; needed for token labelling.
        device: where to train.
        progress: told of every step.

    Raises:
        ModelError: the loss is no longer a number.
    """
    device, recipe, progress = torch.device(device), entry.recipe, progress or Silent()
    judgements: list[Judgement] = []
    steps: list[tuple[float, float]] = []
    progress.start(recipe.steps, entry.name)
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(seed_for("scenes", entry.name, entry.seed) % 2**63)
            network = build(entry.lineage).to(memory_format=torch.channels_last).to(device)
            tokens = Tokens(network).to(device) if recipe.tokens else None
            learner = Learner(network, tokens, recipe)
            for x, y in _batches(images, labels, entry, things):
                network.train()
                steps.append(learner.step(x.to(device), y.to(device)))
                if len(steps) % (recipe.steps // EPOCHS) == 0:
                    if not math.isfinite(steps[-1][0]):
                        raise ModelError(f"{entry.name}: the loss is {steps[-1][0]} after {len(steps)} steps")
                    judgements.append(judge(network, test, device))
                progress.advance(1, entry.name)
    finally:
        progress.finish()
    return network, _learning(judgements, steps, test.labels)


def _learning(judgements: list[Judgement], steps: list[tuple[float, float]], labels: Tensor) -> Learning:
    epochs = np.array(steps).reshape(len(judgements), -1, 2).mean(axis=1).astype(np.float32)
    return Learning(
        predictions=np.stack([one.predictions for one in judgements]),
        losses=np.stack([one.losses for one in judgements]),
        margins=np.stack([one.margins for one in judgements]),
        labels=labels.numpy().astype(np.uint8),
        train_loss=epochs[:, 0],
        train_accuracy=epochs[:, 1],
    )


def judge(network: nn.Module, pictures: Pictures, device: str | torch.device = "cpu", batch: int = 100) -> Judgement:
    """What a network says of pictures; it is in evaluation mode afterwards."""
    network.eval()
    with torch.no_grad():
        parts = [network(normalised(x.to(device))).float().cpu() for x in pictures.images.split(batch)]
    logits, labels = torch.cat(parts), pictures.labels
    own = logits.gather(1, labels[:, None])[:, 0]
    others = logits.scatter(1, labels[:, None], -math.inf).amax(1)
    losses = functional.cross_entropy(logits, labels, reduction="none")
    return Judgement(logits.argmax(1).numpy().astype(np.uint8), losses.numpy(), (own - others).numpy())


def held_out(variant: str, count: int, start: int = 0) -> Pictures:
    """Pictures of the test split.

    Args:
        variant: of the pictures.
        count: how many.
        start: index of the first.
    """
    batch = scenes(range(start, start + count), split="test", variant=variant)
    return Pictures(torch.from_numpy(batch.images).permute(0, 3, 1, 2), torch.from_numpy(batch.labels))


def _batches(
    images: NDArray[np.uint8], labels: NDArray[np.int64], entry: Entry, things: NDArray[np.uint8] | None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of flipped and shifted pictures: walks through all of them, each in a new order.

    Pictures are uint8 ``[n, 3, 96, 96]``; with `things` a fourth channel is 255 where the thing is.
    """
    recipe = entry.recipe
    rng = np.random.default_rng(seed_for("scenes", entry.name, entry.seed, "batches"))
    order = np.empty(0, np.int64)
    for _ in range(recipe.steps):
        while len(order) < recipe.batch:
            order = np.concatenate([order, rng.permutation(len(images))])
        chosen, order = np.sort(order[: recipe.batch]), order[recipe.batch :]
        made = images[chosen]
        if things is not None:
            made = np.concatenate([made, np.unpackbits(things[chosen], axis=2)[..., None] * np.uint8(255)], axis=3)
        x = torch.from_numpy(made).permute(0, 3, 1, 2)
        yield _moved(x, recipe.shift, rng), torch.from_numpy(labels[chosen])


def _moved(x: Tensor, shift: int, rng: np.random.Generator) -> Tensor:
    """Flip half of the pictures and shift all, mirrored at the edges.

    Args:
        x: uint8 ``[n, c, h, w]``.
        shift: pixels by which a picture moves at most, either way; each shift is equally likely.
        rng: draws the shifts, then which pictures are flipped.
    """
    n, _, height, width = x.shape
    padded = functional.pad(x.float(), (shift,) * 4, mode="reflect").to(torch.uint8)
    top, left = (torch.from_numpy(rng.integers(0, 2 * shift + 1, n)) for _ in range(2))
    columns = torch.arange(width).repeat(n, 1)
    flipped = torch.from_numpy(rng.random(n) < 0.5)
    columns[flipped] = columns[flipped].flip(1)
    rows, columns = top[:, None] + torch.arange(height), left[:, None] + columns
    moved = padded[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)
