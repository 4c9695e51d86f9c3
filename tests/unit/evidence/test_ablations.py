"""Channels set to zero, one after the other, equal to doing so inside the whole network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from crosslight.core.targets import TargetPolicy, parse_target
from crosslight.evidence import AblationOutcomes, Gathering
from crosslight.images import Batch
from crosslight.methods import contract
from crosslight.models import Classifier
from crosslight.models.taps import modules_run_by

OWN = TargetPolicy()
SETTINGS = AblationOutcomes.Settings()


@pytest.fixture(params=["_Convolutional", "_Transformer"])
def classifier(request: pytest.FixtureRequest) -> Classifier:
    classifier = contract._classifier(getattr(contract, request.param))
    classifier.network.double()
    return classifier


@pytest.fixture
def batch() -> Batch:
    batch = contract._batch().take([0, 1, 2])
    return replace(batch, inputs=batch.inputs.double())


def naive(classifier: Classifier, inputs: Tensor, channel: int, depth: float = 1.0) -> Tensor:
    """Logits of the whole network with one channel of its features set to zero."""
    site = classifier.site(depth)

    def zero(_module, _inputs, output: Tensor) -> Tensor:
        changed = output.clone()
        site.layout.to_features(changed)[:, channel] = 0
        return changed

    with torch.no_grad(), classifier.evaluating() as network:
        handle = network.get_submodule(site.module).register_forward_hook(zero)
        try:
            return network(inputs)
        finally:
            handle.remove()


@pytest.mark.parametrize("size", [1, 2, 4, 7])
def test_equal_to_the_whole_network(classifier: Classifier, batch: Batch, size: int) -> None:
    gathering = Gathering(classifier, batch, batch_size=size, policies=[OWN, parse_target("rank:3")[0]])
    evidence = gathering.get(AblationOutcomes, SETTINGS, OWN)
    channels = classifier.site().channels
    assert evidence.outcomes.counts() == [1 + channels] * 3
    untouched = classifier.logits(batch.inputs)
    for image, (classes, logits) in enumerate(zip(evidence.outcomes.classes, evidence.outcomes.logits, strict=True)):
        assert len(classes) == 2
        assert torch.allclose(logits[0], untouched[image, classes])
        assert torch.allclose(evidence.outcomes.normalisers[image][0], untouched[image].logsumexp(dim=0))
        for channel in (0, 1, channels // 2, channels - 1):
            expected = naive(classifier, batch.inputs, channel)[image]
            assert torch.allclose(logits[1 + channel], expected[classes])
            assert torch.allclose(evidence.outcomes.normalisers[image][1 + channel], expected.logsumexp(dim=0))
        assert not torch.allclose(logits[0], logits[1])


def test_at_another_depth(classifier: Classifier, batch: Batch) -> None:
    depth = 0.5
    evidence = Gathering(classifier, batch, batch_size=4).get(
        AblationOutcomes, AblationOutcomes.Settings(depth=depth), OWN
    )
    assert evidence.activations.shape[1:] == (classifier.site(depth).channels, *classifier.site(depth).resolution)
    expected = naive(classifier, batch.inputs, 3, depth)
    for image, classes in enumerate(evidence.outcomes.classes):
        assert torch.allclose(evidence.outcomes.logits[image][4], expected[image, classes])


def test_the_features_are_left_as_they_were(classifier: Classifier, batch: Batch) -> None:
    gathering = Gathering(classifier, batch, batch_size=4)
    before = [part.activations.clone() for part in gathering.features(gathering.classifier.site())]
    gathering.get(AblationOutcomes, SETTINGS, OWN)
    for part, was in zip(gathering.features(gathering.classifier.site()), before, strict=True):
        assert torch.equal(part.activations, was)


def counted(run: Callable[[], object], classifier: Classifier) -> list[str]:
    with classifier.evaluating() as network, modules_run_by(network) as ran:
        run()
    return ran


def test_nothing_before_the_features_runs_again(batch: Batch) -> None:
    classifier = contract._classifier(contract._Convolutional)
    classifier.network.double()
    _ = classifier.sites
    gathering = Gathering(classifier, batch, batch_size=8)
    ran = counted(lambda: gathering.get(AblationOutcomes, SETTINGS, OWN), classifier)
    assert ran.count("body.0") <= 2, "one pass, or another where the network overwrites what it returned"
    assert ran.count("head") >= 25 // 2
    assert gathering.evaluations == 3 * AblationOutcomes.evaluations(SETTINGS) == 3
    known = counted(lambda: gathering.get(AblationOutcomes, SETTINGS, parse_target("rank:2")[0]), classifier)
    assert "body.0" not in known, "the features of another target are known"
    assert torch.allclose(gathering.logits, classifier.logits(batch.inputs))


def test_parts_of_the_batch_inherit(classifier: Classifier, batch: Batch) -> None:
    gathering = Gathering(classifier, batch, batch_size=4)
    whole = gathering.get(AblationOutcomes, SETTINGS, OWN)
    part = gathering.rows([2]).get(AblationOutcomes, SETTINGS, OWN)
    assert torch.equal(part.outcomes.logits[0], whole.outcomes.logits[2])
    assert torch.allclose(part.activations[0], whole.activations[2])
