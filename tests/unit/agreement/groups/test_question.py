from __future__ import annotations

import json

import numpy as np
import pytest

from crosslight.agreement.groups import anosim, family_question, leave_one_out, permanova, permdisp
from crosslight.agreement.groups.simulate import distances, normal_points, shifted
from crosslight.core.errors import InputError

GROUPS = ["cnn"] * 6 + ["transformer"] * 5


def matrix_of(shift=0.0, seed=0, groups=GROUPS):
    codes = np.array([groups.index(g) > 0 for g in groups], np.int8)
    return distances(shifted(normal_points(1, len(groups), 3, seed), codes, shift))[0]


def ask(matrix, groups=GROUPS, **options):
    return family_question(matrix, groups, **{"simulations": 60, "draws": 300, **options})


def test_a_planted_difference_is_found():
    matrix = matrix_of(6)
    answer = ask(matrix)
    assert answer.verdict == "differ"
    assert str(answer) == answer.sentence
    assert answer.sentence.startswith("Cnn and transformer differ in where they look (ANOSIM R = ")
    assert answer.anosim == anosim(matrix, GROUPS)
    assert answer.permanova == permanova(matrix, GROUPS)
    assert answer.permdisp == permdisp(matrix, GROUPS)
    assert answer.groups == {"cnn": 6, "transformer": 5}
    assert answer.adjusted["anosim"] == pytest.approx(2 / 462)
    assert answer.scatter.shift == pytest.approx(6, abs=2)
    assert len(answer.without.without) == 11
    assert answer.regression is None
    assert answer.power.test == "either"


def test_without_a_difference_power_is_named():
    matrix = matrix_of(0, seed=2)
    answer = ask(matrix, per_image=[1 - matrix, 1 - matrix])
    assert answer.findings.image_share == 0
    assert "more images hardly" in answer.sentence
    assert answer.verdict == "underpowered"
    assert f"none smaller than {answer.power.smallest:.1f} SD could have been (power .8)" in answer.sentence


def test_every_number_is_json_and_the_same_again():
    options = {"resolution": [7] * 7 + [14] * 4, "confounders": {"accuracy": np.linspace(0.7, 0.9, 11)}}
    one, other = (ask(matrix_of(3), **options).to_dict() for _ in range(2))
    assert json.dumps(one, allow_nan=False) == json.dumps(other, allow_nan=False)
    assert set(one["regression"]["coefficients"]) == {"groups", "map resolution", "accuracy"}
    assert one["regression"]["coefficients"]["groups"]["value"] > 0  # models of different groups are farther apart
    assert set(one["confounders"]) == {"map resolution", "accuracy"}
    assert len(one["without"]["without"]) == 11
    assert one["findings"]["adjusted"] == one["regression"]["coefficients"]["groups"]["p"]


def test_a_confounder_that_is_the_family_itself():
    answer = ask(matrix_of(6), resolution=[7] * 6 + [14] * 5)
    assert answer.regression is None
    assert answer.findings.inflation == np.inf
    assert "; the groups cannot be told apart from map resolution." in answer.sentence
    json.dumps(answer.to_dict(), allow_nan=False)


def test_a_confounder_that_explains_the_difference():
    groups = ["cnn"] * 6 + ["transformer"] * 6
    cause = np.array([0, 0, 0, 0, 1, 0.2, 3, 3, 3.2, 3, 2, 3])
    noise = np.random.default_rng(0).random((12, 12)) * 0.05
    matrix = np.abs(cause[:, None] - cause) + noise + noise.T
    answer = ask(matrix, groups, confounders={"cause": cause})
    assert answer.verdict == "differ"
    assert answer.regression.coefficients["groups"].p > 0.05
    assert "with cause held fixed none is left" in answer.sentence


def test_a_constant_confounder_is_recorded_and_skipped():
    answer = ask(matrix_of(3), resolution=[7] * 11, confounders={"accuracy": [0.5] * 11})
    assert answer.skipped == dict.fromkeys(["map resolution", "accuracy"], "it is the same for all pairs")
    assert answer.findings.confounders == ()


def test_a_matrix_of_pairs_as_confounder():
    rate = np.random.default_rng(0).random((11, 11))
    answer = ask(matrix_of(3), confounders={"same prediction": rate + rate.T})
    assert set(answer.confounders) == {"same prediction"}


def test_blocks_reach_tests_power_and_leaving_out():
    blocks = [None] * 9 + ["DeiT", "DeiT"]
    names = [f"m{i}" for i in range(9)] + ["DeiT-S", "DeiT-T"]
    answer = ask(matrix_of(6), blocks=blocks, names=names)
    assert answer.anosim.count == answer.power.labelings == 84
    assert answer.without.without[-1].name == "DeiT-S and DeiT-T"
    assert answer.without.without[-1].tests.count == 84
    assert answer.without.without[0].tests.count == 56  # 3 of 8: both DeiTs stay where they are
    single = ask(matrix_of(6), lineages=blocks, names=names)
    assert single.anosim.count == 462
    assert single.without.without[-1].name == "DeiT-S and DeiT-T"


def test_three_groups():
    groups = list("aaabbbccc")
    answer = ask(matrix_of(5, groups=groups), groups)
    assert answer.anosim.count == 1680
    assert "A, b and c" in answer.sentence or "a, b and c" in answer.sentence


def test_too_few_items():
    answer = ask(matrix_of(3, groups=list("aabb")), list("aabb"))
    assert answer.verdict == "undecidable"
    assert all(one.tests is None for one in answer.without.without)
    assert "one item" in answer.without.without[0].reason
    assert answer.without.worst is None
    json.dumps(answer.to_dict(), allow_nan=False)


def test_leaving_one_out_repeats_the_tests_on_the_rest():
    matrix = matrix_of(2, seed=1)
    found = leave_one_out(matrix, GROUPS, names=list("abcdefghijk"))
    assert found.everything.anosim == anosim(matrix, GROUPS).p
    for i, one in enumerate(found.without):
        kept = [k for k in range(11) if k != i]
        part, groups = matrix[np.ix_(kept, kept)], [GROUPS[k] for k in kept]
        assert (one.items, one.name) == ((i,), "abcdefghijk"[i])
        assert (one.tests.r, one.tests.anosim) == (anosim(part, groups).statistic, anosim(part, groups).p)
        assert one.tests.permanova == permanova(part, groups).p
        assert one.tests.permdisp == permdisp(part, groups).p
        assert one.changes == (one.tests.found != found.everything.found)
    assert found.worst.p == max(one.p for one in found.without)


def test_the_item_that_changes_the_conclusion_is_named():
    points = np.zeros((11, 1))
    points[0], points[6:] = 50, 1  # one broken model, far from all others
    points += np.random.default_rng(0).normal(size=points.shape) * 0.6
    broken = np.abs(points - points.T)
    found = leave_one_out(broken, GROUPS, names=["broken", *"bcdefghijk"])
    assert [one.name for one in found.changing] == ["broken"]
    assert found.to_dict()["without"][0]["changes"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confounders": {"groups": [1] * 11}}, "cannot be called 'groups'"),
        ({"resolution": [7] * 11, "confounders": {"map resolution": [1] * 11}}, "cannot be called 'map resolution'"),
        ({"resolution": [0] * 11}, "a positive number of cells"),
        ({"confounders": {"accuracy": [1, 2, 3]}}, "confounder 'accuracy' of 3 items"),
        ({"confounders": {"accuracy": [np.nan] * 11}}, "confounder 'accuracy' is not known"),
        ({"names": ["a"]}, "names of 1 items"),
        ({"blocks": ["a"]}, "blocks of 1 items"),
        ({"lineages": ["a"]}, "lineages of 1 items"),
    ],
)
def test_errors(options, message):
    with pytest.raises(InputError, match=message):
        ask(matrix_of(), **options)


def test_groups_of_another_number():
    with pytest.raises(InputError, match="groups of 4 items were given, but the matrix has 11"):
        ask(matrix_of(), list("aabb"))


def test_a_confounder_that_follows_from_others_is_skipped_with_the_reason():
    random = np.random.default_rng(0)
    points = random.normal(size=(8, 3))
    matrix = np.linalg.norm(points[:, None] - points, axis=-1)
    accuracy = np.array([0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8])
    apart = np.abs(accuracy[:, None] - accuracy)
    found = family_question(
        matrix,
        ["a"] * 4 + ["b"] * 4,
        confounders={"accuracy": accuracy, "different answers": 3 * apart},
        simulations=20,
    )
    assert list(found.confounders) == ["accuracy"]
    assert found.skipped == {"different answers": "it follows from accuracy"}
    assert found.regression is not None
