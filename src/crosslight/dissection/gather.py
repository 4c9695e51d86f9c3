"""One pass over the images for all layers at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np

from ..core.errors import ImageError, InputError, UnknownNameError
from .blocks import Blocks
from .regions import Cells, Regions, kept_cells, save_cells
from .units import LayerFacts, UnitRecorder, finish_layer

if TYPE_CHECKING:
    from torch import Tensor

    from ..core.geometry import Box, Preprocess
    from ..core.progress import Progress
    from ..images import ImageRecord
    from ..models import Classifier
    from ..models.taps import Site
    from .records import UnitLayer

Pooling = Literal["mean", "max", "token"]
View = Literal["model", "whole"]

#: fewer images show nothing of what a unit prefers
FEWEST = 2


@dataclass(frozen=True)
class Prepared:
    """An image as a classifier sees it, or why it cannot.

    Attributes:
        inputs: float32 ``[c, h, w]``, or None.
        box: what it covers.
        size: height and width of the picture.
        failure: why there is none.
    """

    inputs: Tensor | None = None
    box: Box | None = None
    size: tuple[int, int] = (-1, -1)
    failure: str = ""


@dataclass(frozen=True)
class Found:
    """What one pass finds.

    Attributes:
        layers: in execution order.
        regions: of each, by the layer's name.
        failures: why images could not be used, by row.
    """

    layers: tuple[UnitLayer, ...]
    regions: Mapping[str, Regions]
    failures: Mapping[int, str]


def check_pooling(sites: Sequence[Site], pooling: str) -> Pooling:
    """The same word, if every site can be pooled like that.

    Raises:
        UnknownNameError: there is no such pooling.
        InputError: a site has no class token.
    """
    if pooling not in get_args(Pooling):
        raise UnknownNameError("pooling", pooling, get_args(Pooling))
    without = [site.name for site in sites if not site.layout.prefix]
    if pooling == "token" and without:
        raise InputError(f"{', '.join(without)}: there is no class token here; pool by mean or max")
    return cast(Pooling, pooling)


def view_of(preprocess: Preprocess, view: str) -> Preprocess:
    """How a picture is prepared: as the classifier wants it, or squashed whole into the classifier's input.

    Raises:
        UnknownNameError: there is no such view.
    """
    if view not in get_args(View):
        raise UnknownNameError("view", view, get_args(View))
    return preprocess if view == "model" else replace(preprocess, resize=None, crop="squash")


def gather(
    classifier: Classifier,
    records: Sequence[ImageRecord],
    sites: Sequence[Site],
    blocks: Blocks,
    *,
    pooling: Pooling,
    preprocess: Preprocess,
    share: float,
    batch_size: int,
    progress: Progress,
    workers: int = 1,
) -> list[UnitRecorder]:
    """Put every block on disk that is not there.

    Args:
        classifier: whose units.
        records: the images, in the order of the rows.
        sites: where to look.
        blocks: where they are put; the complete ones are passed over.
        pooling: how a unit's cells become one number.
        preprocess: how pictures are prepared.
        share: of the cells that lie above a unit's threshold.
        batch_size: most images at once; a batch never reaches beyond its block.
        progress: told of images.
        workers: threads that decode pictures ahead.

    Returns:
        What knows the thresholds of each layer.
    """
    recorders = [UnitRecorder(facts_of(site), len(records), share) for site in sites]
    most = batch_size
    progress.start(len(records), f"{len(sites)} layers" if len(sites) > 1 else sites[0].name)
    try:
        with ThreadPoolExecutor(workers) as pool:
            for number, (start, stop) in enumerate(blocks.spans()):
                if blocks.done(number):
                    for layer, recorder in enumerate(recorders):
                        recorder.replay(blocks.read(number, layer))
                    progress.advance(stop - start, "read from disk")
                    continue
                prepared = pool.map(partial(_prepared, preprocess=preprocess), records[start:stop])
                one = _Block(classifier, sites, recorders, pooling, start, stop, most)
                for batch in _batches(prepared, start, most, one):
                    one.run(batch)
                    progress.advance(len(batch), classifier.label)
                progress.advance(len(one.failures), "not usable")
                most = one.most
                kept = [recorder.block(start, stop) for recorder in recorders]
                blocks.write(number, kept, one.boxes, one.sizes, one.failures)
    finally:
        progress.finish()
    return recorders


def finish(
    recorders: Sequence[UnitRecorder], blocks: Blocks, folders: Mapping[str, Path] | None, partial_folder: Path
) -> Found:
    """The layers from their blocks.

    Args:
        recorders: of the layers, as `gather` returns them.
        blocks: all complete.
        folders: where each layer's regions are put, by name; None keeps them in memory.
        partial_folder: for temporary files.

    Raises:
        InputError: fewer than two images can be used.
    """
    failures = blocks.failures()
    usable = blocks.images - len(failures)
    if usable < FEWEST:
        reason = f"; {next(iter(failures.values()))}" if failures else ""
        raise InputError(f"{usable} of {blocks.images} images can be used, and dissection needs at least two{reason}")
    boxes, sizes = blocks.geometry()
    layers, regions = [], {}
    for layer, recorder in enumerate(recorders):
        facts, thresholds = recorder.facts, recorder.thresholds(usable)
        light = [blocks.read(number, layer, cells=False) for number in range(len(blocks))]
        layers.append(finish_layer(facts, light, thresholds))
        parts: list[Cells | Path] = []
        for number in range(len(blocks)):
            cells = kept_cells(blocks.read(number, layer).cells, facts.grid, thresholds)
            if folders is None:
                parts.append(cells)
                continue
            path = folders[facts.name] / f"regions-{number:05d}.npz"
            save_cells(cells, path, partial_folder)
            parts.append(path)
        regions[facts.name] = Regions(facts.name, facts.grid, thresholds, boxes, sizes, tuple(parts))
    return Found(tuple(layers), regions, failures)


def facts_of(site: Site) -> LayerFacts:
    """What is known of a site's units before any image is read."""
    return LayerFacts(site.name, site.depth, site.resolution, site.channels)


def _prepared(record: ImageRecord, preprocess: Preprocess) -> Prepared:
    from ..images import prepare

    try:
        picture = record.load()
    except ImageError as error:
        return Prepared(failure=str(error))
    inputs, box = prepare(picture, preprocess)
    return Prepared(inputs, box, (picture.height, picture.width))


class _Block:
    """One block while it is worked on.

    Args:
        classifier: whose units.
        sites: where to look.
        recorders: of the sites.
        pooling: how cells become one number.
        start: row of the first image.
        stop: row after the last.
        most: images at once; fewer from the time on when memory did not suffice.
    """

    def __init__(
        self,
        classifier: Classifier,
        sites: Sequence[Site],
        recorders: Sequence[UnitRecorder],
        pooling: Pooling,
        start: int,
        stop: int,
        most: int,
    ) -> None:
        self.most = most
        self._classifier, self._sites, self._recorders, self._pooling = classifier, sites, recorders, pooling
        self._start = start
        self.boxes = np.full((stop - start, 4), np.nan)
        self.sizes = np.full((stop - start, 2), -1, np.int32)
        self.failures: dict[int, str] = {}

    def place(self, row: int, one: Prepared) -> bool:
        """Note where an image lies; False where there is none."""
        if one.inputs is None or one.box is None:
            self.failures[row] = one.failure
            return False
        self.boxes[row - self._start] = one.box.as_tuple()
        self.sizes[row - self._start] = one.size
        return True

    def run(self, batch: Sequence[tuple[int, Tensor]]) -> None:
        """Run the network on a batch, and keep what matters of it; where memory runs out, on halves of it."""
        from ..core.devices import is_out_of_memory

        while batch:
            part = batch[: self.most]
            try:
                maps, pooled = self._answers([one for _, one in part])
            except Exception as error:
                if len(part) == 1 or not is_out_of_memory(error):
                    raise
                self.most = len(part) // 2
                continue
            rows = [row for row, _ in part]
            good = self._finite(rows, maps)
            for recorder, one, numbers in zip(self._recorders, maps, pooled, strict=True):
                if good:
                    recorder.add(one if len(good) == len(rows) else one[good], numbers[good], [rows[i] for i in good])
            batch = batch[len(part) :]

    def _answers(self, inputs: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """The maps of every site, and the same pooled."""
        import torch

        from ..models.taps import reading

        together = torch.stack(list(inputs)).to(self._classifier.device)
        with self._classifier.evaluating() as network, torch.no_grad(), reading(network, self._sites) as held:
            self._classifier.logits(together)
            maps = [site.layout.to_features(held[site.name]).float() for site in self._sites]
            pooled = [
                _pool(held[site.name], one, site, self._pooling) for site, one in zip(self._sites, maps, strict=True)
            ]
        return maps, pooled

    def _finite(self, rows: Sequence[int], maps: Sequence[Tensor]) -> list[int]:
        """Positions in the batch whose values are numbers everywhere; the others are recorded."""
        good = np.ones(len(rows), bool)
        for site, one in zip(self._sites, maps, strict=True):
            # A sum is finite only if all its terms are.
            finite = one.sum(dim=(1, 2, 3)).isfinite().cpu().numpy()
            for at in np.flatnonzero(~finite & good).tolist():
                self.failures[rows[at]] = f"{site.name} gives values that are not finite"
                self.boxes[rows[at] - self._start], self.sizes[rows[at] - self._start] = np.nan, -1
            good &= finite
        return [int(at) for at in np.flatnonzero(good)]


def _batches(
    prepared: Iterable[Prepared], start: int, batch_size: int, block: _Block
) -> Iterator[list[tuple[int, Tensor]]]:
    batch: list[tuple[int, Tensor]] = []
    for row, one in enumerate(prepared, start):
        if block.place(row, one):
            batch.append((row, cast("Tensor", one.inputs)))
        if len(batch) == batch_size:
            yield batch
            batch = []
    if batch:
        yield batch


def _pool(native: Tensor, features: Tensor, site: Site, pooling: Pooling) -> Tensor:
    """``[b, units]``."""
    if pooling == "max":
        return features.amax(dim=(2, 3))
    if pooling == "mean":
        return features.mean(dim=(2, 3))
    match site.layout.kind:
        case "NLC":
            return native[:, 0].float()
        case "NCL":
            return native[:, :, 0].float()
        case _:
            return native[0].float()
