from __future__ import annotations

import numpy as np
import pytest

from crosslight.agreement.artefacts.scaling import ScaleTally, scale_findings


def found_in(*blocks):
    own = ScaleTally()
    for block in blocks:
        own.add(np.asarray(block, np.float64), np.asarray(block, np.float64))
    return scale_findings("a", own)


def noise(images=24, size=7, seed=0):
    return np.random.default_rng(seed).standard_normal((images, size, size)).astype(np.float32)


def minmax(values, axis=None):
    low, high = (f(values, axis=axis, keepdims=True) for f in (np.min, np.max))
    return (values - low) / (high - low)


@pytest.mark.parametrize("size", [8, 12, 24])
def test_batches_of_any_size_are_found(size):
    values = noise()
    scaled = np.concatenate([minmax(values[i : i + size]) for i in range(0, 24, size)])
    (found,) = found_in(scaled[:5], scaled[5:])
    assert (found.kind, found.severity, found.details["step"]) == ("batch-scaling", "severe", "minmax")
    assert found.details["at_one"] == found.details["at_zero"] == 24 // size


def test_division_by_the_maximum_of_a_batch_is_found():
    values = noise()
    for scaled in (values / np.abs(values).max(), np.maximum(values, 0) / values.max()):
        (found,) = found_in(scaled)
        assert (found.kind, found.severity, found.details["step"]) == ("batch-scaling", "warning", "max")
        assert found.details["at_unit"] == 1


def test_maps_scaled_one_by_one_are_fine():
    values = noise()
    assert found_in(minmax(values, axis=(1, 2))) == []
    assert found_in(values / np.abs(values).max(axis=(1, 2), keepdims=True)) == []
    assert found_in(values) == []
    assert found_in(np.maximum(values, 0)) == []
    assert found_in(minmax(values)[:7]) == []  # too few to tell
    positive = np.abs(values) + 0.1
    positive[0, 0, 0] = 0
    assert found_in(positive / positive.max(axis=(1, 2), keepdims=True)) == []


def test_what_zero_was_mapped_to_is_found():
    sparse = noise(size=14) * (np.random.default_rng(1).random((24, 14, 14)) > 0.6)
    found = found_in(minmax(sparse))
    assert [one.kind for one in found] == ["batch-scaling", "common-background"]
    low, high = sparse.min(), sparse.max()
    assert found[1].details["constant"] == pytest.approx(-low / (high - low))
    assert found[1].value == 1
    assert found_in(sparse) == []
    (shifted,) = found_in(sparse + np.float32(0.3))
    assert shifted.kind == "common-background"


def test_steps_of_superpixels_are_no_common_background():
    values = np.random.default_rng(0).standard_normal((24, 4, 4)).repeat(6, axis=1).repeat(6, axis=2)
    assert found_in(values) == []


@pytest.mark.parametrize(("offset", "severity"), [(3, None), (6, "warning"), (20, "severe")])
def test_a_common_offset_is_found_by_degree(offset, severity):
    found = found_in(noise() + offset)
    assert [(one.kind, one.severity) for one in found] == ([("common-offset", severity)] if severity else [])
    if found:
        assert found[0].value == pytest.approx(offset**2 / (offset**2 + 1), abs=0.01)


def test_nothing_gives_nothing():
    assert found_in() == []
    assert found_in(np.zeros((0, 7, 7))) == []
