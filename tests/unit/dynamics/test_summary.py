from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings

from crosslight.core.errors import InputError
from crosslight.dynamics import MISSING, UNKNOWN, History, confusion, measure_all, summary
from crosslight.dynamics.confusion import confusion_over

from .making import histories, history


@settings(max_examples=30, deadline=None)
@given(histories())
def test_confusion_counts_labels_by_predictions(one: History) -> None:
    total = np.zeros((len(one.classes),) * 2, int)
    for epoch, row in zip(one.epochs.tolist(), one.predictions.tolist(), strict=True):
        expected = np.zeros_like(total)
        for label, said in zip(one.labels.tolist(), row, strict=True):
            if label != UNKNOWN and said != MISSING:
                expected[label, said] += 1
        assert np.array_equal(confusion(one, epoch), expected)
        total += expected
    assert np.array_equal(confusion_over(one), total)
    assert np.array_equal(confusion(one), expected)


def test_confusion_of_an_epoch_that_is_not_there() -> None:
    with pytest.raises(InputError, match="no recorded epoch lies in 5 to 5"):
        confusion(history([[0]], [0]), 5)
    with pytest.raises(InputError, match="no epoch is recorded"):
        confusion(history(np.empty((0, 1)), [0]))


def test_by_class_and_overall() -> None:
    one = history([[0, 1, 0, 1], [0, 0, 1, -1]], [0, 0, 1, 1], ["a", "b", "none"])
    found = summary(one)
    assert found.epochs == (0, 1)
    a, b, none = found.classes
    assert (a.name, a.images, a.predicted, a.right, a.accuracy) == ("a", 2, 2, 2, 1.0)
    assert (b.images, b.predicted, b.right, b.accuracy) == (2, 1, 1, 1.0)
    assert none.images == 0
    assert np.isnan(none.accuracy)
    assert np.isnan(none.means["frequency"])
    assert (found.overall.name, found.overall.images, found.overall.right) == ("all", 4, 3)
    assert a.means["frequency"] == 0.5
    assert b.means["frequency"] == 1.0
    assert b.counted["frequency"] == 1  # the other has one prediction alone
    assert found.accuracy.tolist() == [0.5, 1.0]
    json.dumps(found.to_dict(), allow_nan=False)


@settings(max_examples=20, deadline=None)
@given(histories())
def test_means_are_of_what_is_known(one: History) -> None:
    found = summary(one)
    for name, values in measure_all(one).items():
        known = values[np.isfinite(values)]
        assert found.overall.counted[name] == len(known)
        if len(known):
            assert found.overall.means[name] == known.mean()
        assert sum(group.counted[name] for group in found.classes) <= len(known)


def test_a_range_of_epochs() -> None:
    assert summary(history([[0], [1]], [1]), epochs=(1, 1)).overall.means["correctness"] == 1
