"""Quadrature rules: weights, nodes, and the degree to which each is exact."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crosslight.evidence.quadrature import RULES, nodes_and_weights


@given(rule=st.sampled_from(RULES), steps=st.integers(1, 60))
def test_weights_sum_to_one_and_nodes_lie_inside(rule: str, steps: int) -> None:
    nodes, weights = nodes_and_weights(rule, steps)
    assert nodes.shape == weights.shape == (steps,)
    assert nodes.dtype == weights.dtype == torch.float64
    assert float(weights.sum()) == pytest.approx(1)
    assert float(nodes.min()) >= 0
    assert float(nodes.max()) <= 1


@given(steps=st.integers(1, 12), data=st.data())
def test_gauss_legendre_is_exact_to_its_degree(steps: int, data: st.DataObject) -> None:
    degree = data.draw(st.integers(0, 2 * steps - 1))
    nodes, weights = nodes_and_weights("gauss-legendre", steps)
    assert float((weights * nodes**degree).sum()) == pytest.approx(1 / (degree + 1), rel=1e-10)


def test_published_riemann_rule_takes_the_right_ends() -> None:
    nodes, weights = nodes_and_weights("riemann-right", 4)
    assert nodes.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert weights.tolist() == [0.25] * 4


def test_trapezoid_is_exact_for_lines() -> None:
    nodes, weights = nodes_and_weights("trapezoid", 5)
    assert float((weights * (3 * nodes + 1)).sum()) == pytest.approx(2.5)


def test_unknown_rule() -> None:
    with pytest.raises(ValueError, match="gauss-legendre"):
        nodes_and_weights("simpson", 3)
