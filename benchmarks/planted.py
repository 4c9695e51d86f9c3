"""Stores of models that were never trained: their maps are drawn, with a difference between families or with none.

From the maps on, everything is what a user runs: comparison, tests, artefacts, the whole analysis.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from crosslight.agreement import Agreement, compare_sets
from crosslight.agreement.analysis import analyse
from crosslight.agreement.artefacts import Finding, find_artefacts
from crosslight.agreement.groups import labelings, mrm
from crosslight.agreement.groups.simulate import Test, p_values, rejected
from crosslight.agreement.relations import Kinship, ladder
from crosslight.core.maps import Maps, judge
from crosslight.core.seeds import seed_for
from crosslight.store import ImageEntry, Manifest, MapBlock, PredictionBlock, Store

from .rows import Row

FAMILIES = ("convolutional",) * 9 + ("transformer",) * 5
#: cells a side; as many of each family have each, as nearly as 9 and 5 allow
SIDES = (7, 14, 7, 14, 7, 14, 7, 14, 7, 7, 14, 7, 14, 7)
#: the same where resolution goes with the family, as it does among trained models
CONFOUNDED = (7, 7, 7, 7, 7, 7, 7, 14, 14, 14, 14, 14, 14, 14)
METHOD = "Grad-CAM"
#: standard deviations of a map's parts: what all models see in an image, what one model sees (times something between
#: .7 and 1.3, its own), and noise of single cells
COMMON, OWN, NOISE = 1.0, 1.0, 0.3
FINE = 14
PICTURE = 224
CLASSES = 4
IMAGES = 24
#: what of a map is its family's: found now and then, and found nearly always
WEAK, STRONG = 0.2, 0.6
ALPHA = 0.05
MODEL = "9 against 5 drawn models"
TESTS: tuple[Test, ...] = ("anosim", "permanova", "either")

Array = NDArray[np.float64]


def name_of(model: int) -> str:
    """Label of a model: its family and its number."""
    return f"{FAMILIES[model]} {model}"


def fields(random: np.random.Generator, *shape: int) -> Array:
    """Smooth random fields of unit variance, ``[*shape, 14, 14]``."""
    noise = random.standard_normal((*shape, FINE, FINE))
    smooth = gaussian_filter(noise, (0,) * len(shape) + (1.5, 1.5), mode="wrap")
    return np.asarray(smooth / smooth.std(axis=(-2, -1), keepdims=True))


def drawn_maps(shift: float, seed: int, images: int = IMAGES, sides: tuple[int, ...] = SIDES) -> list[Array]:
    """Maps of every model, ``[image, side, side]`` and none negative.

    Args:
        shift: how much of a map is its family's, as a standard deviation; at 0 families do not differ.
        seed: of the draw.
        images: how many.
        sides: cells along each side of each model's maps.
    """
    random = np.random.default_rng(seed_for(seed, "drawn maps"))
    common = COMMON * fields(random, images)
    families = {name: shift * fields(random, images) for name in dict.fromkeys(FAMILIES)}
    found = []
    for family, side in zip(FAMILIES, sides, strict=True):
        whole = common + families[family] + OWN * random.uniform(0.7, 1.3) * fields(random, images)
        step = FINE // side
        cells = whole.reshape(images, side, step, side, step).mean(axis=(2, 4))
        cells += NOISE * random.standard_normal(cells.shape)
        found.append(np.maximum(cells - np.median(cells, axis=(1, 2), keepdims=True), 0))  # so that no map is empty
    return found


def in_corner(own: Array) -> Array:
    """Maps that all peak in one corner, whatever the image."""
    own = own.copy()
    own[:, 0, -1] = own.max(axis=(1, 2)) + 1
    return own


def scaled_together(own: Array, batch: int = 12) -> Array:
    """Maps scaled to [0, 1] over whole batches."""
    batches = [own[start : start + batch] for start in range(0, len(own), batch)]
    return np.concatenate([(one - one.min()) / (one.max() - one.min()) for one in batches])


def with_zeros(own: Array) -> Array:
    """Maps of which every third is 0 everywhere."""
    own = own.copy()
    own[::3] = 0
    return own


#: what may befall a model's maps, by the kind of the finding that must announce it
SPOILED: dict[str, Callable[[Array], Array]] = {
    "corner": in_corner,
    "batch-scaling": scaled_together,
    "zero": with_zeros,
}


def as_maps(values: Array) -> Maps:
    """Arrays as the maps of a store."""
    count = len(values)
    return Maps(
        values=values.astype(np.float32),
        boxes=np.tile([0.0, 0, PICTURE, PICTURE], (count, 1)),
        status=judge(values.astype(np.float32)),
        targets=np.zeros((count, 2), np.int32),
        images=tuple(f"{i:08x}" for i in range(count)),
        attributes={"label": METHOD, "method": "grad-cam", "finish": "none"},
    )


def write_store(folder: Path, maps: list[Array], *, block: int = 12) -> Store:
    """A store of such maps, with predictions that mean nothing.

    Args:
        folder: a new one.
        maps: of every model.
        block: images in a block.
    """
    images = len(maps[0])
    entries = tuple(ImageEntry(f"{i:08x}", f"{i}.png", str(i % CLASSES)) for i in range(images))
    store = Store.create(folder, Manifest("drawn", "drawn", entries, block))
    for model, values in enumerate(maps):
        label, own = name_of(model), as_maps(values)
        logits = np.random.default_rng(model).normal(size=(images, CLASSES)).astype(np.float32)
        facts = {"family": FAMILIES[model]}
        store.add_model(label, CLASSES, {"facts": facts, "labels": [i % CLASSES for i in range(images)]})
        shape = (values.shape[1], values.shape[2])
        key = store.add_maps(label, METHOD, "d", shape, {"method": "grad-cam", "finish": "none"})
        for number in range(store.blocks):
            rows = store.block_slice(number)
            sizes = np.full((rows.stop - rows.start, 2), PICTURE, np.int32)
            told = PredictionBlock(logits[rows], sizes, judge(logits[rows, None]))
            made = MapBlock(own.values[rows], own.boxes[rows], own.targets[rows], own.status[rows])
            store.write(label, number, predictions=told, maps={key: made})
    return store


def store_rows(simulations: int, seed: int = 0) -> Iterator[Row]:
    """False alarms and power from maps to the family question, and whether artefacts are announced."""
    within = {"found": "0.03 to 0.07"}
    names = tuple(map(name_of, range(len(FAMILIES))))
    null = [_agreement(0.0, seed + number) for number in range(simulations)]
    for test, share in _shares(null).items():
        yield Row(MODEL, f"{test}, no shift", {"found": share}, within)
    kin = Kinship(names, "family", FAMILIES, (None,) * len(names), (None,) * len(names))
    ladders = [ladder(one, kin, resamples=500, seed=number) for number, one in enumerate(null[: simulations // 4])]
    share = float(np.mean([one.low > 0 or one.high < 0 for one in ladders]))
    note = "intervals over images that exclude 0: they are about these models, not about families, so no target"
    yield Row(MODEL, "ladder, no shift", {"found": share}, {}, note)
    for shift, goals in ((WEAK, {}), (STRONG, {"found": ">= 0.95"})):
        planted = [_agreement(shift, seed + number) for number in range(simulations // 4)]
        for test, share in _shares(planted).items():
            yield Row(MODEL, f"{test}, shift {shift}", {"found": share}, goals)
    yield from _confounded_rows(simulations // 4, seed)
    yield from _artefact_rows(max(3, simulations // 20), seed)
    yield from _analysed_rows(simulations // 200, seed)


def _agreement(shift: float, seed: int, sides: tuple[int, ...] = SIDES) -> Agreement:
    maps = {name_of(i): as_maps(own) for i, own in enumerate(drawn_maps(shift, seed, sides=sides))}
    return compare_sets(maps, ("cosine",), resamples=1)["cosine"]


def _shares(agreements: list[Agreement]) -> dict[Test, float]:
    matrices = np.stack([one.dissimilarity for one in agreements])
    return {test: rejected(p_values(matrices, labelings(FAMILIES), test), ALPHA) for test in TESTS}


def _confounded_rows(simulations: int, seed: int) -> Iterator[Row]:
    """No family differs, but their maps have other resolutions: a test alone is fooled, the regression is not."""
    made = [_agreement(0.0, seed + number, CONFOUNDED) for number in range(simulations)]
    note = "resolution goes with the family: not the families' doing, so no target"
    for test, share in _shares(made).items():
        yield Row(MODEL, f"{test}, resolution", {"found": share}, {}, note)
    codes, sides = np.array([one == FAMILIES[0] for one in FAMILIES]), np.array(CONFOUNDED)
    families, resolution = ((own[:, None] != own).astype(float) for own in (codes, sides))
    p = [
        mrm(one.dissimilarity, {"groups": families, "resolution": resolution}, draws=400, seed=number)
        .coefficients["groups"]
        .p
        for number, one in enumerate(made)
    ]
    yield Row(MODEL, "regression, resolution", {"found": rejected(np.array(p), ALPHA)}, {"found": "<= 0.07"})


def _artefact_rows(stores: int, seed: int) -> Iterator[Row]:
    """Findings where nothing is wrong, and where one model's maps are spoiled."""
    drawn = [drawn_maps(0.0, seed + number) for number in range(stores)]
    false = np.mean([bool(_findings(maps)) for maps in drawn])
    yield Row(MODEL, "artefacts, nothing wrong", {"found": float(false)}, {"found": "<= 0.05"}, "share of the stores")
    for kind, spoil in SPOILED.items():
        found = others = 0
        for number, maps in enumerate(drawn):
            model = number % len(maps)
            spoiled = [spoil(own) if i == model else own for i, own in enumerate(maps)]
            told = _findings(spoiled)
            name = f"{name_of(model)}/{METHOD}"
            found += any((one.set, one.kind) == (name, kind) for one in told)
            others += any(one.set != name for one in told)
        values = {"found": found / stores, "others": others / stores}
        goals = {"found": ">= 0.95", "others": "<= 0.05"}
        yield Row(MODEL, f"artefacts, {kind}", values, goals, "others: stores with a finding on another model")


def _findings(maps: list[Array]) -> list[Finding]:
    return find_artefacts((f"{name_of(i)}/{METHOD}", [as_maps(own)]) for i, own in enumerate(maps))


def _analysed_rows(stores: int, seed: int) -> Iterator[Row]:
    """The whole analysis of stores on disk: how often it says that families differ; nothing for no stores."""
    if not stores:
        return
    for shift, goals in ((0.0, {"found": "<= 0.1"}), (STRONG, {"found": ">= 0.9"})):
        verdicts = []
        for number in range(stores):
            with tempfile.TemporaryDirectory() as folder:
                store = write_store(Path(folder) / "out", drawn_maps(shift, seed + number))
                answer = analyse(store, measures=("cosine",), resamples=50).methods[METHOD].answer
                verdicts.append(answer is not None and answer.verdict == "differ")
        values = {"found": float(np.mean(verdicts))}
        yield Row(MODEL, f"analysis, shift {shift:g}", values, goals, f"says that they differ, of {stores} stores")
