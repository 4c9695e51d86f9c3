"""The contrast against its definition, written out pair by pair."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crosslight.scenes.encoder.loss import contrast


def by_hand(logits: np.ndarray, holds: np.ndarray) -> float:
    rows = []
    for values, known in zip(logits, holds, strict=True):
        false = sum(math.exp(v) for v, h in zip(values, known, strict=True) if h < 0)
        each = [-math.log(math.exp(v) / (math.exp(v) + false)) for v, h in zip(values, known, strict=True) if h > 0]
        if each:
            rows.append(sum(each) / len(each))
    return sum(rows) / len(rows) if rows else 0.0


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32))
def test_definition(pictures, texts, seed):
    rng = np.random.default_rng(seed)
    logits, holds = rng.normal(0, 3, (pictures, texts)), rng.integers(-1, 2, (pictures, texts))
    wanted = (by_hand(logits, holds) + by_hand(logits.T, holds.T)) / 2
    assert float(contrast(torch.from_numpy(logits), torch.from_numpy(holds))) == pytest.approx(wanted, abs=1e-9)


def test_one_true_text_each_is_cross_entropy():
    logits = torch.randn(6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    holds, own = 2 * torch.eye(6) - 1, torch.arange(6)
    entropy = torch.nn.functional.cross_entropy
    wanted = (entropy(logits, own) + entropy(logits.T, own)) / 2
    assert float(contrast(logits, holds)) == pytest.approx(float(wanted))


def test_what_is_not_known_has_no_gradient():
    logits = torch.zeros(2, 3, requires_grad=True)
    contrast(logits, torch.tensor([[1, -1, 0], [-1, 1, 0]])).backward()
    assert (logits.grad[:, 2] == 0).all()
    assert (logits.grad[:, :2] != 0).all()
