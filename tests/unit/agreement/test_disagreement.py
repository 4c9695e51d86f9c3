"""Images ranked by disagreement."""

from __future__ import annotations

import numpy as np

from crosslight.agreement import aggregate
from crosslight.agreement.disagreement import rank_disagreement


def test_images_on_which_one_set_stands_alone_come_first_and_name_it() -> None:
    random = np.random.default_rng(0)
    values = np.clip(0.8 + 0.05 * random.normal(size=(9, 4, 4)), -1, 1)
    values = (values + values.transpose(0, 2, 1)) / 2
    values[:, range(4), range(4)] = 1
    values[6, 2, :2] = values[6, :2, 2] = 0.1
    values[6, 2, 3] = values[6, 3, 2] = -0.2
    values[4, 0, 1] = values[4, 1, 0] = 0.0
    values[8] = np.nan
    agreement = aggregate(values, ("a", "b", "c", "d"), tuple("ABCDEFGHI"))
    found = rank_disagreement(agreement, {"G": True})
    assert [one.image for one in found[:2]] == ["G", "E"]
    assert found[0].lowest == ("c", "d")
    assert found[0].value == -0.2
    assert found[0].loner == "c"
    assert found[0].usual > 0.5
    assert (found[0].same, found[1].same) == (True, None)
    assert len(found) == 8  # nothing is known of the last image
    assert [one.share for one in found] == [i / 8 for i in range(8)]
    means = [one.mean for one in found]
    assert means == sorted(means)


def test_order_of_sets_does_not_matter_and_one_set_has_nothing_to_disagree_with() -> None:
    random = np.random.default_rng(1)
    values = random.uniform(-1, 1, (6, 3, 3))
    values = (values + values.transpose(0, 2, 1)) / 2
    order = [2, 0, 1]
    one = rank_disagreement(aggregate(values, ("a", "b", "c")))
    other = rank_disagreement(aggregate(values[:, order][:, :, order], ("c", "a", "b")))
    assert [(d.image, set(d.lowest), d.loner) for d in one] == [(d.image, set(d.lowest), d.loner) for d in other]
    assert rank_disagreement(aggregate(values[:, :1, :1], ("a",))) == ()
    assert one[0].to_dict()["lowest"] == list(one[0].lowest)
