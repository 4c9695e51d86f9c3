"""The same pictures measured again: with other inputs, on another classifier, with targets that are given."""

from __future__ import annotations

import torch

from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering, InputGradients
from crosslight.evidence.targets import Targets

OWN = TargetPolicy()


def test_other_inputs_keep_all_that_belongs_to_the_pictures(quadratic, batch):
    first = Gathering(quadratic, batch, batch_size=2, seed=7)
    assert first.predicted is False
    _ = first.logits
    other = first.anew(inputs=batch.inputs + 1)
    assert torch.equal(other.inputs, batch.inputs + 1)
    assert other.batch.identities == batch.identities
    assert (other.batch_size, other.seed, other.predicted, other.evaluations) == (2, 7, False, 0)
    assert other.classifier is quadratic
    assert torch.equal(first.inputs, batch.inputs)


def test_targets_that_are_given_hold(quadratic, batch):
    gathering = Gathering(quadratic, batch)
    given = Targets(torch.tensor([2, 1, 0, 2, 1]), torch.full((5,), -1))
    gathering.offer_targets(OWN, given)
    gathering.offer_targets(OWN, Targets(given.against, given.against))  # too late
    assert torch.equal(gathering.targets(OWN).classes, given.classes)
    found = gathering.get(InputGradients, InputGradients.Settings(), OWN).gradients
    torch.testing.assert_close(found, 2 * (batch.inputs - given.classes[:, None, None, None]))
    part = gathering.rows([3, 1])
    assert part.targets(OWN).classes.tolist() == [2, 1]
