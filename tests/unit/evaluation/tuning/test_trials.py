"""Which trials can be afforded, and which are on no front."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.evaluation.tuning.trials import Trial, affordable, front

NUMBERS = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=12)


def trials(pairs):
    return [
        Trial(number, "", "done", score=float(score), evaluations=float(cost))
        for number, (score, cost) in enumerate(pairs)
    ]


@given(NUMBERS, st.sampled_from([1, -1]), st.integers(0, 9))
def test_the_best_that_can_be_afforded_comes_first(pairs, sign, most):
    made = trials(pairs)
    found = affordable(made, most, sign)
    within = [sign * one.score for one in made if one.evaluations <= most]
    assert all(one.evaluations <= most for one in found)
    assert bool(found) == bool(within)
    if found:
        assert sign * found[0].score == max(within)


@pytest.mark.parametrize("state", ["pruned", "failed"])
def test_what_was_given_up_is_on_no_front(state):
    (done,), given_up = trials([(1, 5)]), Trial(1, "", state, score=9.0, evaluations=1.0)
    assert front([done, given_up]) == [done]
