"""The family question under every combination of choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from crosslight.agreement import Agreement, Steps, aggregate
from crosslight.agreement.multiverse import multiverse
from crosslight.core.errors import InputError

SETS = tuple("abcdefgh")
FAMILIES = {label: "convolutional" if label in "abcde" else "transformer" for label in SETS}


def made(shift: float, seed: int) -> Agreement:
    """Agreement of sets whose similarities between families lie lower by `shift`."""
    random = np.random.default_rng(seed)
    own = random.normal(0, 0.02, (8, 8)) + random.normal(0, 0.02, (40, 8, 8))
    apart = np.array([[FAMILIES[a] != FAMILIES[b] for b in SETS] for a in SETS])
    values = 0.6 + own - shift * apart
    values = (values + values.transpose(0, 2, 1)) / 2
    values[:, range(8), range(8)] = 1
    return aggregate(values, SETS, resamples=10)


def by_measure(steps: Steps, measures: Sequence[str]) -> Mapping[str, Agreement]:
    """Families differ under cosine of absolute maps alone."""
    return {
        key: made(0.2 if key == "cosine" and steps.sign == "absolute" else 0.0, 100 * steps.grid + i)
        for i, key in enumerate(measures)
    }


def test_the_choices_that_decide_are_named() -> None:
    found = multiverse(by_measure, FAMILIES, measures=("cosine", "pearson"), grids=(7, 28), label="Grad-CAM")
    assert len(found.universes) == 4 * 2 * 2 * 2 * 2
    for one in found.universes:
        planted = one.choices["measure"] == "cosine" and one.choices["sign"] == "absolute"
        assert (one.decision == "differ") >= planted
        assert (one.contrast > 0.1) == planted
        assert one.r > 0.9 or not planted
    assert found.groups == ("convolutional", "transformer")
    assert {one.dimension for one in found.choices[:2]} == {"sign", "measure"}
    shares = {one.dimension: one for one in found.choices}
    assert shares["measure"].differ["cosine"] > shares["measure"].differ["pearson"]
    assert shares["sign"].differ["absolute"] >= 0.5
    assert shares["normalise"].pairs == len(found.universes) // 2
    assert "combinations of choices" in found.sentence
    assert "decides most" in found.sentence
    assert len(found.to_dict()["universes"]) == len(found.universes)


def test_nothing_planted_is_seldom_found_and_never_after_correction() -> None:
    found = multiverse(lambda steps, measures: {key: made(0, i) for i, key in enumerate(measures)}, FAMILIES)
    assert np.mean([one.decision != "none" for one in found.universes]) < 0.3
    assert all(one.adjusted > 0.05 for one in found.universes)


def test_one_decision_everywhere_means_that_no_choice_matters() -> None:
    found = multiverse(lambda steps, measures: {key: made(0.3, 0) for key in measures}, FAMILIES, measures=("cosine",))
    assert {one.decision for one in found.universes} == {"differ"}
    assert all(choice.flips == 0 for choice in found.choices)
    assert found.sentence.endswith("no single choice changes the conclusion.")


def test_what_cannot_be_compared_is_an_error_or_left_out() -> None:
    with pytest.raises(InputError, match="no combination"):
        multiverse(by_measure, {"a": "x", "b": "y"}, measures=("cosine",))
    with pytest.raises(InputError, match="no such choice"):
        multiverse(by_measure, FAMILIES, signs=("upside-down",))
