from __future__ import annotations

import numpy as np
import pytest

from crosslight.agreement.measures import Cells, find_measure
from crosslight.agreement.measures.ssim import window_size
from crosslight.core.errors import InputError


def by_definition(a, b, size, limit=1.0):
    """Wang's formula, window by window."""
    axis = np.exp(-((np.arange(size) - size // 2) ** 2) / (2 * 1.5**2))
    weights = np.outer(axis, axis) / np.outer(axis, axis).sum()
    values = []
    for i in range(a.shape[0] - size + 1):
        for j in range(a.shape[1] - size + 1):
            x, y = a[i : i + size, j : j + size], b[i : i + size, j : j + size]
            mx, my = (weights * x).sum(), (weights * y).sum()
            vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
            together = (weights * (x - mx) * (y - my)).sum()
            c1, c2 = (0.01 * limit) ** 2, (0.03 * limit) ** 2
            values.append((2 * mx * my + c1) * (2 * together + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    return np.mean(values)


@pytest.mark.parametrize(
    ("rows", "columns", "size"), [(13, 12, 11), (11, 20, 11), (10, 12, 9), (7, 7, 7), (3, 9, 3), (4, 4, 3)]
)
def test_the_formula_on_every_grid(rows, columns, size):
    assert window_size(rows, columns) == size
    values = np.random.default_rng(0).random((3, 2, rows * columns))
    found = find_measure("ssim:norm=none,range=2")(Cells(values, np.ones(rows * columns), (rows, columns)))
    grids = values.reshape(3, 2, rows, columns)
    for image in range(2):
        for a in range(3):
            for b in range(3):
                wanted = by_definition(grids[a, image], grids[b, image], size, 2.0)
                assert found[image, a, b] == pytest.approx(wanted, abs=1e-12)


def test_normalisation():
    values = np.random.default_rng(0).normal(size=(2, 1, 144))
    plain = Cells(values, np.ones(144), (12, 12))
    for norm, scaled in [
        ("max", values / np.abs(values).max(axis=-1, keepdims=True)),
        ("minmax", (values - values.min(-1, keepdims=True)) / np.ptp(values, axis=-1, keepdims=True)),
    ]:
        wanted = find_measure("ssim:norm=none")(Cells(scaled, np.ones(144), (12, 12)))
        np.testing.assert_allclose(find_measure(f"ssim:norm={norm}")(plain), wanted, atol=1e-12)


def test_without_any_map_everything_is_unknown():
    found = find_measure("ssim")(Cells(np.full((2, 3, 144), np.nan), np.ones(144), (12, 12)))
    assert found.shape == (3, 2, 2)
    assert np.isnan(found).all()


@pytest.mark.parametrize("grid", [(2, 8), (1, 16)])
def test_a_grid_without_room_for_a_window_is_refused(grid):
    with pytest.raises(InputError, match="3 x 3"):
        find_measure("ssim")(Cells(np.random.default_rng(0).random((2, 1, 16)), np.ones(16), grid))
