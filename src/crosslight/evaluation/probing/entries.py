"""The maps of a block that a metric is asked about, one by one, and subjects made of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.errors import MethodError
from ...core.sampling import sample
from ...evidence.targets import Targets
from ..baselines import centre_map, edge_map, random_maps
from .subject import Subject

if TYPE_CHECKING:
    from ...core.geometry import Preprocess
    from ...core.maps import Maps
    from ...evidence import Gathering

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Entry:
    """One map of one image.

    Attributes:
        image: position in the block.
        source: key of the set of maps, or name of the baseline: ``random``, ``centre`` or ``edge``.
        target: the class explained, and the class opposed or -1.
        draw: which of several random maps.
    """

    image: int
    source: str
    target: tuple[int, int]
    draw: int = 0


@dataclass(frozen=True)
class Unloaded:
    """In place of a gathering, for metrics that read maps alone: the images' identities, and no classifier."""

    batch: Any

    def __getattr__(self, name: str) -> NoReturn:
        raise MethodError(f"this metric reads maps alone, so the classifier was not loaded ({name})")


@dataclass(frozen=True)
class Names:
    """What is known of images that were not loaded."""

    identities: tuple[str, ...]


@dataclass(frozen=True)
class BlockMaps:
    """The maps of one block, with what they are laid over.

    Attributes:
        identities: of the images.
        sets: maps by key, raw, all of these images.
        boxes: float64 ``[image, 4]``: what the inputs cover, NaN where the picture cannot be had.
        size: height and width of the inputs.
        preprocess: how inputs are normalised, where edges are wanted.
        seed: of the evaluation.
    """

    identities: tuple[str, ...]
    sets: dict[str, Maps]
    boxes: Floats
    size: tuple[int, int]
    preprocess: Preprocess | None
    seed: int

    def native(self, entry: Entry) -> Floats:
        """A stored map after its final step, ``[y, x]``."""
        maps = self.sets[entry.source]
        from ...core.finish import finish_named

        finish = finish_named(str(maps.attributes.get("finish", "none")))
        return np.asarray(finish(maps.values[entry.image].astype(np.float64)))

    def laid(self, entry: Entry, pixels: torch.Tensor | None) -> Floats:
        """A map over the input, ``[h, w]``.

        Args:
            entry: which map.
            pixels: the input ``[c, h, w]``, where edges are wanted.
        """
        if entry.source == "random":
            drawn = random_maps(self.size, entry.draw + 1, seed=self.seed, identity=self.identities[entry.image])
            return np.concatenate(list(drawn))[entry.draw]
        if entry.source == "centre":
            return centre_map(self.size)
        if entry.source == "edge":
            return edges(pixels, self.preprocess)
        box = self.sets[entry.source].boxes[entry.image][None]
        over = self.boxes[entry.image][None]
        if not (np.isfinite(over).all() and np.isfinite(box).all()):
            box = over = np.array([[0.0, 0.0, 1.0, 1.0]])
        return sample(self.native(entry)[None], box, over, self.size)[0]


def edges(pixels: torch.Tensor | None, preprocess: Preprocess | None) -> Floats:
    """Edges of an input as a picture.

    Raises:
        MethodError: there is no input.
    """
    if pixels is None or preprocess is None:
        raise MethodError("edges can only be found where pictures are at hand")
    mean, std = (np.array(values)[:, None, None] for values in (preprocess.mean, preprocess.std))
    levels = pixels.detach().to("cpu", torch.float64).numpy() * std + mean
    shown = np.clip(np.rint(levels * 255), 0, 255).astype(np.uint8).transpose(1, 2, 0)
    return edge_map(np.broadcast_to(shown, (*shown.shape[:2], 3)))


def subject_of(
    entries: Sequence[Entry],
    block: BlockMaps,
    gathering: Gathering | None,
    rows: dict[int, int],
    memory: dict[Hashable, Any],
    multi_label: bool = False,
    **method: Any,
) -> Subject:
    """A subject of some maps; an image may stand in it several times.

    Args:
        entries: which; maps of sets must be of one native resolution, and not mixed with baselines of another.
        block: the maps.
        gathering: of the images that could be loaded; None for metrics that read maps alone.
        rows: where each image of the block is in the gathering.
        memory: shared by all subjects of the block.
        multi_label: whether the classifier's probabilities are sigmoids.
        method: the method and its settings, where the metric applies it again.
    """
    inputs = None if gathering is None else gathering.inputs
    laid = [block.laid(entry, None if inputs is None else inputs[rows[entry.image]]) for entry in entries]
    native = [block.native(e) if e.source in block.sets else one for e, one in zip(entries, laid, strict=True)]
    if gathering is None:
        part = cast("Gathering", Unloaded(Names(tuple(block.identities[entry.image] for entry in entries))))
        device = torch.device("cpu")
    else:
        at = [rows[entry.image] for entry in entries]
        part = gathering if at == list(range(len(gathering.batch))) else gathering.rows(at)
        device = gathering.inputs.device
    targets = torch.tensor([entry.target for entry in entries], dtype=torch.long, device=device)
    return Subject(
        gathering=part,
        maps=torch.from_numpy(np.stack(laid)),
        native=torch.from_numpy(np.stack(native)),
        targets=Targets(targets[:, 0], targets[:, 1], multi_label),
        seed=block.seed,
        memory=memory,
        **method,
    )


def together(entries: Sequence[Entry], block: BlockMaps, most: int) -> Iterator[list[Entry]]:
    """Entries in portions that make one subject: of one native resolution, all maps of an image side by side."""
    kinds: dict[tuple[int, ...], list[Entry]] = {}
    for entry in entries:
        shape = block.sets[entry.source].values.shape[1:] if entry.source in block.sets else block.size
        kinds.setdefault(tuple(shape), []).append(entry)
    for found in kinds.values():
        found.sort(key=lambda entry: entry.image)
        for start in range(0, len(found), most):
            yield found[start : start + most]
