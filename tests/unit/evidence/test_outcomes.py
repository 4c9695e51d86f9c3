"""Outcomes of variants: measured once, in batches across images, shared by targets and by parts of the batch."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.geometry import Box, Preprocess
from crosslight.core.targets import TargetPolicy, parse_target
from crosslight.evidence import Gathering
from crosslight.evidence.outcomes import Outcomes, joined, score_of
from crosslight.images import Batch
from crosslight.models import Classifier

from .conftest import Quadratic

OWN = TargetPolicy()
SECOND = parse_target("rank:2")[0]
CONTRAST = parse_target("contrast:2:0")[0]


def darker(gathering: Gathering):
    """Variant i of an image is the image divided by i + 1."""

    def write(image: int, variants: range, out: torch.Tensor) -> None:
        for row, variant in enumerate(variants):
            out[row] = gathering.inputs[image] / (variant + 1)

    return write


def measured(gathering: Gathering, counts, policy=OWN, key="darker") -> Outcomes:
    return gathering.outcomes(key, counts, darker(gathering), policy)


def expected(gathering: Gathering, image: int, count: int) -> torch.Tensor:
    """Logits of the variants of an image, ``[count, k]``."""
    shares = 1 / torch.arange(1.0, count + 1)
    return Quadratic()(gathering.inputs[image] * shares[:, None, None, None])


@pytest.fixture
def gathering(quadratic, batch) -> Gathering:
    gathering = Gathering(quadratic, batch, batch_size=4)
    _ = gathering.logits
    quadratic.network.seen.clear()
    return gathering


def test_scores_are_those_of_each_variant_alone(gathering) -> None:
    counts = [3, 0, 5, 1, 2]
    found = measured(gathering, counts)
    assert found.counts() == counts
    assert gathering.classifier.network.seen == [4, 4, 3], "batches go across images"
    classes = gathering.targets(OWN).classes
    for image, scores in enumerate(found.scores(gathering.targets(OWN))):
        assert scores.dtype == torch.float64
        assert torch.allclose(scores, expected(gathering, image, counts[image])[:, classes[image]].double())


def test_probabilities_and_contrasts(gathering) -> None:
    found = measured(gathering, [2] * 5, CONTRAST)
    assert all(classes.tolist() == [0, 2] for classes in found.classes)
    targets = gathering.targets(CONTRAST)
    logits, shares = found.scores(targets), found.scores(targets, "probability")
    for image in range(5):
        values = expected(gathering, image, 2).double()
        assert torch.allclose(logits[image], values[:, 2] - values[:, 0])
        probabilities = values.softmax(dim=1)
        assert torch.allclose(shares[image], probabilities[:, 2] - probabilities[:, 0], atol=1e-6)


def test_score_of_whole_rows_agrees(gathering) -> None:
    for policy in (OWN, CONTRAST):
        targets, logits = gathering.targets(policy), gathering.logits
        found = gathering.outcomes("same", [1] * 5, lambda i, v, out: out.copy_(gathering.inputs[[i]]), policy)
        for output in ("logit", "probability"):
            assert torch.allclose(score_of(logits, targets, output), torch.cat(found.scores(targets, output)))


def test_only_the_unknown_is_run(gathering) -> None:
    seen = gathering.classifier.network.seen
    first = measured(gathering, [2, 3, 2, 2, 2])
    del seen[:]
    again = measured(gathering, [2, 1, 5, 2, 3])
    assert sum(seen) == 3 + 1
    assert again.counts() == [2, 3, 5, 2, 3]
    assert all(torch.equal(new[: len(old)], old) for new, old in zip(again.logits, first.logits, strict=True))
    assert torch.allclose(again.logits[2][:, 0], expected(gathering, 2, 5)[:, again.classes[2]][:, 0])
    del seen[:]
    assert measured(gathering, [2, 1, 5, 2, 3]) is again
    assert measured(gathering, [1] * 5, key="other").counts() == [1] * 5
    assert sum(seen) == 5, "another key is another sequence"


def test_targets_known_beforehand_share(quadratic, batch) -> None:
    gathering = Gathering(quadratic, batch, batch_size=4, policies=[OWN, SECOND])
    measured(gathering, [2] * 5, OWN)
    before = sum(quadratic.network.seen)
    found = measured(gathering, [2] * 5, SECOND)
    assert sum(quadratic.network.seen) == before == 5 + 10
    assert all(len(classes) == 2 for classes in found.classes)
    first, second = (found.scores(gathering.targets(policy)) for policy in (OWN, SECOND))
    assert not torch.allclose(first[0], second[0])


def test_a_target_that_comes_later_is_measured_too(gathering) -> None:
    measured(gathering, [2] * 5, OWN)
    found = measured(gathering, [2] * 5, SECOND)
    second = found.scores(gathering.targets(SECOND))
    for image in range(5):
        values = expected(gathering, image, 2)[:, gathering.targets(SECOND).classes[image]]
        assert torch.allclose(second[image], values.double())


def test_images_without_a_target_are_not_run(gathering) -> None:
    label = parse_target("label")[0]
    found = measured(gathering, [3] * 5, label)
    assert sum(gathering.classifier.network.seen) == 12, "the fourth image has no label"
    scores = found.scores(gathering.targets(label), "probability")
    assert scores[3].tolist() == [0, 0, 0]
    assert all((scores[image] > 0).all() for image in (0, 1, 2, 4))


def test_part_of_the_batch_inherits(gathering) -> None:
    whole = measured(gathering, [2] * 5)
    part = gathering.rows([3, 1])
    del gathering.classifier.network.seen[:]
    found = measured(part, [2, 4])
    assert sum(gathering.classifier.network.seen) == part.evaluations == 2
    assert torch.equal(found.logits[0], whole.logits[3])
    assert torch.equal(found.logits[1][:2], whole.logits[1])
    assert torch.allclose(found.logits[1][:, 0], expected(gathering, 1, 4)[:, found.classes[1]][:, 0])


@given(size=st.integers(1, 12), counts=st.lists(st.integers(0, 6), min_size=5, max_size=5))
@settings(max_examples=15)
def test_batch_size_does_not_matter(size: int, counts: list[int]) -> None:
    classifier = Classifier(Quadratic(), Preprocess(size=(4, 4), resize=None))
    inputs = torch.randn((5, 3, 4, 4), generator=torch.Generator().manual_seed(0))
    gathering = Gathering(
        classifier, Batch(inputs, (Box(0, 0, 4, 4),) * 5, tuple("abcde"), (None,) * 5), batch_size=size
    )
    found = measured(gathering, counts)
    for image, count in enumerate(counts):
        if count:
            wanted = expected(gathering, image, count)[:, found.classes[image]]
            assert torch.allclose(found.logits[image], wanted, rtol=1e-5)
    assert max(classifier.network.seen) <= size


def test_double_precision_is_kept(quadratic, batch) -> None:
    quadratic.network.double()
    gathering = Gathering(quadratic, replace(batch, inputs=batch.inputs.double()), batch_size=4)
    assert measured(gathering, [1] * 5).logits[0].dtype == torch.float64


def test_joined() -> None:
    one = Outcomes((torch.tensor([1]),), (torch.zeros(2, 1),), (torch.zeros(2),))
    two = Outcomes((torch.tensor([1]),), (torch.ones(1, 1),), (torch.ones(1),))
    both = joined(one, two)
    assert both.logits[0].flatten().tolist() == both.normalisers[0].tolist() == [0, 0, 1]
    assert both.take([0]).counts() == [3]


def test_passes_are_told_as_they_are_made(quadratic, batch) -> None:
    told: list[int] = []
    gathering = Gathering(quadratic, batch, batch_size=4, advance=told.append)
    measured(gathering, [2] * 5)
    measured(gathering.rows([0]), [4])
    assert told == [4, 1, 4, 4, 2, 2], "logits in two batches, ten variants in three, and the part's two"
