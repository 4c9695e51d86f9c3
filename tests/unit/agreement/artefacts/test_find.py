from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest

from crosslight.agreement.artefacts import KINDS, Finding, artefacts_of_store, find_artefacts, strides
from crosslight.core.maps import Maps, Status, judge, take
from crosslight.store import MapBlock

B4 = "EfficientNet-B4/Grad-CAM"
SEEDS = (0, 1, 2)


def corner_peaks(values):
    values = values.copy()
    values[:, -1, -1] = np.abs(values).max(axis=(1, 2)) * 3
    return values


def batch_scaled(values):
    return (values - values.min()) / (values.max() - values.min())


def zeros(values):
    return values * (np.arange(len(values)) % 4 > 0)[:, None, None]


def maps_of(values, finish="none", **attributes) -> Maps:
    values = np.asarray(values, np.float32)
    n = len(values)
    boxes, targets = np.tile((0.0, 0.0, 8.0, 8.0), (n, 1)), np.zeros((n, 2), np.int32)
    names = tuple(f"i{i}" for i in range(n))
    return Maps(values, boxes, judge(values), targets, names, attributes={"finish": finish, **attributes})


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 5])
def test_a_clean_store_announces_nothing(make_store, seed):
    assert artefacts_of_store(make_store(seed)) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_corner_peaks_are_announced(make_store, seed):
    (found,) = artefacts_of_store(make_store(seed, peaks=corner_peaks))
    assert (found.set, found.kind, found.severity, found.value) == (B4, "corner", "severe", 1.0)
    assert found.details["corner"] == "bottom-right"
    assert found.details["entropy"] == 0
    assert found.reference < 0.5
    assert f'--repair "{B4}:corner=bottom-right"' in found.sentence
    assert "the 4 other sets of this method have" in found.sentence


@pytest.mark.parametrize("seed", SEEDS)
def test_scaling_over_the_batch_is_announced(make_store, seed):
    (found,) = artefacts_of_store(make_store(seed, scaled=batch_scaled))
    assert (found.set, found.kind, found.severity) == (B4, "batch-scaling", "severe")
    assert (found.details["at_zero"], found.details["at_one"]) == (1, 1)
    assert "whole batch" in str(found)


@pytest.mark.parametrize("seed", SEEDS)
def test_zeros_are_announced(make_store, seed):
    (found,) = artefacts_of_store(make_store(seed, nothing=zeros))
    assert (found.set, found.kind, found.severity, found.value) == (B4, "zero", "warning", 0.25)
    assert "6 of 24 maps (25 %) are 0 everywhere" in str(found)


def test_severe_findings_come_first_and_are_plain_json(make_store):
    found = artefacts_of_store(make_store(0, nothing=zeros, peaks=lambda v: corner_peaks(v) * (v != 0)))
    assert [one.severity for one in found] == ["severe", "warning"]
    for one in found:
        content = json.loads(json.dumps(one.to_dict(), allow_nan=False))
        assert content["set"] == B4
        assert content["kind"] in KINDS
        assert content["sentence"].endswith(".")
    with pytest.raises(ValueError, match="no kind"):
        Finding("a", "oddity", "note", 0.0, 0.0, "")


def test_unfinished_blocks_are_no_findings(make_store):
    store = make_store(0)
    key = store.add_maps("Big", "Later", "d", (7, 7), {"method": "x"})
    assert store.map_set("Big", key).done == ()
    assert artefacts_of_store(store) == []


def test_a_set_is_called_by_its_key_where_a_label_stands_for_several(make_store):
    store = make_store(0)
    key = store.add_maps("Big", "Grad-CAM", "other", (3, 3), {"method": "grad-cam", "finish": "none"})
    for block in range(store.blocks):
        store.write("Big", block, maps={key: MapBlock.blank(8, (3, 3), Status.ZERO)})
    found = artefacts_of_store(store, sets=store.map_sets(every=True))
    assert [one.set for one in found] == [f"Big/Grad-CAM ({key})"]


def test_blocks_of_any_length_give_the_same():
    values = corner_peaks(np.random.default_rng(0).standard_normal((40, 7, 7)))
    values[3] = 0
    values[11] = 2 * values[10]
    whole = maps_of(values)
    once = find_artefacts([("a/b", [whole])])
    pieces = find_artefacts([("a/b", (take(whole, slice(i, i + 7)) for i in range(0, 40, 7)))])
    assert {one.kind for one in once} == {"zero", "corner", "duplicates"}
    assert [str(one) for one in once] == [str(one) for one in pieces]
    assert [one.value for one in once] == pytest.approx([one.value for one in pieces])


def test_what_the_final_step_leaves_is_judged():
    values = np.random.default_rng(0).standard_normal((20, 7, 7))
    values[:5] = -np.abs(values[:5]) - 1
    (found,) = find_artefacts([("a/b", [maps_of(values, "relu")])])
    assert (found.kind, found.value) == ("emptied", 0.25)
    assert find_artefacts([("a/b", [maps_of(values)])]) == []


def test_memory_does_not_grow_with_the_images():
    random = np.random.default_rng(0)

    def blocks(count):
        for _ in range(count):
            yield maps_of(random.standard_normal((4, 64, 64)))

    find_artefacts([("warm", blocks(1))])
    peaks = []
    for count in (4, 40):
        tracemalloc.start()
        find_artefacts([("a", blocks(count))])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_sizes_of_other_maps_tell_the_patch_size():
    shapes = [(224, 224), (14, 14), (56, 56), (28, 14), (1, 1), (5, 5)]
    assert strides((224, 224), shapes) == (4, 16)
    assert strides((14, 14), shapes) == ()


def test_nothing_gives_nothing():
    assert find_artefacts([]) == []
    assert find_artefacts([("a", [])]) == []
    assert find_artefacts([("a", [maps_of(np.zeros((0, 7, 7)))])]) == []
