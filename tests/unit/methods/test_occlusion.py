"""Occlusion against its definition, written out."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from PIL import Image

from crosslight.evidence import Gathering

from .conftest import apply, scores_of


@pytest.mark.parametrize("output", ["logit", "probability"])
def test_mean_drop_over_the_windows_that_cover_a_pixel(exact: Gathering, output: str) -> None:
    """Windows of 15 pixels, 10 apart, on 48: the last one reaches beyond the edge."""
    maps = apply(exact, "occlusion", window=15 / 48, stride=10 / 15, fill="zero", output=output).maps
    for image, picture in enumerate(exact.inputs):
        drops, counts = torch.zeros(48, 48).double(), torch.zeros(48, 48)
        start = scores_of(exact, picture[None], image, output)
        for y in range(0, 41, 10):
            for x in range(0, 41, 10):
                hidden = picture.clone()
                hidden[:, y : y + 15, x : x + 15] = 0
                drops[y : y + 15, x : x + 15] += start - scores_of(exact, hidden[None], image, output)
                counts[y : y + 15, x : x + 15] += 1
        assert torch.allclose(maps[image], drops / counts, atol=1e-12)


def test_padding_gets_nothing(exact: Gathering) -> None:
    """Inputs that reach beyond their picture on the left and right."""
    boxes = [replace(box, left=0, right=96, top=0, bottom=96) for box in exact.batch.boxes]
    pictures = tuple(Image.new("RGB", (48, 96)) for _ in boxes)
    boxes = tuple(replace(box, left=-24, right=72) for box in boxes)
    batch = replace(exact.batch, boxes=boxes, pictures=pictures)
    maps = apply(Gathering(exact.classifier, batch, batch_size=4), "occlusion", window=0.5).maps
    assert torch.isfinite(maps).all()
    assert (maps[:, :, :12] == 0).all()
    assert (maps[:, :, 36:] == 0).all()
    assert (maps[:, :, 12:36] != 0).all()


def test_one_window_over_everything(exact: Gathering) -> None:
    maps = apply(exact, "occlusion", window=1, stride=1, fill="white").maps
    assert (maps.flatten(1).std(dim=1) < 1e-12).all()
