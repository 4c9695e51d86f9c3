from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from crosslight.core.errors import ModelError
from crosslight.scenes.classifiers import Recipe
from crosslight.scenes.classifiers.learner import Learner, Tokens
from crosslight.scenes.classifiers.networks import build

HELPED = Recipe(pictures=8, batch=4, steps=20, muon=0.02, tokens=1.0)


@pytest.fixture
def vit():
    torch.manual_seed(0)
    return build("vit")


def covered(rows: slice) -> torch.Tensor:
    """Two pictures with the thing in some rows."""
    shown = torch.zeros(2, 96, 96, dtype=torch.uint8)
    shown[:, rows] = 255
    return shown


def test_token_labelling_reads_every_layout_alike(vit):
    tokens, features = Tokens(vit), torch.randn(2, 64, 80)
    grid, labels = features.unflatten(1, (8, 8)), torch.tensor([3, 7])
    with_prefix = torch.cat([torch.randn(2, 1, 80), features], dim=1)
    seen = covered(slice(0, 24))
    losses = [tokens(one, seen, labels) for one in (features, with_prefix, grid, grid.permute(0, 3, 1, 2))]
    torch.testing.assert_close(torch.stack(losses), losses[0].expand(4))


def test_token_labelling_wants_the_thing_where_it_is(vit):
    tokens, labels = Tokens(vit), torch.tensor([3, 3])
    nn.init.zeros_(tokens.layer.weight)
    nn.init.zeros_(tokens.layer.bias)
    features = torch.zeros(2, 64, 80)
    features[:, :16, 0] = 1  # the two rows of patches at the top
    assert math.isclose(tokens(features, covered(slice(0, 24)), labels).item(), math.log(11), rel_tol=1e-5)
    with torch.no_grad():
        tokens.layer.weight[3, 0], tokens.layer.bias[10] = 20, 10
    assert tokens(features, covered(slice(0, 24)), labels) < 0.01
    assert tokens(features, covered(slice(72, 96)), labels) > 5


def test_muon_trains_the_matrices_inside_blocks_and_adamw_the_rest(vit):
    learner = Learner(vit, Tokens(vit), HELPED)
    adamw, muon = learner._optimizers
    of_muon = {id(p) for group in muon.param_groups for p in group["params"]}
    of_adamw = {id(p) for group in adamw.param_groups for p in group["params"]}
    inside = {id(p) for name, p in vit.named_parameters() if p.ndim == 2 and name.startswith("blocks.")}
    assert of_muon == inside
    assert not of_muon & of_adamw
    assert {id(p) for p in learner._parts.parameters()} == of_muon | of_adamw
    assert len(Learner(vit, None, Recipe())._optimizers) == 1


def test_a_helped_network_learns(vit):
    learner = Learner(vit, Tokens(vit), HELPED)
    x = torch.randint(0, 256, (4, 4, 96, 96), dtype=torch.uint8)
    losses = [learner.step(x, torch.arange(4))[0] for _ in range(HELPED.steps)]
    assert losses[-1] < losses[0] - 0.3


def test_without_muon_the_error_says_what_is_needed(vit, monkeypatch):
    monkeypatch.delattr(torch.optim, "Muon")
    with pytest.raises(ModelError, match=r"Muon.*2\.9"):
        Learner(vit, None, HELPED)
