"""Trying the maps of a whole store out on the classifiers that they are of."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.devices import resolve_device
from ...core.errors import InputError, ModelError, UnknownNameError
from ...core.progress import Progress, Silent
from ...store import MapSet, Store
from ...store.pictures import Pictures
from ..probed import Probed
from .asked import asked_for
from .costs import costs, expected, warning
from .found import Found
from .loader import Loader
from .metric import PROBES
from .work import Work

if TYPE_CHECKING:
    from ...models import Classifier

#: metrics of the group that asks whether the output follows the map
FAITHFULNESS = ("deletion", "insertion")


def probe_store(
    store: Store | str | os.PathLike[str],
    metrics: Sequence[str] = FAITHFULNESS,
    *,
    settings: Mapping[str, Any] | None = None,
    models: Sequence[str] = (),
    methods: Sequence[str] = (),
    limit: int | None = None,
    draws: int = 2,
    seed: int = 0,
    batch_size: int | None = None,
    device: str = "auto",
    classifiers: Mapping[str, Classifier] | None = None,
    recall: Mapping[str, Mapping[str, Any]] | None = None,
    base: str | Path | None = None,
    progress: Progress | None = None,
) -> Probed:
    """Measure metrics that run the classifiers of a store again, for every method and for maps that know nothing.

    Every classifier is loaded again, and must be the one that the maps were made with. Each map is laid over the input
    and explains the class that is stored with it. What is measured is kept in the store block by block, so that the
    same call goes on where it was cut off, and a method that is added later is measured alone.

    Args:
        store: the store, or its folder.
        metrics: names, see `PROBES`.
        settings: of the metrics, ``{"deletion.steps": 20}``.
        models: labels; by default all.
        methods: labels; by default all.
        limit: only the first so many images of the study.
        draws: random maps for each image.
        seed: of random maps, noise, ties and the bootstrap.
        batch_size: images at once; by default that of the study.
        device: ``auto``, ``cpu``, ``cuda``, ...
        classifiers: those that cannot be loaded by name, by label.
        recall: metrics measured before, with their settings: they are read as far as they are on disk, and nothing is
            measured of them; one of which nothing is there is left out.
        base: folder that relative paths of the study start from; by default the current one.
        progress: told of maps measured.

    Returns:
        Values, baselines and what the maps have cost. A classifier that cannot be loaded, and a map that a metric
        fails on, is among the failures.

    Raises:
        InputError: a name or a setting is not known, there are no maps, or there are no pictures.
        ModelError: none of the classifiers can be loaded, or none is what it was.
        StoreError: the folder is no store, or cannot be written.
    """
    store = store if isinstance(store, Store) else Store.open(Path(store))
    if draws < 1:
        raise InputError(f"at least one random map is needed, not {draws}")
    asked = asked_for(metrics, settings)
    before = {name: value for name, value in (recall or {}).items() if name in PROBES and name not in metrics}
    recalled = asked_for(list(before), before) if before else ()
    sets = _chosen(store, models, methods)
    count = len(store.manifest.images)
    if limit is not None and limit < 1:
        raise InputError(f"the limit must be at least one image, not {limit}")
    images = min(limit or count, count)
    size = batch_size or int(store.manifest.facts.get("batch_size", 8))
    progress, place = progress or Silent(), resolve_device(device)
    found = Found(store, asked, recalled, tuple(sets), images, draws, seed)
    per_map = sum(len(sets) * (one.metric.needs != "all") for one in asked)
    per_model = sum((draws + 2) * one.with_baselines for one in asked)
    labels = list(dict.fromkeys(one.model for one in sets))
    progress.start(images * (per_map + per_model * len(labels)), "probing")
    if said := warning(expected(asked, sets, images, None if base is None else Path(base))):
        progress.message(said)
    pictures, root = Pictures.of(store), None if base is None else Path(base)
    try:
        for label in labels:
            loader = Loader(store, label, place, classifiers or {}, root)
            work = Work(
                store=store,
                model=label,
                sets=tuple(one for one in sets if one.model == label),
                asked=(*asked, *recalled),
                load=loader.load,
                pictures=pictures,
                draws=draws,
                seed=seed,
                batch_size=size,
                base=root,
                tell=lambda maps, label=label: progress.advance(maps, label),  # type: ignore[misc]
            )
            try:
                found.add(work)
            except ModelError as error:
                found.failures.append((label, "", "", "", str(error)))
                progress.message(f"{label}: {error}")
            finally:
                loader.give_back()
    finally:
        progress.finish()
    lost = [failure for failure in found.failures if not failure[1]]
    if len(lost) == len(labels):
        raise ModelError("\n".join(dict.fromkeys(failure[4] for failure in lost)))
    found.drop_unknown()
    return found.probed(costs(store, root), {"draws": draws, "seed": seed, "limit": limit})


def _chosen(store: Store, models: Sequence[str], methods: Sequence[str]) -> list[MapSet]:
    """The sets that are asked for.

    Raises:
        InputError: there are none, or a label is not known.
    """
    sets = store.map_sets()
    if not sets:
        raise InputError(f"{store.path} holds no maps to probe")
    for kind, wanted, known in (
        ("model", models, {one.model for one in sets}),
        ("method", methods, {one.label for one in sets}),
    ):
        for label in wanted:
            if label not in known:
                raise UnknownNameError(kind, label, known)
    chosen = [one for one in sets if (not models or one.model in models) and (not methods or one.label in methods)]
    if not chosen:
        raise InputError("none of these models has maps of these methods")
    return chosen
