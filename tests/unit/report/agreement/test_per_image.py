"""Similarities per image come back from their bytes."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from crosslight.agreement import Agreement
from crosslight.agreement.analysis import MethodAnalysis
from crosslight.report.agreement.per_image import TOP, UNKNOWN, pairs_part


@pytest.fixture
def main(made_method: Callable[..., MethodAnalysis]) -> Agreement:
    return made_method(4, images=("a", "b", "c", "d", "e")).main


def read(part: dict[str, Any], images: int) -> np.ndarray:
    """``[pair, image]``, as the page reads it."""
    packed = np.frombuffer(zlib.decompress(base64.b64decode(part["bytes"]), -15), np.uint8)
    values = packed.reshape(len(part["pairs"]), images).astype(float)
    return np.where(values == UNKNOWN, np.nan, part["low"] + values / TOP * (part["high"] - part["low"]))


def test_values_are_those_of_the_agreement_on_the_images_of_the_page(main: Agreement) -> None:
    models = ["without maps", *reversed(main.sets)]
    images = ["e", "never compared", "c", "a", "b", "d"]
    part = pairs_part(main, models, images)
    assert part is not None
    assert sorted(map(sorted, part["pairs"])) == [[1, 2], [1, 3], [1, 4], [2, 3], [2, 4], [3, 4]]
    step = (part["high"] - part["low"]) / TOP
    for (a, b), values in zip(part["pairs"], read(part, 6), strict=True):
        i, j = main.sets.index(models[a]), main.sets.index(models[b])
        assert np.isnan(values[1])
        for place, image in enumerate(images):
            if image != "never compared":
                expected = main.per_image[main.images.index(image), i, j]
                assert values[place] == pytest.approx(expected, abs=step / 2 + 1e-6)


def test_what_is_not_known_is_not_a_number(main: Agreement) -> None:
    gaps = main.per_image.copy()
    gaps[2, 0, :] = gaps[2, :, 0] = np.nan
    part = pairs_part(replace(main, per_image=gaps), main.sets, main.images)
    assert part is not None
    for (a, _), values in zip(part["pairs"], read(part, 5), strict=True):
        assert np.isnan(values[2]) == (a == 0)
        assert np.isfinite(np.delete(values, 2)).all()


def test_one_value_everywhere(main: Agreement) -> None:
    part = pairs_part(replace(main, per_image=np.full_like(main.per_image, 0.3)), main.sets, main.images)
    assert part is not None
    assert (part["low"], part["high"]) == (0.3, 0.3)
    assert (read(part, 5) == 0.3).all()


def test_without_any_value_there_is_no_part(main: Agreement) -> None:
    assert pairs_part(replace(main, per_image=np.full_like(main.per_image, np.nan)), main.sets, main.images) is None
    assert pairs_part(main, ["others", "only"], main.images) is None
    assert pairs_part(main, main.sets, ["others"]) is None
    assert pairs_part(replace(main, per_image=np.empty((0, 4, 4)), images=()), main.sets, ["a"]) is None
