"""Labels by masks are right where the truth is known, and noise gets none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from crosslight.core.errors import InputError
from crosslight.dissection import Dissection, label_by_masks
from crosslight.dissection.masks import Overlap, SceneConcepts, unique_detectors
from crosslight.dissection.quantile import SHARE
from crosslight.dissection.records import NONE
from crosslight.dissection.regions import Regions
from crosslight.images import open_images
from crosslight.scenes import CONCEPTS, scene

IMAGES, GRID = 120, 12
NOISE = 60


@pytest.fixture(scope="module")
def truth() -> tuple[Dissection, Regions, NDArray[np.intp]]:
    """Units that are a concept's pixels with noise, then units of smooth noise, then a dead one."""
    from scipy.ndimage import gaussian_filter

    from .planted import planted

    pictures = open_images("scenes", limit=IMAGES, sample="first")
    rng = np.random.default_rng(0)
    side = 96 // GRID
    shares = np.zeros((IMAGES, len(CONCEPTS), GRID, GRID), np.float32)
    for row in range(IMAGES):
        for values in scene(row, split="test").labels.values():
            plane = np.broadcast_to(np.asarray(values), (96, 96))
            for number in np.unique(plane).tolist():
                if number:
                    cells = (plane == number).reshape(GRID, side, GRID, side).mean((1, 3))
                    shares[row, number - 1] += cells.astype(np.float32)
    full = shares.sum((0, 2, 3))
    # Half a percent of the cells can hold all of these; of what is larger the region is a part, and is called so.
    small = (full <= IMAGES * GRID**2 * SHARE) & ((shares.max((2, 3)) > 0.5).sum(0) >= 3)
    alike = [any(np.array_equal(shares[:, one], shares[:, two]) for two in range(len(CONCEPTS)) if two != one)
             for one in range(len(CONCEPTS))]  # fmt: skip
    chosen = np.flatnonzero(small & ~np.array(alike))
    maps = shares[:, chosen] + rng.normal(0, 0.1, (IMAGES, len(chosen), GRID, GRID)).astype(np.float32)
    noise = np.stack(
        [gaussian_filter(rng.normal(size=(IMAGES, GRID, GRID)), (0, s, s)) for s in rng.uniform(0, 3, NOISE)], 1
    )
    dead = np.full((IMAGES, 1, GRID, GRID), 0.25)
    every = np.concatenate([maps, noise, dead], axis=1).astype(np.float32)
    sizes = np.full((IMAGES, 2), 96, np.int32)
    names = tuple(one.name for one in pictures)
    dissection, regions = planted(every, sizes, names=names, identities=pictures.identities)
    return dissection, regions, chosen


def test_planted_units_are_found_and_noise_is_not(truth: tuple[Dissection, Regions, NDArray[np.intp]]) -> None:
    dissection, regions, chosen = truth
    found = label_by_masks(dissection, "planted", SceneConcepts(), regions)
    assert len(chosen) >= 20
    assert (found.best[: len(chosen)] == chosen).mean() >= 0.99
    assert (found.best[len(chosen) :] != NONE).mean() <= 0.05
    assert found.why[-1] == "dead"
    assert found.candidates[-1].tolist() == [NONE] * 5
    assert found.settings["unreadable"] == {}
    names = {category: len(one) for category, one in unique_detectors(found).items()}
    assert sum(names.values()) == len(set(found.best.tolist()) - {NONE})
    assert set(names) == {"object", "part", "color", "material", "scene"}


def test_units_planted_at_their_own_size_are_all_right() -> None:
    """Every concept of at least three pictures, of 0.01 to 40 % of the pixels, each at the share that it covers.

    Where the share is another, a region is only a part of the concept, or more than it, and another name may fit it
    better. Concepts of the very same pixels cannot be told apart; either name is right.
    """
    from .planted import planted

    images, grid = 60, 32
    pictures = open_images("scenes", limit=images, sample="first")
    rng = np.random.default_rng(1)
    side, every = 96 // grid, len(CONCEPTS)
    cells = np.zeros((images, every, grid, grid), np.float32)
    pixels: list[list[bytes]] = [[] for _ in CONCEPTS]
    for row in range(images):
        for values in scene(row, split="test").labels.values():
            plane = np.broadcast_to(np.asarray(values), (96, 96))
            for number in set(np.unique(plane).tolist()) - {0}:
                where = plane == number
                cells[row, number - 1] += where.reshape(grid, side, grid, side).mean((1, 3)).astype(np.float32)
                pixels[number - 1].append(bytes([row]) + np.packbits(where).tobytes())
    cover = cells.mean((0, 2, 3), dtype=float)
    chosen = np.flatnonzero([len(one) >= 3 for one in pixels])
    maps = cells[:, chosen] + rng.normal(0, 0.1, (images, len(chosen), grid, grid)).astype(np.float32)
    dissection, regions = planted(
        maps, np.full((images, 2), 96, np.int32), names=tuple(one.name for one in pictures),
        identities=pictures.identities, share=0.5, own=cover[chosen].round(6),
    )  # fmt: skip
    found = label_by_masks(dissection, "planted", SceneConcepts(), regions)
    right = [best != NONE and pixels[best] == pixels[one] for one, best in zip(chosen, found.best, strict=True)]
    assert len(chosen) >= 80
    assert cover[chosen].max() > 0.3
    assert np.mean(right) >= 0.99


def test_concepts_out_of_reach_are_told(truth: tuple[Dissection, Regions, NDArray[np.intp]]) -> None:
    dissection, regions, chosen = truth
    found = label_by_masks(dissection, "planted", SceneConcepts(), regions, level=None)
    missed = {one["name"]: one for one in found.settings["out_of_reach"]}
    assert missed["sky"]["too"] == "large"
    assert 0.3 < missed["sky"]["cover"] < 0.4
    assert 0.004 < missed["sky"]["regions"] < 0.006
    assert "sky (35 % of the pixels)" in found.settings["note"]
    assert found.settings["note"].endswith("too large; use a share of 0.05")
    # Nothing was found that is said to be out of reach, and with a small part as threshold everything is in reach.
    assert not {found.concepts[one] for one in found.best if one != NONE} & set(missed)
    assert not {CONCEPTS[one].name for one in chosen} & set(missed)
    easy = label_by_masks(dissection, "planted", SceneConcepts(), regions, level=None, threshold=0.0001)
    assert easy.settings["out_of_reach"] == []
    assert easy.settings["note"] == ""


def test_the_reach_of_regions() -> None:
    from crosslight.dissection.masks.reach import out_of_reach, reach_note, share_for

    found = Overlap(
        both=np.zeros((2, 4)), units=np.array([[5.0], [4.0]]), concepts=np.array([125.0, 126.0, 0.0, 0.1]),
        pixels=np.array([1000.0]), groups=np.zeros(4, np.int64), annotated=[[0]],
    )  # fmt: skip
    missed = out_of_reach(found, ("edge", "road", "nowhere", "dot"), 0.0399)
    assert [(one["concept"], one["name"], one["too"]) for one in missed] == [(1, "road", "large"), (3, "dot", "small")]
    assert reach_note(missed, 0.0399).startswith("road (13 % of the pixels) cannot overlap by more than 0.0399 with")
    assert [share_for(cover, 0.04) for cover in (0.3, 0.12, 0.125, 1.0)] == [0.05, 0.01, 0.01, 0.1]
    assert share_for(1.0, 0.9) == 0.5


def test_units_that_answer_alike_are_twins(truth: tuple[Dissection, Regions, NDArray[np.intp]]) -> None:
    dissection, regions, _ = truth
    layer = dissection.layers[0]
    answers = layer.activations.copy()
    answers[:, 7] = 3 * answers[:, 2] + 1
    changed = replace(dissection, layers=(replace(layer, activations=answers),))
    for units in (None, [2]):
        found = label_by_masks(changed, "planted", SceneConcepts(), regions, level=None, units=units)
        assert found.twin[2] == 7
        assert found.twin[7] == (2 if units is None else NONE)
        assert found.twin[-1] == NONE  # the dead one


def test_without_the_test_noise_would_be_labelled(truth: tuple[Dissection, Regions, NDArray[np.intp]]) -> None:
    dissection, regions, chosen = truth
    tested = label_by_masks(dissection, "planted", SceneConcepts(), regions, threshold=0.02)
    free = label_by_masks(dissection, "planted", SceneConcepts(), regions, threshold=0.02, level=None)
    noise = slice(len(chosen), len(chosen) + NOISE)
    assert (free.best[noise] != NONE).mean() > 3 * 0.05
    assert (tested.best[noise] != NONE).mean() <= 0.05
    assert "not better than on other images" in tested.why[noise]
    assert np.isnan(free.p).all()


def test_the_same_label_whether_one_unit_or_all_are_asked(
    truth: tuple[Dissection, Regions, NDArray[np.intp]],
) -> None:
    dissection, regions, _ = truth
    every = label_by_masks(dissection, "planted", SceneConcepts(), regions, permutations=99)
    some = label_by_masks(dissection, "planted", SceneConcepts(), regions, permutations=99, units=[3, 30])
    for unit in (3, 30):
        assert some.best[unit] == every.best[unit]
        assert some.why[unit] == every.why[unit]
        assert np.array_equal(some.scores[unit], every.scores[unit])
        assert np.array_equal([some.p[unit], some.q[unit]], [every.p[unit], every.q[unit]], equal_nan=True)
    assert some.why.count("not asked") == len(every.why) - 2
    assert (some.best >= 0).sum() <= 2


def test_what_cannot_be_asked_for(truth: tuple[Dissection, Regions, NDArray[np.intp]]) -> None:
    dissection, regions, _ = truth
    with pytest.raises(InputError, match="there is no unit 999"):
        label_by_masks(dissection, "planted", SceneConcepts(), regions, units=[999])
    with pytest.raises(InputError, match="use at least 99"):
        label_by_masks(dissection, "planted", SceneConcepts(), regions, permutations=50)
    with pytest.raises(InputError, match="below 1"):
        label_by_masks(dissection, "planted", SceneConcepts(), regions, threshold=1)
    with pytest.raises(InputError, match="regions of planted, not of layer4"):
        label_by_masks(dissection, "layer4", SceneConcepts(), regions)


def test_scenes_of_another_variant_are_recorded(truth: tuple[Dissection, Regions, NDArray[np.intp]]) -> None:
    dissection, regions, _ = truth
    with pytest.raises(InputError, match="is another picture than the scene of that name"):
        label_by_masks(dissection, "planted", SceneConcepts("watermark"), regions)
