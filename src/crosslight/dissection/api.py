"""Taking a classifier apart: the whole in one call, and its steps."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.errors import InputError
from ..core.progress import Progress
from .quantile import SHARE
from .record import BATCH, BLOCK, record
from .records import Dissection, Labelling
from .regions import open_regions
from .saved import save_dissection, with_labellings

if TYPE_CHECKING:
    from ..images import ImageSet
    from ..models import Classifier
    from .masks import ConceptMasks
    from .regions import Regions
    from .words.concepts import ConceptList
    from .words.encoders import Encoder


def record_units(
    model: Classifier | str,
    images: ImageSet | str | os.PathLike[str] | Sequence[Any],
    layers: Sequence[str | float] | str | float | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    pooling: str = "mean",
    view: str = "model",
    share: float = SHARE,
    batch_size: int = BATCH,
    block: int = BLOCK,
    progress: Progress | None = None,
) -> Dissection:
    """Record how the units of some layers answer to images, in one pass for all of them.

    Args:
        model: a classifier, or the name of one.
        images: a set of images, or anything `crosslight.images.open_images` takes.
        layers: names of layers (``layer2,layer3``) or of modules, whose output is meant; depths in (0, 1]; ``blocks``
            for what every block returns. By default the last layer with spatial features.
        out: a folder. There the work of a run that was killed is found again, and the dissection is saved with the
            regions that `label_by_masks` reads. A finished one of the same settings is opened.
        pooling: how a unit's cells become one number: ``mean``, ``max``, or ``token`` for the class token's.
        view: ``model``: pictures are cropped as the classifier wants it. ``whole``: squashed whole into its input, as
            is usual with Broden.
        share: of all cells of all images that lie above a unit's threshold; see `crosslight.dissection.quantile`.
        batch_size: images that go through the network at once; results depend on it in the last digits only.
        block: images that a killed run may have to repeat.
        progress: told of images.

    Returns:
        The units, without labels. Images that could not be used are in its failures.

    Raises:
        InputError: the images, a layer or a setting cannot be used.
        StoreError: the folder holds a finished dissection with other settings.
    """
    return record(
        model,
        images,
        layers,
        out=out,
        pooling=pooling,
        view=view,
        share=share,
        batch_size=batch_size,
        block=block,
        progress=progress,
    ).dissection


def label_by_masks(
    dissection: Dissection,
    layer: str,
    masks: ConceptMasks,
    regions: Regions | str | os.PathLike[str],
    *,
    units: Sequence[int] | None = None,
    threshold: float = 0.04,
    level: float | None = 0.01,
    permutations: int = 199,
    seed: int = 0,
    progress: Progress | None = None,
) -> Labelling:
    """Name the concept whose places a unit's strong answers overlap most, as Network Dissection does.

    A unit is labelled if its overlap (intersection over union, over all images that are annotated in the concept's
    category) is above `threshold`, and if the same regions laid over other images' labels seldom overlap with any
    concept as well; see `crosslight.dissection.masks.chance`. Both depend on the unit alone.

    Args:
        dissection: from `record_units`.
        layer: name of the layer.
        masks: where concepts are; see `crosslight.dissection.masks.open_concepts`.
        regions: of the layer, or the folder that `record_units` saved them in.
        units: numbers of those asked for; all by default. The others have no label.
        threshold: an overlap above it makes a detector.
        level: greatest p-value of a label, in (0, 1]; None leaves the test out.
        permutations: how often images change partners.
        seed: of that.
        progress: told of images.

    Returns:
        The labels. Where a unit has none, ``why`` says ``dead``, ``below 0.04``, ``not better than on other images`` or
        ``not asked``.

    Raises:
        InputError: no image has labels that can be used, or a setting cannot be used.
        StoreError: the folder has no regions.

    Source:
        Bau et al., Network Dissection, 2017 (arXiv:1704.05796). The test against chance is our own.
    """
    from .masks import label_layers
    from .regions import Regions

    known = regions if isinstance(regions, Regions) else open_regions(Path(regions), layer)
    if known.layer != layer:
        raise InputError(f"these are the regions of {known.layer}, not of {layer}")
    (found,) = label_layers(
        dissection,
        [known],
        masks,
        units=units,
        threshold=threshold,
        level=level,
        permutations=permutations,
        seed=seed,
        progress=progress,
    )
    return found


def dissect(
    model: Classifier | str,
    images: ImageSet | str | os.PathLike[str] | Sequence[Any],
    layers: Sequence[str | float] | str | float | None = None,
    *,
    masks: ConceptMasks | str | os.PathLike[str] | None = None,
    legend: str | os.PathLike[str] | None = None,
    concepts: Sequence[str] | ConceptList | str | os.PathLike[str] | None = None,
    encoder: Encoder | str | None = None,
    score: str = "soft-wpmi",
    out: str | os.PathLike[str] | None = None,
    pooling: str = "mean",
    view: str = "model",
    share: float = SHARE,
    threshold: float = 0.04,
    batch_size: int = BATCH,
    block: int = BLOCK,
    seed: int = 0,
    mask_settings: Mapping[str, Any] | None = None,
    word_settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Dissection:
    """Record the units of some layers, and label them by masks, by words, or both.

    Args:
        model: see `record_units`.
        images: see `record_units`.
        layers: see `record_units`.
        masks: a folder in Broden's layout, a folder of label maps, a file of COCO instances, ``scenes``, or any
            `ConceptMasks`; None for no labels by masks.
        legend: of label maps.
        concepts: words, a text file with one on each line, or ``scenes``; None for no labels by words.
        encoder: of images and words; see `crosslight.dissection.words.encoders`.
        score: of words.
        out: see `record_units`; what is found is saved there.
        pooling: see `record_units`.
        view: see `record_units`.
        share: see `record_units`.
        threshold: see `label_by_masks`.
        batch_size: see `record_units`.
        block: see `record_units`.
        seed: of everything that is drawn.
        mask_settings: further settings of `label_by_masks`.
        word_settings: further settings of `label_by_words`.
        progress: told of images.

    Raises:
        InputError: something cannot be used; what can be found before the pass is found before it.
        StoreError: the folder holds a finished dissection with other settings.
    """
    from ..images import ImageSet, open_images
    from ..store import ImageEntry
    from .masks import label_layers, open_concepts

    chosen = images if isinstance(images, ImageSet) else open_images(images)
    if concepts is not None and encoder is None:
        raise InputError("words need an encoder of images and texts: scenes, or one of open_clip")
    known = None
    if masks is not None:
        entries = [ImageEntry(one.identity, one.name) for one in chosen.records]
        known = open_concepts(masks, entries, chosen.source, legend=legend)
    words = _words(concepts) if concepts is not None else None
    made = record(
        model,
        chosen,
        layers,
        out=out,
        pooling=pooling,
        view=view,
        share=share,
        batch_size=batch_size,
        block=block,
        progress=progress,
    )
    dissection = made.dissection
    labellings: list[Labelling] = []
    if known is not None:
        settings: dict[str, Any] = {"threshold": threshold, "seed": seed, **(mask_settings or {})}
        regions = [made.regions[layer.name] for layer in dissection.layers]
        labellings += label_layers(dissection, regions, known, **settings, progress=progress)
    if words is not None and encoder is not None:
        labellings += _by_words(
            dissection, chosen, words, encoder, score, {"seed": seed, **(word_settings or {})}, out, progress
        )
    if not labellings:
        return dissection
    labellings = _with_clusters(labellings)
    found = with_labellings(dissection, labellings)
    if out is not None:
        save_dissection(found, out)
    return found


def _with_clusters(labellings: Sequence[Labelling]) -> list[Labelling]:
    """The groups that a unit's best images fall into, which the encoder of words tells, for labels by masks as well."""
    known = {one.layer: one.clusters for one in labellings if one.clusters.any()}
    return [
        replace(one, clusters=known[one.layer]) if one.layer in known and not one.clusters.any() else one
        for one in labellings
    ]


def _words(concepts: Sequence[str] | ConceptList | str | os.PathLike[str]) -> ConceptList:
    from .words.concepts import ConceptList, merge_concepts, read_concepts, scene_concepts

    if isinstance(concepts, ConceptList):
        return concepts
    if isinstance(concepts, str | os.PathLike):
        return scene_concepts() if concepts == "scenes" and not Path(concepts).exists() else read_concepts(concepts)
    return merge_concepts(concepts)


def _by_words(
    dissection: Dissection,
    images: ImageSet,
    words: ConceptList,
    encoder: Encoder | str,
    score: str,
    settings: Mapping[str, Any],
    out: str | os.PathLike[str] | None,
    progress: Progress | None,
) -> list[Labelling]:
    """Labels of every layer by words; pictures and words are encoded once for all."""
    from .words import label_by_words
    from .words.cache import image_features, text_features
    from .words.encoders import find_encoder

    found = find_encoder(encoder)
    folder = Path(out) / "features" if out is not None else None
    pictures, failures = image_features(
        found, images.identities, lambda row: images.records[row].load(), folder=folder, progress=progress
    )
    texts = text_features(found, words.names, folder=folder)
    labellings = []
    for layer in dissection.layers:
        read = ~np.isnan(layer.activations).any(axis=1) & ~np.isnan(pictures).any(axis=1)
        if not read.any():
            raise InputError(f"no image can be read by both the classifier and {found.name}: {failures}")
        one = label_by_words(
            layer,
            pictures,
            texts,
            words.names,
            score=score,
            categories=words.categories,
            identities=dissection.identities,
            **settings,
        )
        labellings.append(
            replace(one, settings={**one.settings, "encoder": found.name, "encoder_digest": found.digest})
        )
    return labellings
