"""Windows over the picture, seen through crops; and what is hidden in the input."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from crosslight.core.geometry import Box
from crosslight.core.targets import TargetPolicy, parse_target
from crosslight.evidence import Gathering, WindowOutcomes
from crosslight.evidence.windows import starts, windows

Settings = WindowOutcomes.Settings
OWN = TargetPolicy()


@given(data=st.data(), pixels=st.integers(2, 300))
@settings(max_examples=25, deadline=None)
def test_as_many_windows_as_it_takes(data: st.DataObject, pixels: int) -> None:
    """The count that captum uses for whole pixels."""
    window = data.draw(st.integers(ceil(pixels / 100), pixels))
    stride = data.draw(st.integers(ceil(window / 50), window))
    begin = starts(Settings(window=window / pixels, stride=stride / window))
    assert len(begin) == ceil((pixels - window) / stride) + 1
    assert torch.allclose(begin * pixels, stride * torch.arange(len(begin)).double())


@given(
    window=st.floats(0.05, 1),
    stride=st.floats(0.1, 1),
    left=st.floats(-0.3, 0.6),
    extent=st.floats(0.2, 1.4),
    size=st.integers(5, 40),
)
@settings(max_examples=25, deadline=None)
def test_every_pixel_of_the_picture_is_hidden_by_some_window(
    window: float, stride: float, left: float, extent: float, size: int
) -> None:
    picture, box = Box(0, 0, 300, 200), Box(300 * left, 200 * left, 300 * (left + extent), 200 * (left + extent))
    found = windows(picture, box, (size, size), Settings(window=window, stride=stride))
    for shares, span in zip(found, (200, 300), strict=True):
        assert (shares.sum(dim=1) > 0).all(), "windows that cover nothing are left out"
        assert ((shares >= 0) & (shares <= 1)).all()
        edges = span * (left + extent * torch.arange(size + 1).double() / size)
        inside = (edges[:-1] >= 0) & (edges[1:] <= span)
        assert (shares.sum(dim=0)[inside] > 0.99).all()
        outside = (edges[1:] <= 0) | (edges[:-1] >= span)
        assert (shares.sum(dim=0)[outside] == 0).all(), "padding is no part of the picture"


def test_two_crops_see_the_same_windows() -> None:
    """In pixels of the picture, a window covers the same place in every input that sees it."""
    picture, fifth = Box(0, 0, 100, 100), Settings(window=0.2)
    whole = windows(picture, picture, (50, 50), fifth)[1]
    crop = windows(picture, Box(20, 20, 80, 80), (120, 120), fifth)[1]
    for window in range(1, 8):  # all but those that the crop leaves out
        middle = whole[window, 10:40].repeat_interleave(4)
        assert torch.allclose(crop[window - 1], middle)
    assert (len(whole), len(crop)) == (9, 7)


def test_refused() -> None:
    for wrong in ({"window": 0}, {"stride": 1.5}, {"fill": "segment-mean"}, {"fill": "pink"}):
        with pytest.raises(ValidationError):
            Settings(**wrong)


def gather(classifier, batch, policy=OWN, size=3, **settings) -> WindowOutcomes:
    return Gathering(classifier, batch, batch_size=size).get(WindowOutcomes, Settings(**settings), policy)


def test_what_the_network_is_shown(quadratic, batch, monkeypatch) -> None:
    shown: list[torch.Tensor] = []
    logits = quadratic.logits
    monkeypatch.setattr(quadratic, "logits", lambda x: shown.append(x.clone()) or logits(x))
    evidence = gather(quadratic, batch.take([2]), size=9, window=0.5, stride=0.5, fill="white")
    found = torch.cat(shown[1:])  # the untouched image comes first
    assert found.shape == (9, 3, 4, 4)
    image, white = batch.inputs[2], torch.tensor(2.0)
    for at, seen in enumerate(found):
        y, x = at // 3, at % 3
        expected = image.clone()
        expected[:, y : y + 2, x : x + 2] = white
        assert torch.equal(seen, expected)
    assert evidence.rows[0].shape == evidence.columns[0].shape == (3, 4)
    assert evidence.outcomes.counts() == [9]


def test_a_pixel_that_is_covered_in_part_is_hidden_in_part(quadratic, batch, monkeypatch) -> None:
    shown: list[torch.Tensor] = []
    logits = quadratic.logits
    monkeypatch.setattr(quadratic, "logits", lambda x: shown.append(x.clone()) or logits(x))
    gather(quadratic, batch.take([0]), size=4, window=0.625, stride=1, fill="zero")  # 2.5 of 4 pixels
    share = torch.tensor([1, 1, 0.5, 0])
    assert torch.allclose(shown[1][0], batch.inputs[0] * (1 - share[:, None] * share), atol=1e-6)


def test_planned_and_measured(quadratic, batch) -> None:
    chosen = Settings(window=0.4)
    assert WindowOutcomes.evaluations(chosen) == 16
    gathering = Gathering(quadratic, batch, batch_size=3)
    gathering.get(WindowOutcomes, chosen, OWN)
    assert gathering.evaluations == 5 * 16 + 5
    # of a picture that is wider than the crop, some windows are not seen
    pictures = tuple(Image.new("RGB", (40, 8)) for _ in range(5))
    part = Gathering(quadratic, replace(batch, pictures=pictures), batch_size=3)
    evidence = part.get(WindowOutcomes, chosen, OWN)
    assert evidence.outcomes.counts() == [4] * 5
    assert part.evaluations == 5 * 4 + 5


def test_targets_share_the_windows(quadratic, batch) -> None:
    policies = [OWN, parse_target("rank:2")[0], parse_target("contrast:0:1")[0]]
    gathering = Gathering(quadratic, batch, batch_size=3, policies=policies)
    for policy in policies:
        gathering.get(WindowOutcomes, Settings(window=0.5), policy)
    assert gathering.evaluations == 5 * 9 + 5
