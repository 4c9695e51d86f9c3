"""Labels of a layer's units by words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.correction import benjamini_hochberg
from ...core.errors import InputError
from ..certainty import Tested, cross_tested, enough_images, halves, untested
from ..polysemy import clusters_of, twins_of
from ..records import CANDIDATES, NONE, Labelling, UnitLayer
from .best import best_concepts
from .probe import Form, Probe, check_form, unit_length
from .registry import TextScore, find_score

#: why a unit has no label
DEAD, UNSTABLE, NOT_ASKED = "dead", "unstable", "not asked"


def label_by_words(
    layer: UnitLayer,
    image_features: ArrayLike,
    concept_features: ArrayLike,
    concepts: Sequence[str],
    *,
    score: str = "soft-wpmi",
    form: Form = "own",
    categories: Sequence[str] | None = None,
    top: int | None = None,
    units: Sequence[int] | None = None,
    level: float | None = 0.05,
    identities: Sequence[str] | None = None,
    flags: bool = True,
    seed: int = 0,
    block: int | None = None,
    **settings: Any,
) -> Labelling:
    """Name the concept that describes best what each unit answers to, and say how sure that is.

    The label is the concept of highest score over all images. It is trusted if it is also the best on one half of the
    images alone, and on the other half the unit tells that concept's images from others; see `cross_tested`.

    Args:
        layer: the units, with their activations on the images.
        image_features: ``[images, dimensions]`` of the same images in an encoder's space, of any length; NaN rows,
            like NaN activations, are images that are left out.
        concept_features: ``[concepts, dimensions]`` in the same space.
        concepts: what the labels are called; each once.
        score: one of `SCORES`.
        form: ``own``: a unit's label does not depend on which other units are asked for. ``published``: the paper's
            form, in which it does for soft-WPMI and WPMI; all units that are not dead keep their labels there.
        categories: of the concepts; empty words by default.
        top: images of a unit that the score looks at; the score's own number by default.
        units: numbers of those asked for; all by default. The others have no label.
        level: p-value up to which a label is trusted, in (0, 1]; None leaves the test out and keeps all labels. The
            false discovery rate ``q`` depends on the other units, so it is told but decides on no label.
        identities: of the images, which decide on the halves; the numbers of the rows by default.
        flags: whether to look for twins and for units with several meanings.
        seed: of the halves.
        block: concepts that are scored at once; by default as many as fit in 8 MB. It changes no label.
        **settings: of the score, such as ``a`` and ``lam``.

    Returns:
        The labels. Where a unit has none, ``why`` says ``dead``, ``unstable`` or ``not asked``.

    Raises:
        UnknownNameError: there is no such score.
        InputError: shapes do not match, there are fewer than two concepts, a concept is there twice, one unit is asked
            for in a published form that compares units, or a setting is not known.
    """
    found = find_score(score)
    check_form(form)
    names, groups = _checked(concepts, categories)
    asked = _asked(layer, units)
    if form == "published" and found.company and len(asked) < 2:
        raise InputError(
            f"the published form of {score} compares a unit with the others that are asked for, so that one alone has "
            "the score 0 for every concept; ask for more units, or for form='own'"
        )
    used = found.with_defaults(settings | ({} if top is None else {"top": top}))
    if level is not None and not 0 < level <= 1:
        raise InputError(f"level is a p-value in (0, 1], not {level}")
    probe, rows = _probe(layer, image_features, concept_features, len(names), asked)
    label, scores = best_concepts(found.prepare(probe, form, **used), probe, CANDIDATES, block)
    split = _split(identities, layer, rows, seed) if level is not None else None
    tested = _tested(found, form, used, probe, label[:, 0], split, block)
    many = clusters_of(probe.images, probe.activations) if flags else np.zeros(len(asked), np.int32)
    twin = twins_of(probe.activations) if flags else np.full(len(asked), NONE, np.int32)

    dead = layer.dead[asked]
    unsure = np.zeros(len(asked), bool)
    if form == "own" and tested.possible and level is not None:
        unsure = ~(tested.p <= level)
    reasons = np.where(dead, DEAD, np.where(unsure, UNSTABLE, "")).tolist()
    why = dict(zip(asked.tolist(), reasons, strict=True))
    return Labelling(
        layer=layer.name,
        score=score,
        concepts=names,
        categories=groups,
        best=_spread(layer, asked, np.where(dead | unsure, NONE, label[:, 0]), NONE),
        candidates=_spread(layer, asked, np.where(dead[:, None], NONE, label), NONE),
        scores=_spread(layer, asked, np.where(dead[:, None], np.nan, scores).astype(np.float32), np.nan),
        why=tuple(why.get(unit, NOT_ASKED) for unit in range(layer.units)),
        auc=_spread(layer, asked, np.where(dead, np.nan, tested.auc), np.nan),
        p=_spread(layer, asked, np.where(dead, np.nan, tested.p), np.nan),
        q=_spread(layer, asked, benjamini_hochberg(np.where(dead, np.nan, tested.p)), np.nan),
        clusters=_spread(layer, asked, np.where(dead, 0, many), 0),
        twin=_spread(layer, asked, np.where((twin >= 0) & ~dead, asked[twin], NONE), NONE),
        settings={
            "form": form,
            **{name: value for name, value in used.items() if value is not None},
            "level": level,
            "seed": seed,
            "images": len(rows),
            "units": len(asked),
            "note": _note(found, form, tested, len(asked), layer, level),
        },
    )


def _checked(concepts: Sequence[str], categories: Sequence[str] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and categories of concepts that can be told apart."""
    names = tuple(concepts)
    if len(names) < 2:
        raise InputError(
            f"{len(names)} concepts: a label says which of several concepts fits best; give at least two"
            if names
            else "there is no concept to label units with; give at least two"
        )
    if len(set(names)) < len(names):
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise InputError(f"the concept {twice!r} is there twice; give each once, see merge_concepts")
    groups = tuple(categories) if categories is not None else ("",) * len(names)
    if len(groups) != len(names):
        raise InputError(f"{len(groups)} categories for {len(names)} concepts; give one for each")
    return names, groups


def _asked(layer: UnitLayer, units: Sequence[int] | None) -> NDArray[np.intp]:
    """Numbers of the units that are labelled, each once and ascending."""
    asked = np.arange(layer.units) if units is None else np.unique(np.asarray(list(units), dtype=np.intp))
    if not len(asked):
        raise InputError(f"no unit of {layer.name} is asked for")
    if asked[0] < 0 or asked[-1] >= layer.units:
        raise InputError(f"{layer.name} has the units 0 to {layer.units - 1}, not {[int(asked[0]), int(asked[-1])]}")
    return asked


def _probe(
    layer: UnitLayer, image_features: ArrayLike, concept_features: ArrayLike, concepts: int, asked: NDArray[np.intp]
) -> tuple[Probe, NDArray[np.intp]]:
    """What is compared, and the rows of the images that it is compared on."""
    images = unit_length(image_features, "image")
    texts = unit_length(concept_features, "concept")
    answers = np.asarray(layer.activations, np.float32)
    if len(images) != len(answers):
        raise InputError(
            f"features of {len(images)} images, activations of {len(answers)}; both are of the same images"
        )
    if len(texts) != concepts:
        raise InputError(f"features of {len(texts)} concepts for {concepts} names; give one row for each")
    if images.shape[1] != texts.shape[1]:
        raise InputError(
            f"image features have {images.shape[1]} dimensions and concept features {texts.shape[1]}; "
            "both come from the same encoder"
        )
    if not np.isfinite(texts).all():
        raise InputError("features of concepts are finite numbers; compute them again")
    if len(asked) < layer.units:
        answers = answers[:, asked]
    usable = np.isfinite(images).all(axis=1) & np.isfinite(answers).all(axis=1)
    rows = np.flatnonzero(usable)
    if len(rows) < 2:
        raise InputError(f"{len(rows)} of {len(images)} images have features and activations; at least 2 are needed")
    if len(rows) < len(images):
        images, answers = images[rows], answers[rows]
    return Probe(images, texts, answers), rows


def _split(
    identities: Sequence[str] | None, layer: UnitLayer, rows: NDArray[np.intp], seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Halves of the images that are compared."""
    images = len(layer.activations)
    if identities is not None and len(identities) != images:
        raise InputError(f"{len(identities)} identities for {images} images; give one for each")
    return halves([identities[row] if identities is not None else str(row) for row in rows], seed)


def _tested(
    score: TextScore,
    form: Form,
    settings: dict[str, Any],
    probe: Probe,
    label: NDArray[np.int32],
    split: tuple[NDArray[np.intp], NDArray[np.intp]] | None,
    block: int | None,
) -> Tested:
    """The labels after each half of the images chose its own."""
    if split is None or not enough_images(min(len(half) for half in split)):
        return untested(len(label))
    chosen = []
    for half in split:
        part = probe.part(half)
        own, _ = best_concepts(score.prepare(part, form, **settings), part, 1, block)
        chosen.append(own[:, 0])
    return cross_tested(label, (chosen[0], chosen[1]), split, probe.activations, probe.images, probe.concepts)


def _spread(layer: UnitLayer, asked: NDArray[np.intp], values: NDArray[Any], fill: float) -> NDArray[Any]:
    """Values of the units that were asked for, as values of all units."""
    kind = np.int32 if values.dtype.kind == "i" else values.dtype
    made = np.full((layer.units, *values.shape[1:]), fill, kind)
    made[asked] = values
    return made


def _note(score: TextScore, form: Form, tested: Tested, asked: int, layer: UnitLayer, level: float | None) -> str:
    """What a reader of the labels must know."""
    said = []
    if form == "published" and score.company:
        said.append(f"labels depend on which {asked} of {layer.units} units were scored together")
    if level is None:
        said.append("labels were not tested")
    elif not tested.possible:
        said.append("too few images to test labels on halves of them: all labels are kept")
    return "; ".join(said)
