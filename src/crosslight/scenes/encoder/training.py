"""Training the encoder of scenes from pictures, captions and labels.

``python -m crosslight.scenes.encoder.training --out DIR`` writes ``DIR/encoder.safetensors``. What was interrupted goes
on when the same command is given again.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...core.devices import resolve_device
from ...core.errors import InputError
from ...core.progress import Progress, Silent
from ...core.seeds import seed_for
from ..classifiers.pictures import training_pictures
from .files import save
from .labelled import training_labels
from .loss import contrast
from .network import Towers
from .phrases import mirrored
from .recipe import Recipe
from .texts import Text, concept, concept_names, concept_weights, shortened, whole
from .truth import flipped, holds, truth
from .words import Vocabulary, scene_vocabulary

WEIGHTS_NAME, CHECKPOINT_NAME = "encoder.safetensors", "training.pt"
#: steps between two checkpoints
_EVERY = 100


@dataclass(frozen=True)
class Corpus:
    """What the encoder learns from.

    Attributes:
        images: uint8 ``[n, 96, 96, 3]`` of each variant.
        captions: of all pictures, one variant after the other.
        table: int8 ``[pictures, claims]``, see `truth.truth`.
        weights: ``[concepts]``, see `texts.concept_weights`.
    """

    images: tuple[NDArray[np.uint8], ...]
    captions: tuple[str, ...]
    table: NDArray[np.int8]
    weights: NDArray[np.float64]

    def pictures(self, chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The pictures of some numbers, ``[len(chosen), 96, 96, 3]``."""
        found = np.empty((len(chosen), *self.images[0].shape[1:]), np.uint8)
        first = 0
        for images in self.images:
            own = (chosen >= first) & (chosen < first + len(images))
            found[own] = images[chosen[own] - first]
            first += len(images)
        return found


@dataclass(frozen=True)
class Batch:
    """Pictures and texts of one step.

    Attributes:
        pictures: uint8 ``[b, 96, 96, 3]``.
        table: int8 ``[b, claims]``: what is true of each.
        texts: the different texts of each kind: captions, shortened ones, concepts that are seen, and the names of
            all concepts.
    """

    pictures: NDArray[np.uint8]
    table: NDArray[np.int8]
    texts: tuple[tuple[Text, ...], ...]


def read_corpus(
    recipe: Recipe, pictures: Path, labels: Path, *, jobs: int = 1, progress: Progress | None = None
) -> Corpus:
    """Pictures and what is in them, made where they are not there yet.

    Args:
        recipe: says which pictures.
        pictures: folder of the arrays of pictures, 27,648 bytes a picture.
        labels: folder of the files of captions and labels.
        jobs: processes that make pictures.
        progress: told of each chunk made.
    """
    images, tables = [], []
    captions: list[str] = []
    for variant, count in recipe.pictures:
        images.append(training_pictures(pictures, variant, count, jobs=jobs, progress=progress)[0])
        labelled = training_labels(labels, variant, count, jobs=jobs, progress=progress)
        captions += labelled.captions
        tables.append(truth(labelled))
    table = np.concatenate(tables)
    return Corpus(tuple(images), tuple(captions), table, concept_weights(table))


def draw_batch(corpus: Corpus, recipe: Recipe, step: int) -> Batch:
    """The batch of a step, the same whenever it is drawn: walks through all pictures, each in a new order.

    A flipped picture has the sides in its texts exchanged.
    """
    n = len(corpus.captions)
    positions = np.arange(step * recipe.batch, (step + 1) * recipe.batch)
    chosen = np.empty(recipe.batch, np.int64)
    for walk in np.unique(positions // n):
        order = np.random.default_rng(seed_for("scenes encoder", recipe.seed, "order", int(walk))).permutation(n)
        own = positions // n == walk
        chosen[own] = order[positions[own] % n]
    chosen.sort()  # for the disk
    rng = np.random.default_rng(seed_for("scenes encoder", recipe.seed, "batch", step))
    flip = rng.random(recipe.batch) < 0.5
    pictures, table = corpus.pictures(chosen), corpus.table[chosen]
    pictures[flip] = pictures[flip][:, :, ::-1]
    table[flip] = flipped(table[flip])
    captions = [
        mirrored(corpus.captions[i]) if turned else corpus.captions[i] for i, turned in zip(chosen, flip, strict=True)
    ]
    kinds = (
        [whole(caption) for caption in captions],
        [shortened(caption, rng) for caption in captions],
        [concept(row, caption, corpus.weights, rng) for row, caption in zip(table, captions, strict=True)],
    )
    distinct = tuple(tuple({text.words: text for text in texts}.values()) for texts in kinds)
    return Batch(pictures, table, (*distinct, concept_names()))


def batch_loss(towers: Towers, vocabulary: Vocabulary, batch: Batch, recipe: Recipe) -> Tensor:
    """The contrast of a batch, summed over the kinds of texts: names compete with names, captions with captions."""
    device = towers.log_scale.device
    pictures = torch.from_numpy(batch.pictures).to(device).permute(0, 3, 1, 2)
    with torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"):
        seen = towers.encode_pictures(pictures)
    total = torch.zeros((), device=device)
    for texts in batch.texts:
        numbers = vocabulary.encode([text.words for text in texts])
        said = towers.encode_numbers(torch.from_numpy(numbers[:, : (numbers > 0).sum(axis=1).max()]).to(device))
        known = torch.from_numpy(holds(batch.table, [text.claims for text in texts])).to(device)
        total = total + contrast(towers.log_scale.exp() * seen @ said.T, known)
    return total


def train(
    recipe: Recipe,
    out: Path,
    *,
    pictures: Path,
    device: str | torch.device = "cpu",
    jobs: int = 1,
    until: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float64]:
    """Train the encoder and write its weights; go on where an earlier call was interrupted.

    The weights are those after the last step: none are chosen by how well they do on test pictures.

    Args:
        recipe: how.
        out: folder for ``encoder.safetensors``, the state of the training and the labels of its pictures.
        pictures: folder where training pictures are kept.
        device: where to train. Weights are the same again on the same kind of machine only.
        jobs: processes that make pictures.
        until: the step to stop at, so that a later call goes on; the last one by default.
        progress: told of every step.

    Returns:
        The loss of each step so far, in nats.

    Raises:
        InputError: the folder holds a training by another recipe.
    """
    progress = progress or Silent()
    vocabulary = scene_vocabulary()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for("scenes encoder", recipe.seed) % 2**63)
        towers = Towers(recipe.shape, len(vocabulary.words))
    towers.log_scale.data.fill_(math.log(recipe.scale))
    towers.to(device).train()
    optimizer = torch.optim.AdamW(_groups(towers, recipe.decay), lr=recipe.rate, betas=(0.9, 0.98))
    losses = _resume(out / CHECKPOINT_NAME, recipe, towers, optimizer)
    last = recipe.steps if until is None else min(until, recipe.steps)
    if len(losses) < last:
        corpus = read_corpus(recipe, pictures, out, jobs=jobs, progress=progress)
        progress.start(last - len(losses), "encoder")
        try:
            for step in range(len(losses), last):
                for group in optimizer.param_groups:
                    group["lr"] = recipe.rate * _rate(step, recipe)
                loss = batch_loss(towers, vocabulary, draw_batch(corpus, recipe, step), recipe)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(towers.parameters(), recipe.clip)
                optimizer.step()
                towers.log_scale.data.clamp_(max=math.log(recipe.largest_scale))
                losses.append(loss.item())
                progress.advance(1, f"encoder, loss {np.mean(losses[-_EVERY:]):.3f}")
                if len(losses) % _EVERY == 0 or len(losses) == last:
                    _keep(out / CHECKPOINT_NAME, recipe, towers, optimizer, losses)
        finally:
            progress.finish()
    if len(losses) == recipe.steps:
        save(towers, vocabulary, recipe, out / WEIGHTS_NAME)
    return np.array(losses)


def _resume(path: Path, recipe: Recipe, towers: Towers, optimizer: torch.optim.Optimizer) -> list[float]:
    """Take up what an earlier call left; the losses of its steps."""
    if not path.is_file():
        return []
    state = torch.load(path, map_location=towers.log_scale.device, weights_only=True)
    if state["digest"] != recipe.digest:
        raise InputError(f"{path} belongs to a training by another recipe; give another folder, or delete it")
    towers.load_state_dict(state["towers"])
    optimizer.load_state_dict(state["optimizer"])
    return list(state["losses"])


def _keep(
    path: Path, recipe: Recipe, towers: Towers, optimizer: torch.optim.Optimizer, losses: Sequence[float]
) -> None:
    """Write what `_resume` takes up."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    state = {"digest": recipe.digest, "losses": list(losses)}
    torch.save(state | {"towers": towers.state_dict(), "optimizer": optimizer.state_dict()}, part)
    part.replace(path)


def _rate(step: int, recipe: Recipe) -> float:
    """The learning rate as a share of its peak."""
    rising = recipe.warm_up * recipe.steps
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / (recipe.steps - rising)))


def _groups(towers: Towers, decay: float) -> list[dict[str, object]]:
    """Weight decay for matrices and kernels alone: not for biases, norms, words, positions and queries."""
    decayed: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in towers.named_parameters():
        plain = parameter.ndim < 2 or any(part in name for part in ("embedding", "positions", "queries"))
        (others if plain else decayed).append(parameter)
    return [{"params": decayed, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


class _Lines:
    """A listener that writes a line now and then."""

    def __init__(self) -> None:
        self.total, self.done = 0, 0

    def start(self, total: int, what: str) -> None:
        self.total, self.done = total, 0
        self.message(f"{what}: {total}")

    def advance(self, units: int, what: str) -> None:
        before, self.done = self.done, self.done + units
        if before * 20 // max(self.total, 1) != self.done * 20 // max(self.total, 1):
            self.message(f"{what}: {self.done} of {self.total}")

    def message(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def finish(self) -> None:
        pass


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser("python -m crosslight.scenes.encoder.training", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights and what resuming needs")
    parser.add_argument("--pictures", type=Path, help="folder of training pictures, 1 GB; in the other one by default")
    parser.add_argument("--device", default="cpu", help="auto, cpu, mps, cuda or cuda:N")
    parser.add_argument("--jobs", type=int, default=1, help="processes that make pictures")
    parser.add_argument("--until", type=int, help="the step to stop at for now")
    given = parser.parse_args(arguments)
    device = resolve_device(given.device)
    pictures = given.pictures or given.out
    train(Recipe(), given.out, pictures=pictures, device=device, jobs=given.jobs, until=given.until, progress=_Lines())


if __name__ == "__main__":
    main()
