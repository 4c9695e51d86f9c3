"""Decoded pictures, their batches, and what is changed in them at random."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crosslight.core.errors import InputError
from crosslight.core.geometry import Preprocess
from crosslight.dynamics.training import pixels as module
from crosslight.dynamics.training.augment import augmented, mixed
from crosslight.dynamics.training.data import open_pictures
from crosslight.dynamics.training.pixels import Walks, decode_part, drop_scratch, loader
from crosslight.images import prepare

PREPROCESS = Preprocess((10, 8), 12, mean=(0.5,) * 3, std=(0.2,) * 3)


def test_pixels_are_the_classifiers_view(photos: Path) -> None:
    part = open_pictures(photos).train
    pixels, bad = decode_part(part, PREPROCESS)
    assert bad == []
    assert pixels.ids == part.ids
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (PREPROCESS.mean, PREPROCESS.std))
    for row in (0, 5):
        view = (torch.from_numpy(pixels.values[row]).float() / 255 - mean) / std
        torch.testing.assert_close(view, prepare(part.records[row].load(), PREPROCESS)[0])


def test_many_pictures_go_into_a_file(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = open_pictures(photos).train
    memory, _ = decode_part(part, PREPROCESS)
    monkeypatch.setattr(module, "IN_MEMORY", 100)
    disk, _ = decode_part(part, PREPROCESS, scratch=tmp_path / "scratch")
    assert isinstance(disk.values, np.memmap)
    assert np.array_equal(disk.values, memory.values)
    drop_scratch(tmp_path / "scratch")
    assert not (tmp_path / "scratch").exists()


def test_a_picture_that_cannot_be_read_is_left_out(photos: Path) -> None:
    (photos / "cat/p3.png").write_bytes((photos / "cat/p3.png").read_bytes()[:60])
    whole = open_pictures(photos, 0.1)
    part = replace(whole.train, records=whole.train.records + whole.validation.records)
    part = replace(part, labels=np.concatenate([whole.train.labels, whole.validation.labels]))
    pixels, bad = decode_part(part, PREPROCESS, name="train")
    assert [(one["part"], one["name"]) for one in bad] == [("train", "cat/p3.png")]
    assert len(pixels) == len(part) - 1
    assert "cat/p3.png" not in pixels.ids
    assert np.bincount(pixels.labels).tolist() == [8, 7, 8]
    for file in photos.rglob("*.png"):
        file.write_text("no picture")
    with pytest.raises(InputError, match="none of the 21 train pictures can be used"):
        decode_part(open_pictures(photos).train, PREPROCESS)


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 3))
def test_walks(count: int, batch: int, epoch: int) -> None:
    plain, shuffled = Walks(count, batch), Walks(count, batch, seed=7)
    assert [row for rows in plain for row in rows] == list(range(count))
    shuffled.epoch = epoch
    rows = [row for rows in shuffled for row in rows]
    assert len(set(rows)) == len(rows) == (count - count % batch if count >= batch else count)
    assert len(list(shuffled)) == len(shuffled)
    assert rows == [row for rows in shuffled for row in rows]
    if count > 6 and len(rows) == count:
        shuffled.epoch = epoch + 1
        assert rows != [row for rows in shuffled for row in rows]


def test_a_loader(photos: Path) -> None:
    pixels, _ = decode_part(open_pictures(photos).train, PREPROCESS)
    rows, values, labels = next(iter(loader(pixels, Walks(len(pixels), 5, seed=0))))
    assert values.dtype == torch.uint8
    assert np.array_equal(values.numpy(), pixels.values[rows.numpy()])
    assert np.array_equal(labels.numpy(), pixels.labels[rows.numpy()])


@pytest.mark.parametrize("strength", ["none", "light", "strong"])
def test_changes_depend_on_the_seeds_alone(strength: str) -> None:
    values = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (6, 3, 16, 12), dtype=np.uint8))
    one, again = augmented(values, strength, 1, 2), augmented(values, strength, 1, 2)
    assert torch.equal(one, again)
    assert one.shape == values.shape
    assert 0 <= one.min() <= one.max() <= 1
    assert torch.equal(one, values / 255) == (strength == "none")
    if strength != "none":
        assert not torch.equal(one, augmented(values, strength, 1, 3))
    assert one[0].mean() == pytest.approx(float(values[0].float().mean() / 255), abs=0.2)


def test_light_changes_shift_and_flip() -> None:
    columns = torch.arange(16, dtype=torch.uint8).expand(64, 1, 16, 16).contiguous()
    changed = (augmented(columns, "light", 0) * 255).round()
    assert torch.equal(changed[:, :, :1], changed[:, :, 5:6])  # rows are alike before and after
    middle = changed[:, 0, 0, 8] - changed[:, 0, 0, 7]
    assert set(middle.tolist()) == {1.0, -1.0}
    where = {float(v) for row, way in zip(changed, middle, strict=True) if way == 1 for v in row[0, 0, 7:8]}
    assert where <= {5.0, 6.0, 7.0, 8.0, 9.0}
    assert len(where) > 3


def test_pictures_are_mixed() -> None:
    inputs = torch.rand(5, 3, 4, 4)
    blend, rows, share = mixed(inputs, 0.4, "seed")
    assert 0.5 <= share <= 1
    torch.testing.assert_close(blend, share * inputs + (1 - share) * inputs[rows])
    assert sorted(rows.tolist()) == list(range(5))
