from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.agreement.artefacts.sameness import SamenessTally, sameness_findings


def tally(*blocks) -> SamenessTally:
    own = SamenessTally()
    for block in blocks:
        own.add(np.asarray(block, np.float64), np.asarray(block, np.float64))
    return own


def noise(images=20, size=7, seed=0):
    return np.random.default_rng(seed).standard_normal((images, size, size))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(0, 9))
def test_copies_are_counted_across_blocks_whatever_their_scale(which, seed):
    random = np.random.default_rng(seed)
    originals = noise(6, 9, seed)
    copies = originals[which] * random.uniform(0.1, 10, len(which))[:, None, None]
    copies = copies.astype(np.float32)
    own = tally(copies[: len(which) // 2], copies[len(which) // 2 :])
    sizes = sorted((n for n in np.bincount(which) if n > 1), reverse=True)
    assert own.copies().tolist() == sizes


def test_near_maps_are_no_copies():
    values = noise()
    values[1] = values[0] + 1e-3 * noise(1, seed=1)[0]
    values[2] = -values[3]
    assert tally(values).copies().size == 0
    values[1] = values[0] * (1 + 1e-7 * noise(1, seed=1)[0])
    assert tally(values).copies().tolist() == [2]


@pytest.mark.parametrize(("copies", "severity"), [(1, "note"), (5, "warning"), (25, "severe")])
def test_copies_are_announced_by_how_many_there_are(copies, severity):
    values = noise(40)
    values[1 : copies + 1] = values[0]
    (found,) = sameness_findings("a", tally(values))
    assert (found.kind, found.severity) == ("duplicates", severity)
    assert found.value == (copies + 1) / 40
    assert f"the largest group has {copies + 1} images" in found.sentence


def test_copies_in_all_sets_are_copies_of_pictures():
    values = noise(40)
    values[1:8] = values[0]
    others = [noise(40, seed=seed) for seed in (1, 2)]
    (found,) = sameness_findings("a", tally(values), [tally(other) for other in others])
    assert found.severity == "warning"
    for other in others:
        other[1:8] = other[0]
    (found,) = sameness_findings("a", tally(values), [tally(other) for other in others])
    assert found.severity == "note"
    assert "the pictures themselves" in found.sentence


def test_the_share_of_the_mean_map_is_the_mean_correlation():
    values = noise(12, 5) + noise(1, 5, seed=3)
    flat = values.reshape(12, -1)
    correlations = np.corrcoef(flat)[np.triu_indices(12, 1)]
    assert tally(values[:5], values[5:]).correlation == pytest.approx(correlations.mean())
    assert np.isnan(tally(values[:1]).correlation)


@pytest.mark.parametrize(("spread", "severity"), [(0.05, "severe"), (0.25, "warning"), (1.0, None)])
def test_maps_that_ignore_the_image_are_announced(spread, severity):
    values = noise(1, seed=9) + spread * noise(20)
    found = sameness_findings("a", tally(values), [tally(noise(20, seed=4))])
    assert [(one.kind, one.severity) for one in found] == ([("same-map", severity)] if severity else [])
    if found:
        assert "hardly matters" in found[0].sentence
        assert abs(found[0].reference) < 0.1


def test_independent_maps_are_fine():
    assert sameness_findings("a", tally(np.maximum(noise(), 0))) == []
    assert sameness_findings("a", tally()) == []
