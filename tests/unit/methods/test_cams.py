"""The CAM family on features whose maps can be worked out by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.evidence import FeatureEvidence
from crosslight.methods import METHODS

CAMS = ("grad-cam", "grad-cam-plus-plus", "hires-cam", "xgrad-cam", "layer-cam", "eigen-cam")


def evidence(activations: torch.Tensor, gradients: torch.Tensor) -> FeatureEvidence:
    return FeatureEvidence(activations, gradients, torch.zeros(len(activations)), None)  # type: ignore[arg-type]


def cam(name: str, activations: torch.Tensor, gradients: torch.Tensor, **settings) -> torch.Tensor:
    return METHODS[name].function(evidence(activations, gradients), **settings)


def random(seed: int, positive: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    a, g = torch.randn((2, 3, 6, 4, 5), generator=generator, dtype=torch.float64)
    return (a.abs() if positive else a), g


def test_by_hand() -> None:
    activations = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]]])
    gradients = torch.tensor([[[[1.0, -1.0], [1.0, -1.0]], [[2.0, 2.0], [2.0, 2.0]]]])
    assert cam("grad-cam", activations, gradients).tolist() == [[[2.0, 0.0], [0.0, 2.0]]]
    assert cam("hires-cam", activations, gradients).tolist() == [[[3.0, -2.0], [3.0, -2.0]]]
    assert cam("layer-cam", activations, gradients).tolist() == [[[3.0, 0.0], [3.0, 2.0]]]
    # weights: (1 - 2 + 3 - 4) / 10 and 2
    expected = torch.tensor([[[1.8, -0.4], [-0.6, 1.2]]])
    assert torch.allclose(cam("xgrad-cam", activations, gradients), expected)
    # alpha = 1 / (2 + sum(A) g): 1/12 where g = 1 (g = -1 is rectified away), 1/6 everywhere in channel two
    first, second = 2 * 1 / 12, 4 * 2 / 6
    expected = torch.tensor([[[first + second, 2 * first], [3 * first, 4 * first + second]]])
    assert torch.allclose(cam("grad-cam-plus-plus", activations, gradients), expected)


@given(seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_where_gradients_are_uniform_grad_cam_and_hires_cam_agree(seed: int) -> None:
    activations, gradients = random(seed)
    uniform = gradients.mean(dim=(-2, -1), keepdim=True).expand_as(gradients)
    maps = [cam(name, activations, uniform) for name in ("grad-cam", "hires-cam", "xgrad-cam")]
    assert torch.allclose(maps[0], maps[1])
    assert torch.allclose(maps[0], maps[2])


@given(seed=st.integers(0, 1000), scale=st.floats(1e-6, 1e6))
@settings(max_examples=25)
def test_scaling_the_score_scales_linear_maps(seed: int, scale: float) -> None:
    activations, gradients = random(seed)
    for name in ("grad-cam", "hires-cam", "xgrad-cam", "layer-cam"):
        scaled = cam(name, activations, gradients * scale)
        assert torch.allclose(scaled, cam(name, activations, gradients) * scale, rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("name", CAMS)
@pytest.mark.parametrize("fill", [0.0, 1.0])
def test_flat_features_give_finite_maps(name: str, fill: float) -> None:
    features = torch.full((2, 3, 4, 4), fill)
    for gradients in (torch.zeros_like(features), torch.full_like(features, -1e-30)):
        assert torch.isfinite(cam(name, features, gradients)).all()


@given(seed=st.integers(0, 1000), positive=st.booleans(), centre=st.booleans())
@settings(max_examples=25)
def test_eigen_cam_is_the_first_principal_component(seed: int, positive: bool, centre: bool) -> None:
    activations, gradients = random(seed, positive)
    ours = cam("eigen-cam", activations, gradients, centre=centre).flatten(1)
    cells = activations.flatten(2).transpose(1, 2)
    if centre:
        cells = cells - cells.mean(dim=1, keepdim=True)
    _, _, basis = torch.linalg.svd(cells, full_matrices=False)
    expected = (cells @ basis[:, 0, :, None])[..., 0]
    sign = torch.sign((ours * expected).sum(1, keepdim=True))
    assert torch.allclose(ours, sign * expected, atol=1e-8)


def test_eigen_cam_takes_either_gram_matrix() -> None:
    activations, gradients = random(0)
    wide = cam("eigen-cam", activations.repeat(1, 10, 1, 1), gradients)  # more channels than cells
    narrow = cam("eigen-cam", activations, gradients)  # fewer
    assert torch.allclose(wide, narrow * 10**0.5)


def test_eigen_cam_of_positive_features_is_positive() -> None:
    activations, gradients = random(3)
    assert (cam("eigen-cam", activations, gradients) > 0).all()
