from __future__ import annotations

import importlib
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageFilter
from skimage.measure import label as components

from crosslight.core.errors import ImageError, InputError
from crosslight.core.geometry import Box, Preprocess
from crosslight.images import (
    Batch,
    SegmentSettings,
    Superpixels,
    make_batch,
    prepare,
    segments_of,
    superpixels,
    superpixels_of,
    through_crop,
    to_picture,
)

module = importlib.import_module("crosslight.images.superpixels")  # the function of that name hides it
module_of_segmenters = importlib.import_module("crosslight.images.segmenters")

GRID = SegmentSettings(segmentation="grid", segments=30)
SLIC = SegmentSettings(segments=30)
#: settings with which each algorithm finds several parts in a small picture
EACH = (
    SLIC,
    GRID,
    SegmentSettings(segmentation="felzenszwalb", scale=30, min_size=10),
    SegmentSettings(segmentation="quickshift", kernel_size=2, max_dist=10),
)
quick = settings(max_examples=80, deadline=None)
sides = st.integers(8, 90)


def smooth(width: int = 64, height: int = 48, seed: int = 0) -> Image.Image:
    """A picture of soft blobs, as photographs are."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    blurred = np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(4)), np.float64)
    return Image.fromarray(((blurred - blurred.min()) / np.ptp(blurred) * 255).astype(np.uint8))


def is_numbered(labels: np.ndarray, count: int) -> bool:
    values, first = np.unique(labels, return_index=True)
    return values.tolist() == list(range(count)) and first.tolist() == sorted(first.tolist())


@pytest.fixture(autouse=True)
def empty_cache():
    module.CACHE.clear()
    yield
    module.CACHE.clear()


@quick
@given(arrays(np.int64, st.tuples(st.integers(1, 7), st.integers(1, 7)), elements=st.integers(0, 20)))
def test_numbers_follow_first_appearance(labels):
    found, count = module.numbered(labels)
    assert found.dtype == np.int32
    assert is_numbered(found, count)
    pairs = np.unique(np.stack([labels.ravel(), found.ravel()]), axis=1)
    assert pairs.shape[1] == count == len(np.unique(labels))  # the same parts, under other numbers


@pytest.mark.parametrize("given_settings", EACH, ids=lambda s: s.segmentation)
def test_every_algorithm_cuts_up_a_picture(given_settings):
    found = superpixels(smooth(), given_settings)
    assert found.labels.dtype == np.int32
    assert found.labels.shape == (48, 64)
    assert found.box == Box(0, 0, 64, 48)
    assert 4 < found.count < 200
    assert is_numbered(found.labels, found.count)
    with pytest.raises(ValueError, match="read-only"):
        found.labels[0, 0] = 1
    again = superpixels(smooth(), given_settings)
    assert np.array_equal(found.labels, again.labels)
    other = superpixels(smooth(seed=1), given_settings)
    assert np.array_equal(found.labels, other.labels) == (given_settings.segmentation == "grid")


@pytest.mark.parametrize("given_settings", EACH, ids=lambda s: s.segmentation)
@pytest.mark.parametrize("size", [(1, 40), (40, 1), (8, 8), (6, 90)])
@pytest.mark.parametrize("kind", ["noise", "constant"])
def test_odd_pictures_are_cut_up_too(given_settings, size, kind, noise):
    picture = noise(*size) if kind == "noise" else Image.new("RGB", size, (90, 90, 90))
    found = superpixels(picture, given_settings)
    assert found.labels.shape == size[::-1]
    assert is_numbered(found.labels, found.count)


@pytest.mark.parametrize("given_settings", EACH[:3], ids=lambda s: s.segmentation)
def test_superpixels_are_connected(given_settings):
    found = superpixels(smooth(90, 70), given_settings)
    neighbours = 2 if given_settings.segmentation == "felzenszwalb" else 1
    assert components(found.labels + 1, connectivity=neighbours).max() == found.count


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1"])
def test_other_modes_are_read_as_rgb(mode):
    picture = smooth().convert(mode)
    assert np.array_equal(superpixels(picture, SLIC).labels, superpixels(picture.convert("RGB"), SLIC).labels)


def test_superpixels_follow_colours():
    """A bright disc on a dark ground: hardly a superpixel of SLIC's lies across its edge."""
    y, x = np.mgrid[:80, :100]
    disc = (y - 40) ** 2 + (x - 45) ** 2 < 25**2
    picture = Image.fromarray(np.where(disc[..., None], (250, 220, 60), (10, 40, 90)).astype(np.uint8))
    found = superpixels(picture, SLIC)
    inside = np.bincount(found.labels.ravel(), weights=disc.ravel()) / np.bincount(found.labels.ravel())
    assert np.minimum(inside, 1 - inside)[found.labels].mean() < 0.02
    grid = superpixels(picture, GRID)
    inside = np.bincount(grid.labels.ravel(), weights=disc.ravel()) / np.bincount(grid.labels.ravel())
    assert np.minimum(inside, 1 - inside)[grid.labels].mean() > 0.05  # as large as those, but blind


def test_numbers_wanted():
    picture = smooth(90, 70)
    assert superpixels(picture, SegmentSettings(segments=1)).count == 1
    assert superpixels(picture, SegmentSettings(segmentation="grid", segments=1)).count == 1
    assert 30 <= superpixels(picture, SegmentSettings(segments=50)).count <= 60
    assert 3500 <= superpixels(picture, SegmentSettings(segments=5000)).count <= 6300
    assert abs(superpixels(picture, SegmentSettings(segmentation="grid", segments=5000)).count - 5000) < 50
    assert superpixels(picture, SegmentSettings(segmentation="grid", segments=6300)).count == 6300


@pytest.mark.parametrize("segmentation", ["slic", "grid"])
def test_more_segments_than_pixels_are_refused(segmentation):
    wanted = SegmentSettings(segmentation=segmentation, segments=5000)
    with pytest.raises(ImageError, match=r"5,000 segments are wanted of 60 x 50 pixels; lower the setting 'segments'"):
        superpixels(smooth(60, 50), wanted)


@quick
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_no_other_grid_is_better(height, width, data):
    wanted = data.draw(st.integers(1, height * width))
    rows, columns = module_of_segmenters.grid_shape(height, width, wanted)

    def cost(rows, columns):
        return 2 * abs(np.log(rows * columns / wanted)) + abs(np.log((width / columns) / (height / rows)))

    assert 1 <= rows <= height
    assert 1 <= columns <= width
    best = min(cost(*shape) for shape in product(range(1, height + 1), range(1, width + 1)))
    assert cost(rows, columns) <= best + 1e-9


def test_grids_are_nearly_square():
    shape = module_of_segmenters.grid_shape
    assert shape(224, 224, 50) == (7, 7)
    assert shape(240, 320, 50) == shape(240, 320, 48) == (6, 8)
    assert shape(10, 500, 20) == (1, 20)
    found = superpixels(smooth(90, 70), SegmentSettings(segmentation="grid", segments=12))
    heights = np.diff(np.flatnonzero(np.diff(found.labels[:, 0], prepend=-1, append=-1)))
    assert found.count == 12
    assert heights.max() - heights.min() <= 1


def test_large_pictures_are_cut_up_at_a_bounded_resolution():
    """Two halves of 6 megapixels: their border stays in its place."""
    pixels = np.zeros((2000, 3000, 3), np.uint8)
    pixels[:, 1311:] = 255
    found = superpixels(
        Image.fromarray(pixels), SegmentSettings(segmentation="felzenszwalb", sigma=0, scale=1, min_size=400)
    )
    assert found.box == Box(0, 0, 3000, 2000)
    height, width = found.labels.shape
    assert abs(height * width / module.SEGMENTED_PIXELS - 1) < 0.01
    assert abs(width / height - 1.5) < 0.01
    assert found.count == 2
    seen = through_crop(found, found.box, (20, 3000))
    edges = (seen[:, :-1] != seen[:, 1:]).nonzero()[1]
    assert (np.abs(edges - 1311) <= 3000 / width + 1).all()
    thin = superpixels(Image.new("RGB", (300_000, 8)), SegmentSettings(segmentation="grid", segments=10))
    assert thin.count == 10


def test_quickshift_and_felzenszwalb_are_those_of_the_lime_package():
    scikit_image = pytest.importorskip("lime.wrappers.scikit_image", reason="the lime package is not installed")
    preprocess = Preprocess((96, 96), 100)
    batch = make_batch([smooth(150, 120)], preprocess)
    seen = np.asarray(to_picture(batch.inputs[0], preprocess))
    lime = scikit_image.SegmentationAlgorithm("quickshift", kernel_size=4, max_dist=200, ratio=0.2, random_seed=7)
    ours = segments_of(batch, 0, SegmentSettings(segmentation="quickshift", segment_input=True))
    assert ours.max() > 2
    assert np.array_equal(ours, module.numbered(lime(seen))[0])
    lime = scikit_image.SegmentationAlgorithm("felzenszwalb", scale=30, sigma=1, min_size=20)
    wanted = SegmentSettings(segmentation="felzenszwalb", scale=30, min_size=20, segment_input=True)
    assert np.array_equal(segments_of(batch, 0, wanted), module.numbered(lime(seen))[0])


def test_the_seed_breaks_ties_of_quickshift():
    flat = Image.new("RGB", (40, 40), (120, 30, 30))
    wanted = SegmentSettings(segmentation="quickshift", kernel_size=2, max_dist=5)
    one, two = superpixels(flat, wanted, seed=1), superpixels(flat, wanted, seed=2)
    assert not np.array_equal(one.labels, two.labels)
    assert np.array_equal(one.labels, superpixels(flat, wanted, seed=1).labels)


# ---------------------------------------------------------------- through a crop


def each_pixel(width: int, height: int) -> Superpixels:
    """Every pixel a superpixel of its own."""
    labels = np.arange(width * height, dtype=np.int32).reshape(height, width)
    return Superpixels(labels, width * height, Box(0, 0, width, height))


@quick
@given(sides, sides)
def test_the_whole_picture_at_its_own_size_is_the_labels(width, height):
    found = each_pixel(width, height)
    seen = through_crop(found, found.box, (height, width))
    assert seen.dtype == np.int32
    assert np.array_equal(seen, found.labels)


numbers = st.floats(-100, 100).map(lambda number: round(number, 3))


@quick
@given(numbers, numbers, st.floats(0.5, 200), st.floats(0.5, 200), sides, sides)
def test_labels_seen_through_their_own_box_are_themselves(left, top, wide, high, width, height):
    found = replace(each_pixel(width, height), box=Box(left, top, left + wide, top + high))
    assert np.array_equal(through_crop(found, found.box, (height, width)), found.labels)


@quick
@given(
    sides,
    sides,
    st.integers(4, 60),
    st.integers(4, 60),
    st.one_of(st.none(), st.integers(8, 80), st.tuples(st.integers(8, 60), st.integers(8, 60))),
    st.sampled_from(["center", "squash", "border"]),
)
def test_a_crop_shows_what_prepare_cuts_out(width, height, crop_h, crop_w, resize, crop):
    """A picture whose red is x and whose green is y, resized without blending: its pixels say where they were."""
    y, x = np.mgrid[:height, :width].astype(np.uint8)
    picture = Image.fromarray(np.stack([x, y, np.full_like(x, 255)], axis=-1))
    preprocess = Preprocess((crop_h, crop_w), resize, crop, "nearest", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    inputs, box = prepare(picture, preprocess)
    red, green, blue = (inputs.double() * 255).round().long().numpy()
    expected = np.where(blue == 255, green * width + red, -1)
    seen = through_crop(each_pixel(width, height), box, (crop_h, crop_w))
    # Where a centre falls on the border of two pixels, rounding may choose either.
    across = box.left + (np.arange(crop_w) + 0.5) * box.width / crop_w
    down = box.top + (np.arange(crop_h) + 0.5) * box.height / crop_h
    sure = np.ix_(np.abs(down - np.round(down)) > 1e-6, np.abs(across - np.round(across)) > 1e-6)
    assert np.array_equal(seen[sure], expected[sure])
    assert ((seen == -1) == (expected == -1)).all()


def test_beyond_the_picture_there_is_nothing():
    seen = through_crop(each_pixel(2, 2), Box(-2, -1, 4, 3), (4, 6))
    assert seen.tolist() == [[-1] * 6, [-1, -1, 0, 1, -1, -1], [-1, -1, 2, 3, -1, -1], [-1] * 6]


# ---------------------------------------------------------------- images of a batch


@pytest.fixture
def batch() -> Batch:
    return make_batch([smooth(70, 50), smooth(50, 90, 1)], Preprocess((32, 32), 36))


def test_classifiers_share_a_pictures_superpixels(batch, monkeypatch):
    calls = []

    def counted(*given):
        calls.append(1)
        return module_of_segmenters.segment(*given)

    monkeypatch.setattr(module, "segment", counted)
    assert batch.pictures is not None
    wide = make_batch(batch.pictures, Preprocess((48, 48), 48), ["other", "names"])
    for one, other in ((batch, wide), (batch.take([1]), wide.take([1]))):
        small, large = segments_of(one, 0, SLIC), segments_of(other, 0, SLIC)
        assert small.shape == (32, 32)
        assert large.shape == (48, 48)
        # the middle of both crops is the middle of the picture
        assert small[16, 16] == large[24, 24]
        assert np.array_equal(superpixels_of(one, 0, SLIC).labels, superpixels_of(other, 0, SLIC).labels)
    assert len(calls) == 2
    segments_of(batch, 0, GRID)
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("segmentation", "read"),
    [
        ("slic", {"segments": 10}),
        ("slic", {"compactness": 200}),
        ("slic", {"iterations": 1}),
        ("slic", {"sigma": 4}),
        ("grid", {"segments": 10}),
        ("felzenszwalb", {"scale": 10}),
        ("felzenszwalb", {"sigma": 0}),
        ("felzenszwalb", {"min_size": 10}),
        ("quickshift", {"kernel_size": 1}),
        ("quickshift", {"max_dist": 5}),
        ("quickshift", {"ratio": 1}),
    ],
)
def test_every_setting_matters_and_what_is_kept_is_told_apart_by_it(batch, segmentation, read):
    plain = segments_of(batch, 0, SegmentSettings(segmentation=segmentation))
    other = segments_of(batch, 0, SegmentSettings(segmentation=segmentation, **read))
    assert not np.array_equal(plain, other)


def test_pictures_are_told_apart_by_their_pixels(batch):
    """Batches made without identities number their pictures from 0, each of them."""
    other = make_batch([smooth(70, 50, 5)], Preprocess((32, 32), 36))
    assert other.identities[0] == batch.identities[0]
    assert not np.array_equal(segments_of(batch, 0, SLIC), segments_of(other, 0, SLIC))


@pytest.mark.parametrize("segment_input", [False, True])
def test_perturbed_inputs_keep_their_superpixels(batch, segment_input):
    wanted = SegmentSettings(segments=30, segment_input=segment_input)
    before = segments_of(batch, 0, wanted)
    module.CACHE.clear()
    assert np.array_equal(segments_of(replace(batch, inputs=torch.zeros_like(batch.inputs)), 0, wanted), before)


def test_an_input_can_be_cut_up_instead(batch):
    wanted = SegmentSettings(segments=30, segment_input=True)
    found = superpixels_of(batch, 1, wanted)
    assert found.box == batch.boxes[1]
    assert found.labels.shape == (32, 32)
    expected = superpixels(to_picture(batch.inputs[1], batch.preprocess), SLIC)
    assert np.array_equal(found.labels, expected.labels)
    assert np.array_equal(segments_of(batch, 1, wanted), expected.labels)
    assert not np.array_equal(segments_of(batch, 1, SLIC), expected.labels)
    grey = make_batch([smooth(70, 50)], Preprocess((28, 28), 28, mean=(0.5,), std=(0.5,)))
    assert segments_of(grey, 0, wanted).shape == (28, 28)


def test_without_pictures_there_are_no_superpixels(batch):
    with pytest.raises(InputError, match="make_batch"):
        segments_of(replace(batch, pictures=None), 0, SLIC)
    with pytest.raises(InputError, match="preprocessing"):
        segments_of(replace(batch, preprocess=None), 0, SegmentSettings(segment_input=True))
    assert segments_of(replace(batch, preprocess=None), 0, SLIC).shape == (32, 32)
