"""Agreement of models, of methods, or of any sets of maps: from memory or from a store, a block of images at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np

from ..core.errors import InputError, UnknownNameError, suggestion
from ..core.maps import Maps, take
from ..core.seeds import seed_for
from ..store import MapSet, Store
from .aggregate import Agreement, Subset, aggregate
from .engine import Comparison
from .measures import Measure
from .prepare import Steps
from .repair import Repair, apply_repairs
from .saving import file_stem, save

__all__ = [
    "agree_blocks",
    "agree_maps",
    "agree_methods",
    "agree_store",
    "agree_store_by",
    "compare_blocks",
    "compare_sets",
    "file_stem",
    "save",
]

Across = Literal["models", "methods", "all"]
By = Sequence[str | Measure]

BLOCK = 32  # images compared at a time where the maps are in memory already
#: bytes of the maps that are read from a store at a time, where several images fit
READ = 160 * 2**20


def compare_blocks(
    blocks: Iterable[tuple[Iterable[int] | None, Sequence[Maps]]],
    labels: Sequence[str],
    measures: By = ("cosine",),
    steps: Steps | None = None,
    *,
    label: str = "",
    across: str = "models",
    subset: Subset = "common",
    seed: int = 0,
    count: int | None = None,
    **settings: Any,
) -> dict[str, Agreement]:
    """Compare sets of maps by several measures as blocks of images come; one block of maps is held at a time.

    Args:
        blocks: for every block, where its images belong in the results (in their order of coming if None) and the maps
            of each set over it, in the order of `labels`. Let blocks of sorted images come in random order: the chance
            floors of some measures pair images of one block with those of another.
        labels: names of the sets, unique.
        measures: what to compare by, such as ``pearson`` or ``iou:share=0.2``.
        steps: what is done to the maps before; the default steps if None.
        label: what the sets have in common.
        across: what the sets are: ``models``, ``methods`` or anything else.
        subset: which images count, see `Agreement`.
        seed: of the bootstrap.
        count: number of images, if known; of many, not every one is paired with another for the chance floors.
        settings: others of `crosslight.agreement.aggregate.aggregate`, such as ``only``, ``strata`` and ``clusters``.

    Returns:
        The agreement over all images by each measure, by its key.

    Raises:
        InputError: labels or measures repeat, a measure is unknown or cannot be applied, or a block's maps are not over
            the same images.
    """
    steps = steps or Steps()
    comparison = Comparison(labels, measures, steps, count)
    for positions, block in blocks:
        comparison.add(block, positions)
        del block  # before the next one is read
    images, found = comparison.finish()
    return {
        key: aggregate(
            one.per_image,
            labels,
            images,
            subset=subset,
            floor=one.floor,
            floor_pairs=one.floor_pairs,
            measure=one.measure,
            key=key,
            label=label,
            across=across,
            dropped=dict(zip(labels, one.dropped, strict=True)),
            steps=steps.as_dict(),
            seed=seed,
            **settings,
        )
        for key, one in found.items()
    }


def agree_blocks(
    blocks: Iterable[Sequence[Maps]],
    labels: Sequence[str],
    steps: Steps | None = None,
    *,
    measure: str | Measure = "cosine",
    **options: Any,
) -> Agreement:
    """`compare_blocks` by one measure, of blocks in the order of the images.

    Args:
        blocks: for every block of images, the maps of each set over it, in the order of `labels`.
        labels: names of the sets, unique.
        steps: what is done to the maps before; the default steps if None.
        measure: what to compare by.
        options: others of `compare_blocks`.

    Returns:
        The agreement over all images.
    """
    return _only(compare_blocks(((None, block) for block in blocks), labels, (measure,), steps, **options))


def compare_sets(
    maps: Mapping[str, Maps],
    measures: By = ("cosine",),
    steps: Steps | None = None,
    *,
    seed: int = 0,
    **options: Any,
) -> dict[str, Agreement]:
    """Compare sets of maps of the same images by several measures.

    Args:
        maps: label to maps: several models with one method, several methods on one model, or any sets. Resolutions and
            boxes may differ; the images must be the same in the same order.
        measures: what to compare by.
        steps: what is done to the maps before; the default steps if None.
        seed: of the bootstrap, and of the order in which images are paired with others.
        options: others of `compare_blocks`.

    Returns:
        The agreement by each measure, by its key.

    Raises:
        InputError: there are no maps, or they are not over the same images.
    """
    if not maps:
        raise InputError("there are no maps to compare")
    first = next(iter(maps.values()))
    for name, others in maps.items():
        if others.images != first.images:
            raise InputError(f"the maps of {name!r} are not over the same images as those of {next(iter(maps))!r}")
    pieces = [range(start, min(start + BLOCK, len(first))) for start in range(0, len(first), BLOCK)]
    blocks = (
        (piece, [take(one, slice(piece.start, piece.stop)) for one in maps.values()])
        for piece in _in_any_order(pieces, seed)
    )
    return compare_blocks(blocks, list(maps), measures, steps, seed=seed, count=len(first), **options)


def agree_maps(
    maps: Mapping[str, Maps], steps: Steps | None = None, *, measure: str | Measure = "cosine", **options: Any
) -> Agreement:
    """`compare_sets` by one measure.

    Args:
        maps: label to maps.
        steps: what is done to the maps before; the default steps if None.
        measure: what to compare by.
        options: others of `compare_sets`.

    Returns:
        The agreement.

    Raises:
        InputError: there are no maps, or they are not over the same images.
    """
    return _only(compare_sets(maps, (measure,), steps, **options))


def agree_store_by(
    store: Store,
    measures: By = ("cosine",),
    steps: Steps | None = None,
    *,
    across: Across = "models",
    name: str | None = None,
    sets: Iterable[MapSet] | None = None,
    repairs: Sequence[Repair] = (),
    **options: Any,
) -> dict[str, dict[str, Agreement]]:
    """Compare the maps of a store by several measures, each map read once for all of them.

    Args:
        store: where the maps are.
        measures: what to compare by.
        steps: what is done to the maps before; the default steps if None.
        across: compare the ``models`` within each method, the ``methods`` within each model, or ``all`` sets of maps.
        name: within this method, or this model, only.
        sets: which sets of maps to use, such as those of the present study file; all if None.
        repairs: cells that are replaced before anything is compared; recorded with the steps.
        options: others of `compare_blocks`.

    Returns:
        Label of the method, or of the model, or ``all``; then the measure's key; then the agreement. Those with one set
        of maps are left out unless named. Where the store holds a method of one model with several settings, each is a
        set of its own, with its key in brackets.

    Raises:
        UnknownNameError: the store holds no maps with that name.
        InputError: `across` is none of the three.
    """
    if across not in get_args(Across):
        raise InputError(f"across cannot be {across!r}{suggestion(str(across), get_args(Across))}")
    chosen = list(store.map_sets() if sets is None else sets)
    within = [one.label if across == "models" else one.model if across == "methods" else "all" for one in chosen]
    known = list(dict.fromkeys(within))
    if name is not None and name not in known:
        raise UnknownNameError("method label" if across == "models" else "model", name, known)
    return {
        label: _compare(store, same, measures, steps, label, across, repairs, options)
        for label in (known if name is None else [name])
        if len(same := [one for one, own in zip(chosen, within, strict=True) if own == label]) > 1 or name is not None
    }


def agree_store(
    store: Store,
    method_label: str | None = None,
    steps: Steps | None = None,
    *,
    measure: str | Measure = "cosine",
    **options: Any,
) -> dict[str, Agreement]:
    """Compare the models of a store within each method by one measure.

    Args:
        store: where the maps are.
        method_label: compare within this method only.
        steps: what is done to the maps before; the default steps if None.
        measure: what to compare by.
        options: others of `agree_store_by`, such as ``sets`` and ``subset``.

    Returns:
        Method label to agreement, for the methods with two sets of maps or more. Where the store holds a method of
        one model with several settings, each is a set of its own, called ``MODEL (KEY)``.

    Raises:
        UnknownNameError: the store holds no maps with that label.
    """
    found = agree_store_by(store, (measure,), steps, across="models", name=method_label, **options)
    return {label: _only(one) for label, one in found.items()}


def agree_methods(
    store: Store,
    model: str,
    steps: Steps | None = None,
    *,
    measure: str | Measure = "cosine",
    sets: Iterable[MapSet] | None = None,
    **options: Any,
) -> Agreement:
    """Compare the methods of one model in a store by one measure.

    Args:
        store: where the maps are.
        model: the model's label.
        steps: what is done to the maps before; the default steps if None.
        measure: what to compare by.
        sets: which sets of maps to use; all if None. Those of other models are passed over.
        options: others of `agree_store_by`.

    Returns:
        The agreement; its sets are the methods' labels, or ``LABEL (KEY)`` where a label stands for several.

    Raises:
        StoreError: the store holds nothing of that model.
        InputError: there are no maps of it.
    """
    chosen = [one for one in (store.map_sets(model) if sets is None else sets) if one.model == model]
    if not chosen:
        raise InputError(f"there are no maps of {model!r} to compare")
    return _only(agree_store_by(store, (measure,), steps, across="methods", name=model, sets=chosen, **options)[model])


def _compare(
    store: Store,
    sets: Sequence[MapSet],
    measures: By,
    steps: Steps | None,
    label: str,
    across: Across,
    repairs: Sequence[Repair],
    options: Mapping[str, Any],
) -> dict[str, Agreement]:
    names = [{"models": one.model, "methods": one.label, "all": f"{one.model} / {one.label}"}[across] for one in sets]
    repeated = {name for name, times in Counter(names).items() if times > 1}
    names = [f"{name} ({one.key})" if name in repeated else name for name, one in zip(names, sets, strict=True)]
    blocks, count = read_blocks(store, sets, options.get("seed", 0), repairs), len(store.manifest.images)
    found = compare_blocks(blocks, names, measures, steps, label=label, across=across, count=count, **options)
    done = [str(repair) for repair in repairs if any(repair.applies_to(one.model, one.label) for one in sets)]
    return {key: replace(one, steps={**one.steps, "repairs": done}) if done else one for key, one in found.items()}


def read_blocks(
    store: Store, sets: Sequence[MapSet], seed: int = 0, repairs: Sequence[Repair] = ()
) -> Iterator[tuple[range, list[Maps]]]:
    """Maps of all sets, a few images at a time, in random order, so that images sorted by class are mixed.

    Args:
        store: where the maps are.
        sets: which maps.
        seed: of the order.
        repairs: cells that are replaced.

    Yields:
        Positions of the images, and the maps of each set over them: a block of the store, or where its maps would take
        more than `READ` bytes a part of it.
    """
    each = sum(int(np.prod(one.shape)) for one in sets) * 4
    most = max(1, READ // max(each, 1))
    pieces = []
    for block in range(store.blocks):
        rows = store.block_slice(block)
        parts = -(-(rows.stop - rows.start) // most)
        step = -(-(rows.stop - rows.start) // parts)
        pieces += [range(start, min(start + step, rows.stop)) for start in range(rows.start, rows.stop, step)]
    for piece in _in_any_order(pieces, seed):
        rows = slice(piece.start, piece.stop)
        yield piece, [apply_repairs(store.maps(one.model, one.key, rows), repairs) for one in sets]


def _in_any_order(pieces: Sequence[range], seed: int) -> list[range]:
    random = np.random.default_rng(seed_for(seed, "order of blocks"))
    return [pieces[i] for i in random.permutation(len(pieces))]


def _only(found: Mapping[str, Agreement]) -> Agreement:
    (agreement,) = found.values()
    return agreement
