from __future__ import annotations

import torch

from crosslight.core.geometry import Preprocess
from crosslight.images import Batch, make_batch, prepare


def test_a_batch_is_its_pictures(noise):
    pictures = [noise(40, 30, 0), noise(30, 60, 1), noise(50, 50, 2)]
    preprocess = Preprocess((24, 24), 28)
    batch = make_batch(pictures, preprocess, ["a", "b", "c"], [1, None, 0])
    assert len(batch) == 3
    for i, picture in enumerate(pictures):
        inputs, box = prepare(picture, preprocess)
        assert torch.equal(batch.inputs[i], inputs)
        assert batch.boxes[i] == box
    part = batch.take([2, 1])
    assert (part.identities, part.labels) == (("c", "b"), (0, None))
    assert torch.equal(part.inputs, batch.inputs[[2, 1]])
    assert part.boxes == (batch.boxes[2], batch.boxes[1])
    assert make_batch(pictures, preprocess).identities == ("0", "1", "2")


def test_a_batch_keeps_its_pictures(noise):
    pictures = [noise(40, 30, 0), noise(30, 60, 1), noise(50, 50, 2)]
    preprocess = Preprocess((24, 24), 28)
    batch = make_batch(pictures, preprocess)
    assert batch.pictures == tuple(pictures)
    assert batch.preprocess == preprocess
    part = batch.take([2, 1])
    assert part.pictures is not None
    assert part.pictures[0] is pictures[2]
    assert part.pictures[1] is pictures[1]
    assert part.preprocess == preprocess
    moved = part.to(torch.device("meta"))
    assert moved.inputs.is_meta
    assert (moved.pictures, moved.preprocess) == (part.pictures, preprocess)
    bare = Batch(batch.inputs, batch.boxes, batch.identities, batch.labels)
    assert bare.pictures is None
    assert bare.take([1]).pictures is None
