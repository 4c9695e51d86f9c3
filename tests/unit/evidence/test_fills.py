from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from pydantic import TypeAdapter, ValidationError
from scipy.ndimage import gaussian_filter
from torch import Tensor

from crosslight.core.errors import InputError
from crosslight.core.geometry import Preprocess
from crosslight.evidence.fills import NAMES, Fill, check_fill, make_fill
from crosslight.images import prepare

COLOUR = Preprocess((12, 16), (12, 16))
GREY = Preprocess((12, 16), (12, 16), mean=(0.45,), std=(0.22,))
MEAN, STD = (torch.tensor(values)[:, None, None] for values in (COLOUR.mean, COLOUR.std))


@pytest.fixture
def inputs() -> Tensor:
    return torch.randn((3, 3, 12, 16), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def labels() -> Tensor:
    numbers = torch.randint(-1, 6, (3, 12, 16), generator=torch.Generator().manual_seed(1))
    numbers[1] = 4  # one part, whose number is not 0
    return numbers


@pytest.mark.parametrize("preprocess", [COLOUR, GREY], ids=["colour", "grey"])
@pytest.mark.parametrize(
    ("fill", "colour", "levels"),
    [
        ("black", (0, 0, 0), 0),
        ("white", (255, 255, 255), 0),
        ("grey", (127, 127, 127), 0.5),
        ("#ff8000", (255, 128, 0), 0),
        ("#0A141E", (10, 20, 30), 0),
    ],
)
def test_a_colour_is_what_the_classifier_sees_of_it(preprocess, fill, colour, levels):
    seen, _ = prepare(Image.new("RGB", (32, 24), colour), preprocess)
    filled = make_fill(seen[None].repeat(2, 1, 1, 1), None, fill, preprocess)
    assert filled.shape == (2, *seen.shape)
    rounding = levels + (0.51 if preprocess is GREY else 0.01)  # grey pictures have whole levels
    assert ((filled - seen).abs() * torch.tensor(preprocess.std)[:, None, None] * 255).max() < rounding


def test_zero_and_mean(inputs):
    assert make_fill(inputs, None, "zero", COLOUR).count_nonzero() == 0
    filled = make_fill(inputs, None, "mean", COLOUR)
    assert filled.shape == inputs.shape
    assert torch.allclose(filled, inputs.mean(dim=(2, 3), keepdim=True).expand_as(inputs), atol=1e-6)
    # the mean of the colours, and not only of the normalised values
    seen = (inputs * STD + MEAN).mean(dim=(2, 3))
    assert torch.allclose((filled * STD + MEAN)[:, :, 0, 0], seen, atol=1e-6)


def test_segment_means(inputs, labels):
    filled = make_fill(inputs, labels, "segment-mean", COLOUR)
    for image in range(3):
        for part in labels[image].unique().tolist():
            where = labels[image] == part
            own = inputs[image][:, where]
            expected = own if part == -1 else own.mean(dim=1, keepdim=True).expand_as(own)
            assert torch.allclose(filled[image][:, where], expected, atol=1e-6)
    assert torch.equal(filled, make_fill(inputs, labels.int().numpy(), "segment-mean", COLOUR))


@settings(max_examples=30, deadline=None)
@given(arrays(np.int32, (1, 4, 5), elements=st.integers(-1, 4)), st.integers(0, 99))
def test_segment_means_keep_the_sum_and_stay_when_made_again(labels, seed):
    values = torch.randn((1, 3, 4, 5), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    before = values.clone()
    filled = make_fill(values, labels, "segment-mean", COLOUR)
    assert torch.equal(values, before)
    assert torch.allclose(filled.sum(), values.sum())
    assert torch.allclose(make_fill(filled, labels, "segment-mean", COLOUR), filled)


def fudged_by_lime(image: np.ndarray, labels: np.ndarray, hide_color: object = None) -> np.ndarray:
    """The image of which the lime package shows the parts that it hides."""
    lime_image = pytest.importorskip("lime.lime_image", reason="the lime package is not installed")

    class Stopped(Exception):
        pass

    class Explainer(lime_image.LimeImageExplainer):  # type: ignore[misc,name-defined]
        def data_labels(self, image, fudged_image, segments, *others, **more):
            raise Stopped(fudged_image)

    with pytest.raises(Stopped) as stopped:
        Explainer().explain_instance(
            image, lambda images: images, hide_color=hide_color, segmentation_fn=lambda _: labels
        )
    return stopped.value.args[0]


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_segment_means_are_those_of_the_lime_package(labels, dtype):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 16, 3)).astype(dtype)
    inputs = (torch.from_numpy(pixels / 255).permute(2, 0, 1) - MEAN) / STD
    which = labels[0].clamp(min=0)
    filled = make_fill(inputs[None], which[None], "segment-mean", COLOUR)[0]
    ours = ((filled * STD + MEAN) * 255).permute(1, 2, 0).double().numpy()
    theirs = fudged_by_lime(pixels, which.numpy()).astype(np.float64)
    assert np.abs(ours - pixels).max() > 50
    if dtype == np.uint8:  # lime cuts what follows the point
        assert np.array_equal(np.floor(ours + 1e-6), theirs)
    else:
        assert np.abs(ours - theirs).max() < 1e-4


def test_black_is_that_of_the_lime_package():
    pixels = np.random.default_rng(0).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    theirs, _ = prepare(Image.fromarray(fudged_by_lime(pixels, np.zeros((12, 16), int), 0)), COLOUR)
    assert torch.allclose(make_fill(theirs[None], None, "black", COLOUR)[0], theirs, atol=1e-6)


@pytest.mark.parametrize(("fill", "share"), [("blur", 0.05), ("blur:0.1", 0.1)])
def test_blur_is_a_gaussian_of_that_width(fill, share):
    point = torch.zeros((1, 1, 121, 141), dtype=torch.float64)
    point[0, 0, 60, 70] = 1
    blurred = make_fill(point, None, fill, GREY)[0, 0]
    assert float(blurred.sum()) == pytest.approx(1)
    y, x = (torch.arange(n, dtype=torch.float64) - n // 2 for n in blurred.shape)
    for values, at in ((blurred.sum(1), y), (blurred.sum(0), x)):
        assert float((values * at.square()).sum().sqrt()) == pytest.approx(share * 121, rel=0.01)


def test_blur_mirrors_the_image_and_leaves_channels_and_images_apart(inputs):
    blurred = make_fill(inputs, None, "blur:0.2", COLOUR)
    for image in range(3):
        for channel in range(3):
            expected = gaussian_filter(inputs[image, channel].double().numpy(), 2.4, mode="reflect")
            assert np.abs(blurred[image, channel].numpy() - expected).max() < 1e-6
    flat = torch.full((1, 3, 12, 16), 0.7)
    assert torch.allclose(make_fill(flat, None, "blur", COLOUR), flat)


@pytest.mark.parametrize("fill", [*NAMES, "#102030", "blur:0.1"])
def test_a_fill_is_the_same_in_every_batch_and_leaves_the_inputs_alone(inputs, labels, fill):
    before = inputs.clone()
    filled = make_fill(inputs, labels, fill, COLOUR)
    assert torch.equal(inputs, before)
    assert filled.data_ptr() != inputs.data_ptr()
    assert (filled.shape, filled.dtype, filled.device) == (inputs.shape, inputs.dtype, inputs.device)
    for image in range(3):
        alone = make_fill(inputs[[image]], labels[[image]], fill, COLOUR)
        assert torch.equal(alone[0], filled[image])
    assert make_fill(inputs.bfloat16(), labels, fill, COLOUR).dtype == torch.bfloat16


def test_segment_means_need_labels_that_fit(inputs, labels):
    with pytest.raises(InputError, match="needs superpixels"):
        make_fill(inputs, None, "segment-mean", COLOUR)
    with pytest.raises(InputError, match=r"must be \[3, 12, 16\].*not \[2, 12, 16\]"):
        make_fill(inputs, labels[:2], "segment-mean", COLOUR)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("mean", "mean"),
        (" Segment-Mean ", "segment-mean"),
        ("#FF8000", "#ff8000"),
        ("blur:0.05", "blur"),
        ("blur:.10", "blur:0.1"),
        ("blur:1", "blur:1"),
    ],
)
def test_each_fill_has_one_spelling(written, meant):
    assert check_fill(written) == meant
    assert TypeAdapter(Fill).validate_python(written) == meant


@pytest.mark.parametrize(
    "wrong", ["", "gray", "#fff", "ff8000", "blur:0", "blur:1.5", "blur:x", "blur:", "#gg0000", "blur:nan"]
)
def test_other_fills_are_refused(inputs, wrong):
    with pytest.raises(ValidationError, match="must be mean, segment-mean, black"):
        TypeAdapter(Fill).validate_python(wrong)
    with pytest.raises(InputError, match="must be mean, segment-mean, black"):
        make_fill(inputs, None, wrong, COLOUR)


def test_the_nearest_name_is_told():
    with pytest.raises(ValueError, match=r"did you mean grey\?"):
        check_fill("gray")
