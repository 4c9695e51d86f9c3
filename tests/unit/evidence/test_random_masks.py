"""Random masks: as published, laid out over the picture, and drawn for the image alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.nn.functional import interpolate

from crosslight.core.geometry import Box
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering, RandomMaskOutcomes
from crosslight.evidence import random_masks as module
from crosslight.evidence.random_masks import RandomMasks, random_masks

Settings = RandomMaskOutcomes.Settings
OWN = TargetPolicy()
SQUARE = Box(0, 0, 60, 60)


def masks_of(picture: Box = SQUARE, box: Box = SQUARE, size=(30, 30), seed=0, identity="a", **others) -> RandomMasks:
    return random_masks(picture, box, size, Settings(**others), seed, identity).to(torch.zeros(1))


def test_as_published() -> None:
    """Resize a grid of s x s to (s + 1) cells a side and cut out s cells, at whole pixels."""
    size, cells = 28, 7
    cell, grids = size // cells, torch.rand((5, cells, cells), generator=torch.Generator().manual_seed(0)) < 0.4
    shifts = torch.tensor([[0, 0], [1, 3], [3, 2], [2, 0], [3, 3]])
    centres = (torch.arange(size) + 0.5) / cell
    made = RandomMasks(grids, shifts / cell, centres, centres, cells).make(range(5))
    large = interpolate(grids[:, None].float(), ((cells + 1) * cell,) * 2, mode="bilinear", align_corners=False)[:, 0]
    for mask, whole, (y, x) in zip(made, large, shifts.tolist(), strict=True):
        assert torch.allclose(mask, whole[y : y + size, x : x + size], atol=1e-6)


def test_the_first_masks_are_the_same_whatever_their_number() -> None:
    few, many = masks_of(masks=10), masks_of(masks=600)
    assert torch.equal(few.make(range(10)), many.make(range(10)))
    assert torch.equal(many.make(range(300, 302)), many.make(range(290, 310))[10:12])
    drawn = many.grids.flatten(1).float()
    assert len(drawn.unique(dim=0)) > 590, "no block repeats another"


def test_masks_belong_to_the_image_and_the_seed() -> None:
    first = masks_of(masks=5)
    assert torch.equal(first.grids, masks_of(masks=5).grids)
    for other in (masks_of(masks=5, identity="b"), masks_of(masks=5, seed=1)):
        assert not torch.equal(first.grids, other.grids)
        assert not torch.equal(first.shifts, other.shifts)
    more = masks_of(masks=5, share=0.8)
    assert torch.equal(first.shifts, more.shifts)
    assert (more.grids >= first.grids).all(), "a greater share shows more of the same"


@given(left=st.integers(0, 60), top=st.integers(0, 30), side=st.integers(10, 40), wide=st.booleans())
@settings(max_examples=20)
def test_crops_see_the_same_masks(left: int, top: int, side: int, wide: bool) -> None:
    """A crop of a picture sees that part of the masks which the whole picture's masks have there."""
    picture = Box(0, 0, 100, 70) if wide else Box(0, 0, 70, 100)
    size = (int(picture.height), int(picture.width))
    if not wide:
        left, top = top, left
    whole = masks_of(picture, picture, size, masks=3).make(range(3))
    crop = masks_of(picture, Box(left, top, left + side, top + side), (side, side), masks=3).make(range(3))
    seen = whole[:, top : top + side, left : left + side]
    assert torch.allclose(crop[:, : seen.shape[1], : seen.shape[2]], seen, atol=1e-5)


def test_cells_are_square_and_reach_everywhere() -> None:
    wide = masks_of(Box(0, 0, 300, 100), Box(0, 0, 300, 100), (40, 120), masks=200, cells=5)
    assert wide.grids.shape == (200, 5, 14)  # pitch 24 pixels: 14 of them hold 300 + 20
    assert masks_of(cells=5).grids.shape[1:] == (5, 5)
    spread = wide.make(range(200)).std(dim=0)
    assert spread.min() > 0.2, "no part of the picture is left out"


def test_every_pixel_is_shown_with_the_same_mean() -> None:
    made = masks_of(masks=4000, share=0.3, cells=3).make(range(4000))
    assert 0 <= made.min() <= made.max() <= 1
    assert torch.allclose(made.mean(dim=0), torch.full((30, 30), 0.3), atol=0.03)


def test_sums(monkeypatch) -> None:
    masks, weights = masks_of(masks=20), torch.randn((2, 20), generator=torch.Generator().manual_seed(1)).double()
    made = masks.make(range(20)).double()
    expected = torch.einsum("jn,nhw->jhw", weights, made), torch.einsum("n,nhw->hw", weights[0], made.square())
    for held in (1 << 20, 900 * 7, 1):
        monkeypatch.setattr(module, "HELD", held)
        plain, squared = masks.sums(weights, weights[:1])
        assert torch.allclose(plain, expected[0], atol=1e-5)
        assert torch.allclose(squared[0], expected[1], atol=1e-5)


def gather(classifier, batch, size=3, seed=0, **others) -> RandomMaskOutcomes:
    gathering = Gathering(classifier, batch, batch_size=size, seed=seed)
    return gathering.get(RandomMaskOutcomes, Settings(**others), OWN)


def test_what_the_network_is_shown(quadratic, batch, monkeypatch) -> None:
    shown: list[torch.Tensor] = []
    logits = quadratic.logits
    monkeypatch.setattr(quadratic, "logits", lambda x: shown.append(x.clone()) or logits(x))
    evidence = gather(quadratic, batch.take([1]), masks=4, cells=2, fill="black")
    found, masks = torch.cat(shown[1:]), evidence.masks[0].make(range(4))[:, None]
    assert torch.allclose(found, masks * batch.inputs[1] + (1 - masks) * -2, atol=1e-6)


def test_more_masks_are_run_only_where_they_are_new(quadratic, batch) -> None:
    gathering = Gathering(quadratic, batch, batch_size=3)
    few = gathering.get(RandomMaskOutcomes, Settings(masks=6), OWN)
    before = gathering.evaluations
    assert RandomMaskOutcomes.evaluations(Settings(masks=6)) == 6
    closer = RandomMaskOutcomes.extend(Settings(masks=6))
    assert closer == Settings(masks=12)
    part = gathering.rows([4, 2])
    many = part.get(RandomMaskOutcomes, closer, OWN)
    assert (before, part.evaluations) == (5 * 6 + 5, 2 * 6)
    assert torch.equal(many.outcomes.logits[0][:6], few.outcomes.logits[4])
    assert RandomMaskOutcomes.extend(Settings(masks=40_000)) is None


def test_pictures_of_any_shape_and_inputs_beyond_them(quadratic, batch) -> None:
    pictures = tuple(Image.new("RGB", (3 + 5 * i, 9)) for i in range(5))
    boxes = tuple(Box(-4 * i, -1, 3 + 9 * i, 10) for i in range(5))
    evidence = gather(quadratic, replace(batch, pictures=pictures, boxes=boxes), masks=3)
    for masks in evidence.masks:
        made = masks.make(range(3))
        assert torch.isfinite(made).all()
        assert 0 <= made.min() <= made.max() <= 1


@pytest.mark.parametrize("size", [1, 2, 64])
def test_batch_size_does_not_matter(quadratic, batch, size: int) -> None:
    one, other = gather(quadratic, batch, masks=7), gather(quadratic, batch, size=size, masks=7)
    for a, b in zip(one.outcomes.logits, other.outcomes.logits, strict=True):
        assert torch.allclose(a, b, rtol=1e-5)
