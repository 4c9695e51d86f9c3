from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from timm.data import create_transform
from torchvision import transforms as tv

from crosslight.core.errors import InputError
from crosslight.core.geometry import Box, Preprocess
from crosslight.images import prepare, to_picture

FILTERS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
sides = st.integers(8, 90)
quick = settings(max_examples=60, deadline=None)


def picture_of(width: int, height: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


@quick
@given(sides, sides, st.integers(4, 60), st.integers(4, 60), st.integers(4, 80), st.sampled_from(FILTERS))
def test_equals_torchvision_bit_for_bit(width, height, crop_h, crop_w, resize, interpolation):
    picture = picture_of(width, height)
    pipeline = tv.Compose(
        [
            tv.Resize(resize, tv.InterpolationMode(interpolation)),
            tv.CenterCrop((crop_h, crop_w)),
            tv.ToTensor(),
            tv.Normalize(MEAN, STD),
        ]
    )
    inputs, _ = prepare(picture, Preprocess((crop_h, crop_w), resize, "center", interpolation))
    assert inputs.dtype == torch.float32
    assert inputs.is_contiguous()
    assert torch.equal(inputs, pipeline(picture))


@quick
@given(
    sides,
    sides,
    st.one_of(st.integers(8, 60).map(lambda side: (side, side)), st.tuples(st.integers(8, 60), st.integers(8, 60))),
    st.sampled_from([0.8, 0.875, 0.9, 0.95, 1.0]),
    st.sampled_from(["center", "squash", "border"]),
    st.sampled_from(FILTERS),
)
def test_equals_timm_bit_for_bit(width, height, size, crop_pct, crop, interpolation):
    picture = picture_of(width, height)
    pipeline = create_transform(
        input_size=(3, *size),
        crop_pct=crop_pct,
        crop_mode=crop,
        interpolation=interpolation,
        mean=MEAN,
        std=STD,
    )
    preprocess = Preprocess.from_crop_pct(size, crop_pct, crop=crop, interpolation=interpolation)
    assert torch.equal(prepare(picture, preprocess)[0], pipeline(picture))


@pytest.mark.parametrize("crop", ["center", "squash", "border"])
def test_without_resize_the_crop_loses_no_border(crop):
    preprocess = Preprocess((32, 48), None, crop)
    _, box = prepare(picture_of(96, 64), preprocess)  # the same aspect ratio
    assert box == Box(0, 0, 96, 64)


@quick
@given(
    st.integers(40, 200),
    st.integers(40, 200),
    st.integers(24, 64),
    st.sampled_from([24, 40, 64, (30, 50), None]),
    st.sampled_from(["center", "squash", "border"]),
)
def test_the_box_is_where_the_pixels_come_from(width, height, crop, resize, mode):
    """A picture that encodes x in red and y in green: each pixel of the input says where it was."""
    y, x = np.mgrid[:height, :width].astype(np.uint8)
    picture = Image.fromarray(np.stack([x, y, np.full_like(x, 255)], axis=-1))
    # Padding is black in every mode here, so that blue tells it from the picture.
    preprocess = Preprocess((crop, crop), resize, mode, "bilinear", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    inputs, box = prepare(picture, preprocess)
    red, green, blue = inputs.numpy() * 255
    step_x, step_y = box.width / crop, box.height / crop
    expected_x = box.left + (np.arange(crop) + 0.5) * step_x - 0.5
    expected_y = box.top + (np.arange(crop) + 0.5) * step_y - 0.5
    # The filter is cut off at the picture's edge and no longer symmetric there.
    inner_x = (expected_x > step_x + 1) & (expected_x < width - 2 - step_x)
    inner_y = (expected_y > step_y + 1) & (expected_y < height - 2 - step_y)
    inside = np.ix_(inner_y, inner_x)
    assert (blue[inside] == 255).all()
    assert np.abs(red[inside] - expected_x[inner_x]).max(initial=0) <= 1
    assert np.abs(green[inside] - expected_y[inner_y][:, None]).max(initial=0) <= 1
    outside = (expected_x < -0.5) | (expected_x > width - 0.5)
    assert (blue[:, outside] == 0).all()


def test_a_small_picture_is_padded_and_its_box_reaches_beyond():
    inputs, box = prepare(picture_of(40, 40), Preprocess((60, 61), 30, mean=(0, 0, 0), std=(1, 1, 1)))
    assert box == Box(-20.0, -20.0, -20 + 61 * 4 / 3, 60.0)
    assert (inputs[:, :15] == 0).all()
    assert (inputs[:, 45:] == 0).all()
    assert (inputs[:, 15:45, 15:45] > 0).any()


def test_border_pads_with_the_mean():
    inputs, box = prepare(picture_of(100, 50), Preprocess((40, 40), None, "border"))
    assert box == Box(0, -25, 100, 75)
    assert inputs[:, :9].abs().max() < 0.02  # the mean, rounded to 8 bits, normalises to nearly zero


def test_long_thin_pictures_need_no_gigabytes(monkeypatch):
    from crosslight.images import transforms

    picture = picture_of(1500, 9)
    preprocess = Preprocess((32, 32), 40)
    full, box = prepare(picture, preprocess)
    monkeypatch.setattr(transforms, "_MAX_RESIZED_PIXELS", 1000)
    part, same_box = prepare(picture, preprocess)
    assert box == same_box
    assert (to_levels(full) - to_levels(part)).abs().max() < 1.01
    monkeypatch.undo()
    assert prepare(picture_of(400_000, 8), Preprocess())[0].shape == (3, 224, 224)


def to_levels(inputs: torch.Tensor) -> torch.Tensor:
    return (inputs * torch.tensor(STD)[:, None, None] + torch.tensor(MEAN)[:, None, None]) * 255


def test_one_channel_is_grey():
    picture = picture_of(50, 40)
    preprocess = Preprocess((28, 28), 28, mean=(0.1307,), std=(0.3081,))
    inputs, _ = prepare(picture, preprocess)
    pipeline = tv.Compose(
        [
            tv.Grayscale(),
            tv.Resize(28),
            tv.CenterCrop(28),
            tv.ToTensor(),
            tv.Normalize((0.1307,), (0.3081,)),
        ]
    )
    assert torch.equal(inputs, pipeline(picture))
    assert to_picture(inputs, preprocess).mode == "L"
    assert prepare(picture, Preprocess((28, 28), None, "border", mean=(0.5,), std=(1.0,)))[0].shape == (
        1,
        28,
        28,
    )


def test_other_channel_numbers_are_refused():
    with pytest.raises(InputError, match="wants 4"):
        prepare(picture_of(20, 20), Preprocess(mean=(0.5,) * 4, std=(1,) * 4))


def test_other_modes_are_converted_and_the_picture_is_left_alone():
    picture = picture_of(50, 40)
    before = picture.tobytes()
    grey = picture.convert("L")
    assert torch.equal(prepare(grey, Preprocess())[0], prepare(grey.convert("RGB"), Preprocess())[0])
    inputs, _ = prepare(picture, Preprocess((40, 50), None))
    inputs.zero_()
    assert picture.tobytes() == before


def test_to_picture_undoes_the_normalisation():
    picture = picture_of(32, 32)
    preprocess = Preprocess((32, 32), 32)
    assert to_picture(prepare(picture, preprocess)[0], preprocess).tobytes() == picture.tobytes()
    clipped = to_picture(torch.full((3, 4, 4), 99.0), preprocess)
    assert clipped.getcolors() == [(16, (255, 255, 255))]
