"""Scores of a whole store, or of maps in memory: are the maps right about where the evidence is?"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.maps import Maps, take
from ..store import ImageEntry, MapSet, Store
from .baselines import BASELINES
from .localisation import DEFAULT, PictureMask, metrics_named, settle
from .localisation.metric import checked_settings
from .masks import ArrayMasks, Given, MaskSource, check_masks, open_masks
from .measure import Measuring, measure_baselines, measure_maps
from .pictures import Picture, picture_sizes, pictures_of
from .scorecard import Scorecard, make_scorecard

#: images scored at a time where the maps are in memory already
BLOCK = 32

#: reasons for which an image is not scored
NO_MASK, EMPTY_MASK, NO_PICTURE = "no mask", "empty mask", "unusable picture"


@dataclass(frozen=True)
class Block:
    """Some images with the maps of every set.

    Attributes:
        images: in the order of the maps.
        sizes: ``[image, 2]``: height and width of each upright picture, -1 where it is not known.
        maps: one after the other, so that only one set is held at a time.
    """

    images: Sequence[ImageEntry]
    sizes: NDArray[np.integer]
    maps: Iterator[Maps]


def score(
    store: Store | str | os.PathLike[str],
    masks: Given = None,
    metrics: Sequence[str] = DEFAULT,
    *,
    settings: Mapping[str, Any] | None = None,
    sign: Literal["positive", "absolute"] = "positive",
    finish: bool = True,
    draws: int = 8,
    seed: int = 0,
) -> Scorecard:
    """Score the maps of a store against masks of where the evidence is.

    Maps are read block by block; only one set of maps of one block is held at a time.

    Args:
        store: the store, or its folder.
        masks: see `open_masks`; by default the evidence of the scenes, where the images are scenes.
        metrics: names, see `localisation.METRICS`.
        settings: of the metrics: ``tolerance`` in pixels, ``share`` in (0, 1].
        sign: what of a map counts: what is ``positive``, or the ``absolute`` value.
        finish: apply the method's published final step before, such as Grad-CAM's ReLU.
        draws: random maps for each image.
        seed: of the random maps and of the bootstrap.

    Returns:
        Scores of every method on every model, with baselines on the same masks. Each method is averaged over its own
        usable maps, and compared with chance on the same images.

    Raises:
        InputError: there are no masks, some do not fit, or a metric or a setting is not known.
        StoreError: the folder is no store.
    """
    store = store if isinstance(store, Store) else Store.open(Path(store))
    how = _measuring(metrics, settings or {}, sign, finish, draws, seed)
    sets = store.map_sets()
    if not sets:
        raise InputError(f"{store.path} holds no maps to score")
    source = open_masks(store, masks)
    sizes = picture_sizes(store)
    check_masks(source, store.manifest.images, sizes)

    def block(number: int) -> Block:
        rows = store.block_slice(number)
        maps = (store.maps(one.model, one.key, rows) for one in sets)
        return Block(store.manifest.images[rows], sizes[rows], maps)

    return _score_blocks(
        (block(number) for number in range(store.blocks)),
        _labels(sets),
        source,
        pictures_of(store, source),
        how,
        sets=tuple((one.model, one.key, len(one.done)) for one in sets),
    )


def score_maps(
    maps: Mapping[tuple[str, str], Maps],
    masks: Mapping[str, Any],
    pictures: Mapping[str, NDArray[np.uint8]] | None = None,
    metrics: Sequence[str] = DEFAULT,
    *,
    settings: Mapping[str, Any] | None = None,
    sign: Literal["positive", "absolute"] = "positive",
    finish: bool = True,
    draws: int = 8,
    seed: int = 0,
) -> Scorecard:
    """Score maps in memory, such as those of `crosslight.explain`.

    Args:
        maps: by model and method; all of the same images in the same order.
        masks: arrays ``[h, w]`` of the upright pictures' own sizes by the image's identity; non-zero is inside.
        pictures: uint8 ``[h, w, 3]`` by the image's identity, for the edge baseline.
        metrics: as for `score`.
        settings: as for `score`.
        sign: as for `score`.
        finish: as for `score`.
        draws: as for `score`.
        seed: as for `score`.

    Raises:
        InputError: maps are not of the same images, or a mask has not the size of its picture.
    """
    if not maps:
        raise InputError("there are no maps to score")
    first = next(iter(maps.values()))
    if any(one.images != first.images for one in maps.values()):
        raise InputError("maps can only be scored together over the same images in the same order")
    how = _measuring(metrics, settings or {}, sign, finish, draws, seed)
    images = [ImageEntry(identity, identity) for identity in first.images]
    shown, source = pictures or {}, ArrayMasks(masks)
    # The mask says how large the picture is where the picture itself is not given.
    shapes = [np.shape(shown.get(image.identity, masks.get(image.identity, ()))) for image in images]
    sizes = np.array([shape[:2] if len(shape) > 1 else (-1, -1) for shape in shapes]).reshape(-1, 2)
    check_masks(source, images, sizes)

    def block(start: int) -> Block:
        rows = slice(start, start + BLOCK)
        return Block(images[rows], sizes[rows], (take(one, rows) for one in maps.values()))

    return _score_blocks(
        (block(start) for start in range(0, len(images), BLOCK)),
        [(method, model) for model, method in maps],
        source,
        lambda image: shown.get(image.identity),
        how,
    )


def _measuring(
    metrics: Sequence[str], settings: Mapping[str, Any], sign: str, finish: bool, draws: int, seed: int
) -> Measuring:
    chosen = metrics_named([metrics] if isinstance(metrics, str) else metrics)
    if sign not in ("positive", "absolute"):
        raise InputError(f"sign must be positive or absolute, not {sign!r}")
    if draws < 1:
        raise InputError(f"at least one random map is needed, not {draws}")
    return Measuring(chosen, checked_settings(chosen, settings), sign, finish, draws, seed)  # type: ignore[arg-type]


def _labels(sets: Sequence[MapSet]) -> list[tuple[str, str]]:
    """Method and model of each set; methods of one label with several settings on one model are told apart."""
    times = Counter((one.label, one.model) for one in sets)
    repeated = {label for (label, _), number in times.items() if number > 1}
    return [(f"{one.label} ({one.key})" if one.label in repeated else one.label, one.model) for one in sets]


def _score_blocks(
    blocks: Iterator[Block],
    labels: Sequence[tuple[str, str]],
    source: MaskSource,
    picture: Picture,
    how: Measuring,
    sets: tuple[tuple[str, str, int], ...] = (),
) -> Scorecard:
    methods = list(dict.fromkeys(method for method, _ in labels))
    models = list(dict.fromkeys(model for _, model in labels))
    places = [(methods.index(method), models.index(model)) for method, model in labels]
    shape = (len(methods), len(models))
    values, baselines, outside, shares = [], [], [], []
    images: list[ImageEntry] = []
    skipped: Counter[str] = Counter()
    dropped: dict[tuple[str, str], Counter[str]] = {label: Counter() for label in labels}
    for block in blocks:
        masks = _read_masks(block, source, skipped)
        count = len(block.images)
        values.append(np.full((how.columns, *shape, count), np.nan, np.float32))
        baselines.append(np.full((how.columns, len(BASELINES), *shape, count), np.nan, np.float32))
        outside.append(np.full((*shape, count), np.nan, np.float32))
        regions = []
        for place, label, maps in zip(places, labels, block.maps, strict=True):
            found = measure_maps(maps, masks, how)
            values[-1][:, *place], outside[-1][place] = found.values, found.outside
            regions.append(found.regions)
            dropped[label].update(found.dropped)
        for row, (image, mask) in enumerate(zip(block.images, masks, strict=True)):
            kinds = list(dict.fromkeys(region for one in regions if (region := one[row]) is not None))
            if mask is None or not kinds:
                continue
            known = measure_baselines(image.identity, mask, kinds, partial(picture, image), how)
            for place, one in zip(places, regions, strict=True):
                if (region := one[row]) is not None:
                    baselines[-1][:, :, *place, row] = known[:, :, kinds.index(region)]
        shares += [np.nan if mask is None else float(mask.inside.mean()) for mask in masks]
        images += block.images
    if np.isnan(shares).all():
        raise InputError(f"no mask has a pixel inside ({source.name}): {dict(skipped)}")
    identities = [image.identity for image in images]
    settled = settle(np.concatenate(values, axis=-1), how.metrics, identities)
    return make_scorecard(
        values=settled.values,
        baseline_values=settle(np.concatenate(baselines, axis=-1), how.metrics, identities).values,
        outside=np.concatenate(outside, axis=-1),
        mask_share=np.array(shares),
        seed=how.seed,
        metrics=tuple(metric.name for metric in how.metrics),
        methods=tuple(methods),
        models=tuple(models),
        images=tuple(identities),
        names=tuple(image.name for image in images),
        skipped=dict(skipped),
        dropped={label: dict(reasons) for label, reasons in dropped.items() if reasons},
        masks=source.name,
        settings={"sign": how.sign, "finish": how.finish, **how.settings, "draws": how.draws, "seed": how.seed}
        | ({"chosen": settled.chosen} if settled.chosen else {}),
        sets=sets,
    )


def _read_masks(block: Block, source: MaskSource, skipped: Counter[str]) -> list[PictureMask | None]:
    """The masks of a block's images; what has none is counted."""
    masks: list[PictureMask | None] = []
    for image, (height, width) in zip(block.images, block.sizes.tolist(), strict=True):
        if height < 1 or not source.has(image):
            skipped[NO_PICTURE if height < 1 else NO_MASK] += 1
            masks.append(None)
            continue
        inside = source.read(image, (height, width))
        if not inside.any():
            skipped[EMPTY_MASK] += 1
        masks.append(PictureMask(inside) if inside.any() else None)
    return masks
