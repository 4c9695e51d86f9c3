"""Hiding parts of an image: hard by segments, soft by masks."""

from __future__ import annotations

import pytest
import torch
from pydantic import BaseModel, ValidationError

from crosslight.evidence.masking import WholeFill, blend, hide_segments


def image() -> torch.Tensor:
    return torch.arange(12.0).reshape(2, 2, 3)


def test_segments() -> None:
    labels = torch.tensor([[0, 0, 1], [2, -1, 1]])
    keep = torch.tensor([[True, False, True], [False, True, False]])
    out = torch.full((2, 2, 2, 3), torch.nan)
    hide_segments(image(), torch.full((2, 2, 3), -7.0), labels, keep, out)
    assert out[0, 0].tolist() == [[0, 1, -7], [3, 4, -7]]
    assert out[1, 0].tolist() == [[-7, -7, 2], [-7, 4, 5]], "a pixel of no segment always stays"
    assert torch.equal(out[:, 1] == -7, out[:, 0] == -7), "channels are hidden together"


def test_a_fill_of_one_colour_per_channel() -> None:
    out = torch.empty(1, 2, 2, 3)
    labels = torch.zeros((2, 3), dtype=torch.long)
    hide_segments(image(), torch.tensor([-1.0, -2.0])[:, None, None], labels, torch.tensor([[False]]), out)
    assert out[0, 0].unique().tolist() == [-1]
    assert out[0, 1].unique().tolist() == [-2]


def test_blend_is_exact_at_both_ends_and_linear_between() -> None:
    masks = torch.stack([torch.ones(2, 3), torch.zeros(2, 3), torch.full((2, 3), 0.25)])
    out = torch.empty(3, 2, 2, 3)
    hidden = torch.tensor([0.1, 1e6])[:, None, None]
    blend(image(), hidden, masks, out)
    assert torch.equal(out[0], image())
    assert torch.equal(out[1], hidden.expand(2, 2, 3))
    assert torch.allclose(out[2], 0.25 * image() + 0.75 * hidden)


class Setting(BaseModel):
    fill: WholeFill


def test_masks_know_no_segments() -> None:
    assert Setting(fill=" #FF0000").fill == "#ff0000"
    for wrong, message in (("segment-mean", "superpixels"), ("greay", "did you mean grey")):
        with pytest.raises(ValidationError, match=message):
            Setting(fill=wrong)
