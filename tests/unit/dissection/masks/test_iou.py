"""Intersection over union equals what the definition says, written down as plainly as can be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from crosslight.core.errors import InputError
from crosslight.dissection.masks import ImageLabels, overlaps
from crosslight.dissection.masks.upsample import PIECES, axis_of
from crosslight.dissection.regions import Regions
from crosslight.store import ImageEntry

from .planted import Arrays, planted

CONCEPTS = ("red", "cat", "door", "handle", "door", "sea", "night", "far")
CATEGORIES = ("color", "object", "object", "part", "part", "scene", "scene", "object")
RED, CAT, DOOR, HANDLE, DOOR_PART, SEA, NIGHT, FAR = range(1, 9)


def reference(
    maps: NDArray[np.float32], thresholds: NDArray[np.float32], labels: list[ImageLabels | None]
) -> NDArray[np.float64]:
    """Bau et al., equation 1, one unit, one concept and one image after the other; all pictures seen whole."""
    units = maps.shape[1]
    found = np.zeros((units, len(CONCEPTS)))
    for unit in range(units):
        for concept, category in enumerate(CATEGORIES):
            both = either = 0
            for image, one in enumerate(labels):
                if one is None or category not in one.categories:
                    continue
                native = torch.from_numpy(maps[image, unit]).double()[None, None]
                wide = torch.nn.functional.interpolate(native, one.size, mode="bilinear", align_corners=False)
                level = thresholds[unit]
                region = (wide[0, 0].float().numpy() > level) & (wide[0, 0].numpy() > level + 1e-9)  # not by rounding
                place = np.zeros(one.size, bool)
                for plane in one.planes.get(category, ()):
                    place |= plane == concept + 1
                if concept + 1 in one.whole.get(category, ()):
                    place[:] = True
                both += int((region & place).sum())
                either += int((region | place).sum())
            found[unit, concept] = both / either if either else 0
    return found


def world(seed: int, images: int, units: int, grid: tuple[int, int]) -> tuple[NDArray[np.float32], list[ImageLabels]]:
    """Maps and labels with everything that can be odd about them."""
    rng = np.random.default_rng(seed)
    maps = rng.normal(size=(images, units, *grid)).astype(np.float32)
    maps[:, 0] = 0.5  # dead
    maps[:, 1] = np.maximum(maps[:, 1] - 2, 0)  # nearly always 0
    if units > 2:
        maps[:, 2] = np.round(maps[:, 2])  # with ties
    labels: list[ImageLabels] = []
    for image in range(images):
        size = (int(rng.integers(5, 30)), int(rng.integers(5, 30)))  # not square, and finer or coarser than the grid

        def plane(*numbers: int, size: tuple[int, int] = size) -> NDArray[np.int32]:
            small = rng.choice([0, *numbers], (3, 2)).astype(np.int32)
            return small[np.arange(size[0]) * 3 // size[0]][:, np.arange(size[1]) * 2 // size[1]]

        planes = {"object": (plane(CAT, DOOR),), "part": (plane(HANDLE, DOOR_PART), plane(DOOR_PART))}
        if image % 3:
            planes["color"] = (plane(RED),)  # else a blank cell
        whole = {"scene": ((), (SEA,), (SEA, NIGHT))[image % 3]} if image % 4 else {}
        labels.append(ImageLabels(size, planes, whole))
    return maps, labels


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    images=st.integers(2, 9),
    grid=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    share=st.sampled_from([0.005, 0.05, 0.3]),
    block=st.integers(1, 9),
)
def test_equal_to_the_definition(seed: int, images: int, grid: tuple[int, int], share: float, block: int) -> None:
    maps, labels = world(seed, images, 4, grid)
    sizes = np.array([[2 * one.size[0], 2 * one.size[1]] for one in labels], np.int32)
    dissection, regions = planted(maps, sizes, share=share, block=block)
    masks = Arrays(CONCEPTS, CATEGORIES, {f"image-{row}": one for row, one in enumerate(labels) if row != 1})
    (found,) = overlaps([regions], entries(dissection.images), masks)
    expected = reference(maps, regions.thresholds, [None if row == 1 else one for row, one in enumerate(labels)])
    assert np.abs(found.iou() - expected).max() < 1e-6
    assert not found.iou()[0].any()
    assert not found.both[:, FAR - 1].any()


def entries(names: tuple[str, ...]) -> list[ImageEntry]:
    return [ImageEntry(name, name) for name in names]


def test_only_the_part_that_the_classifier_saw_is_compared() -> None:
    """A picture of 40 x 40 of which the middle 20 x 20 was seen: the label's other pixels count nowhere."""
    maps = np.zeros((2, 1, 4, 4), np.float32)
    maps[:, 0, :, 2:] = 1  # the right half of what was seen
    where = np.zeros((20, 20), np.int32)
    where[:, 10:] = CAT
    boxes = np.array([[10, 10, 30, 30], [0, 0, 40, 40]], np.float64)
    _, regions = planted(maps, np.full((2, 2), 40, np.int32), boxes, share=0.6)
    regions = Regions("planted", (4, 4), np.array([0.5], np.float32), boxes, regions.sizes, planted_parts(maps))
    names = entries(("image-0", "image-1"))
    for only, pixels in (("image-0", 50), ("image-1", 200)):
        (found,) = overlaps(
            [regions], names, Arrays(CONCEPTS, CATEGORIES, {only: ImageLabels((20, 20), {"object": (where,)})})
        )
        assert found.concepts[CAT - 1] == pixels
        assert found.both[0, CAT - 1] == pixels  # in both the edge between the halves is in the middle


def planted_parts(maps: NDArray[np.float32]) -> tuple[object, ...]:
    from crosslight.dissection.regions import Cells

    images, units, rows, columns = maps.shape
    size = units * rows * columns
    index = np.tile(np.arange(size, dtype=np.uint32), images)
    return (Cells(0, np.arange(images + 1, dtype=np.int64) * size, index, maps.ravel()),)


@given(
    pixels=st.integers(1, 60),
    cells=st.integers(1, 40),
    near=st.sampled_from([0.0, 0.1, 0.33, -0.25]),
    far=st.sampled_from([1.0, 0.8, 1.25]),
)
@settings(deadline=None)
def test_gaps_hold_every_pixel_once(pixels: int, cells: int, near: float, far: float) -> None:
    axis = axis_of(pixels, cells, near, far)
    middles = (np.arange(pixels) + 0.5) / pixels
    seen = np.flatnonzero((middles >= near) & (middles < far))
    held = [pixel for first, count in zip(axis.first, axis.count, strict=True) for pixel in range(first, first + count)]
    assert held == seen.tolist()
    assert not len(seen) or list(range(pixels))[axis.seen] == held
    assert len(axis.first) == cells + 1
    assert sorted(set(axis.piece.tolist())) == list(range(axis.piece[-1] + 1))
    assert axis.piece[-1] < PIECES
    gap = np.repeat(np.arange(cells + 1), axis.count)
    at = (middles[seen] - near) / (far - near) * cells - 0.5
    assert np.allclose(gap - 1 + axis.share[seen], at)
    assert np.allclose(np.diff(at), axis.step)


def test_labels_that_cannot_be_read_are_recorded() -> None:
    maps, labels = world(3, 4, 3, (5, 5))
    dissection, regions = planted(maps, np.array([one.size for one in labels], np.int32))

    class Damaged(Arrays):
        def labels(self, image: ImageEntry, size: tuple[int, int]) -> ImageLabels | None:
            if image.name == "image-2":
                raise InputError("the labels are damaged")
            return super().labels(image, size)

    every = {f"image-{row}": one for row, one in enumerate(labels)}
    (found,) = overlaps([regions], entries(dissection.images), Damaged(CONCEPTS, CATEGORIES, every))
    rest = {name: one for name, one in every.items() if name != "image-2"}
    (without,) = overlaps([regions], entries(dissection.images), Arrays(CONCEPTS, CATEGORIES, rest))
    assert found.failures == {2: "the labels are damaged"}
    assert np.array_equal(found.both, without.both)
    with pytest.raises(InputError, match="no image has labels that can be used"):
        overlaps([regions], entries(dissection.images), Arrays(CONCEPTS, CATEGORIES, {}))
