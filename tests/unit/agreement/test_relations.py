"""How models are related, and what that says."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.agreement import aggregate
from crosslight.agreement.published.group_table import GroupTable
from crosslight.agreement.relations import Kinship, kinship, ladder
from crosslight.core.errors import InputError
from crosslight.store import ImageEntry, Manifest, Store

SETS = ("a", "a1", "b", "c", "d", "e")
KIN = Kinship(
    SETS,
    "family",
    ("conv", "conv", "conv", "trans", "trans", None),
    ("one", "one", "one", None, None, None),
    ("A", "A", None, None, None, None),
)


def similarities(seed: float, lineage: float, group: float, other: float, images: int = 60) -> np.ndarray:
    random = np.random.default_rng(0)
    by = {"another seed": seed, "one lineage": lineage, "one group": group, "different groups": other, None: 0.0}
    mean = np.array([[1.0 if i == j else by[KIN.relation(i, j)] for j in range(6)] for i in range(6)])
    noise = random.normal(0, 0.05, (images, 6, 6))
    values = mean + (noise + noise.transpose(0, 2, 1)) / 2
    values[:, range(6), range(6)] = 1
    return values


def test_relations_and_witnesses() -> None:
    assert [KIN.relation(0, j) for j in range(1, 6)] == [
        "another seed", "one lineage", "different groups", "different groups", None,
    ]  # fmt: skip
    assert KIN.relation(3, 4) == "one group"
    assert KIN.first == (True, False, True, True, True, True)
    assert KIN.testable
    assert not Kinship(SETS[:3], "family", ("x", "x", "y"), (None,) * 3, ("A", "A", None)).testable


def test_ladder_orders_relations_and_says_what_it_shows() -> None:
    found = ladder(aggregate(similarities(0.9, 0.8, 0.6, 0.4), SETS, resamples=10), KIN)
    assert [rung.relation for rung in found.rungs] == ["another seed", "one lineage", "one group", "different groups"]
    assert [rung.mean for rung in found.rungs] == pytest.approx([0.9, 0.8, 0.6, 0.4], abs=0.02)
    assert [rung.pairs for rung in found.rungs] == [1, 2, 1, 6]
    assert all(rung.low < rung.mean < rung.high for rung in found.rungs)
    assert found.sentence.startswith("Of these models, two seeds of one network are closer than two networks of")
    same = ladder(aggregate(similarities(0.5, 0.5, 0.5, 0.5), SETS, resamples=10), KIN)
    assert "are not closer than" in same.sentence
    less = ladder(aggregate(similarities(0.2, 0.5, 0.5, 0.5), SETS, resamples=10), KIN)
    assert "are farther apart than" in less.sentence
    assert "\u22120.3" in less.sentence


def test_one_relation_alone_says_nothing() -> None:
    kin = Kinship(("a", "b"), "family", ("x", "y"), (None, None), (None, None))
    values = similarities(0.9, 0.8, 0.6, 0.4)[:, 2:4, 2:4]
    found = ladder(aggregate(values, ("a", "b"), resamples=10), kin)
    assert found.sentence == ""
    assert len(found.rungs) == 1
    assert ladder(aggregate(values * np.nan, ("a", "b"), resamples=10), kin).rungs == ()


def test_facts_of_a_store_or_a_table(tmp_path) -> None:
    store = Store.create(tmp_path / "out", Manifest("s", "same", (ImageEntry("i", "i.png"),), block=1))
    store.add_model("a", 2, {"facts": {"family": "convolutional", "lineage": "x", "replicate": "", "source": "timm"}})
    store.add_model("b", 2, {"facts": {"family": "unknown"}})
    own = kinship(store, ["a", "b", "gone"])
    assert (own.groups, own.lineages, own.replicates) == (("convolutional", None, None), ("x", None, None), (None,) * 3)
    assert kinship(store, ["a"], by="source").groups == ("timm",)
    with pytest.raises(InputError, match=r"no model has the fact 'famly'.*family"):
        kinship(store, ["a", "b"], by="famly")
    table = GroupTable("g.csv", ("b", "a"), ("one", "two"), (None, "kin"))
    assert kinship(store, ["a", "b", "gone"], table=table).groups == ("two", "one", None)
    assert kinship(store, ["a"], table=table).by == "groups"
