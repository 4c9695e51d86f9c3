"""Layouts: conversions both ways, and reading them from shapes."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crosslight.models.taps import Layout
from crosslight.models.taps.layout import find_layout

layouts = st.builds(
    lambda kind, h, w, prefix: Layout(kind, h, w, prefix if "L" in kind else 0),
    st.sampled_from(["NCHW", "NHWC", "NLC", "NCL", "LNC"]),
    st.integers(2, 5),
    st.integers(2, 5),
    st.integers(0, 3),
)


def native_for(layout: Layout, batch: int = 2, channels: int = 3) -> torch.Tensor:
    length = layout.prefix + layout.height * layout.width
    sizes = {"N": batch, "C": channels, "H": layout.height, "W": layout.width, "L": length}
    return torch.randn([sizes[axis] for axis in layout.kind])


@given(layouts)
def test_there_and_back(layout: Layout) -> None:
    native = native_for(layout)
    features = layout.to_features(native)
    assert features.shape == (2, 3, layout.height, layout.width)
    assert features.data_ptr() - native.data_ptr() >= 0
    assert features._base is native or features is native or features._base is not None
    assert torch.equal(layout.to_native(features, native), native)
    assert layout.channels(native.shape) == 3


@given(layouts)
def test_repeats_keep_each_images_prefix(layout: Layout) -> None:
    native = native_for(layout)
    features = torch.randn(6, 3, layout.height, layout.width)
    repeated = layout.to_native(features, native)
    for i in range(3):
        rows = repeated.narrow(layout.batch_axis, 2 * i, 2)
        assert torch.equal(layout.to_features(rows), features[2 * i : 2 * i + 2])
        if layout.prefix:
            axis = layout.kind.index("L")
            assert torch.equal(rows.narrow(axis, 0, layout.prefix), native.narrow(axis, 0, layout.prefix))


def test_channels_last_memory_stays() -> None:
    native = torch.randn(2, 8, 4, 4).to(memory_format=torch.channels_last)
    layout = Layout("NCHW", 4, 4)
    assert layout.to_native(native.contiguous(), native).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("shape", "image", "expected"),
    [
        ((1, 512, 7, 7), (224, 224), Layout("NCHW", 7, 7)),
        ((1, 7, 7, 768), (224, 224), Layout("NHWC", 7, 7)),
        ((1, 197, 384), (224, 224), Layout("NLC", 14, 14, 1)),
        ((1, 198, 384), (224, 224), Layout("NLC", 14, 14, 2)),
        ((1, 196, 384), (224, 224), Layout("NLC", 14, 14)),
        ((1, 384, 196), (224, 224), None),  # not without a map of that size
        ((1, 9, 320), (64, 64), Layout("NLC", 3, 3)),
        ((197, 1, 384), (224, 224), Layout("LNC", 14, 14, 1)),
        ((1, 1, 256), (224, 224), None),
        ((1, 512, 1, 1), (224, 224), None),
        ((1, 512, 7, 5), (224, 224), None),
        ((1, 512, 7, 10), (224, 320), Layout("NCHW", 7, 10)),
        ((1, 512, 5, 3), (150, 100), Layout("NCHW", 5, 3)),
        ((1, 512, 7, 10), (320, 224), None),
        ((1, 121, 64), (160, 192), Layout("NLC", 10, 12, 1)),
        ((1, 1000), (224, 224), None),
    ],
)
def test_reading_shapes(shape: tuple[int, ...], image: tuple[int, int], expected: Layout | None) -> None:
    assert find_layout(shape, image) == expected


def test_known_prefix_and_known_grids_decide() -> None:
    shape = (1, 25, 64)  # 5x5 cells, or 9 tokens and 4x4 cells
    assert find_layout(shape, (64, 64)) == Layout("NLC", 5, 5)
    assert find_layout(shape, (64, 64), prefix_tokens=9) == Layout("NLC", 4, 4, 9)
    assert find_layout(shape, (64, 64), seen={(4, 4)}) == Layout("NLC", 4, 4, 9)


def test_flattened_maps_have_the_grid_of_a_map() -> None:
    """Both orders of the axes may hold a grid; 32 x 32 cells here would be the width of 512 latent vectors."""
    assert find_layout((1, 64, 49), (224, 224)) == Layout("NLC", 8, 8)
    assert find_layout((1, 64, 49), (224, 224), seen={(7, 7)}) == Layout("NCL", 7, 7)
    assert find_layout((1, 24, 16), (32, 32), seen={(4, 4)}) == Layout("NCL", 4, 4)
    assert find_layout((1, 512, 1024), (224, 224), seen={(56, 56)}) is None


def test_no_more_prefix_tokens_than_cells() -> None:
    assert find_layout((1, 8, 320), (64, 64)) == Layout("NLC", 2, 2, 4)
    assert find_layout((1, 320, 9), (64, 64), seen={(2, 2)}) is None
