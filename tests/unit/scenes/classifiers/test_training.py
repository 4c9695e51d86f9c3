from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.errors import ModelError
from crosslight.core.progress import Silent
from crosslight.scenes.classifiers import EPOCHS, fit, is_trained, load_network, train
from crosslight.scenes.classifiers.learner import Learner
from crosslight.scenes.classifiers.pictures import training_pictures
from crosslight.scenes.classifiers.training import Pictures, _batches, _moved, judge

TESTED = 12


class Stop(Silent):
    """Presses Ctrl-C after so many steps."""

    def __init__(self, after: int):
        self.left, self.ended = after, 0

    def advance(self, units: int, what: str) -> None:
        self.left -= units
        if self.left < 0:
            raise KeyboardInterrupt

    def finish(self) -> None:
        self.ended += 1


def state(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_learning_holds_every_picture_at_every_epoch(done):
    learning = done.learning
    for name in ("predictions", "losses", "margins"):
        assert getattr(learning, name).shape == (EPOCHS, TESTED)
    assert learning.train_loss.shape == learning.train_accuracy.shape == learning.accuracy.shape == (EPOCHS,)
    assert learning.labels.shape == (TESTED,)
    assert sorted(learning.labels[:10]) == list(range(10))
    right = learning.predictions == learning.labels
    assert ((learning.margins > 0) == right).all()
    assert (learning.losses > 0).all()
    assert ((learning.train_accuracy >= 0) & (learning.train_accuracy <= 1)).all()
    assert learning.train_loss[-5:].mean() < learning.train_loss[:5].mean()


def test_the_last_epoch_is_that_of_the_saved_network(done, judged):
    said = judge(load_network(done.entry, done.out), judged)
    np.testing.assert_allclose(said.losses, done.learning.losses[-1], atol=0.02)
    np.testing.assert_allclose(said.margins, done.learning.margins[-1], atol=0.02)
    sure = np.abs(done.learning.margins[-1]) > 0.02
    assert sure.sum() >= TESTED - 2
    np.testing.assert_array_equal(said.predictions[sure], done.learning.predictions[-1][sure])


def test_the_same_seed_gives_the_same_weights_and_another_others(done, entry, pictures, judged):
    images, labels = training_pictures(pictures, "clean", entry.recipe.pictures)
    before = torch.get_rng_state()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(12345)  # whatever else draws random numbers
        network, learning = fit(entry, images, labels, judged)
    assert torch.equal(torch.get_rng_state(), before)
    halves = {n: v.half().float() if v.is_floating_point() else v for n, v in state(network).items()}
    assert same(halves, state(load_network(done.entry, done.out)))
    np.testing.assert_array_equal(learning.losses, done.learning.losses)
    other, _ = fit(replace(entry, seed=1), images, labels, judged)
    assert not same(state(other), state(network))


def test_an_interrupted_training_leaves_nothing_and_can_be_repeated(done, entry, same_weights, pictures, tmp_path):
    stop = Stop(after=7)
    with pytest.raises(KeyboardInterrupt):
        train(entry, tmp_path, pictures=pictures, tested=TESTED, progress=stop)
    assert stop.ended == 1
    assert list(tmp_path.iterdir()) == []
    train(entry, tmp_path, pictures=pictures, tested=TESTED)
    assert is_trained(entry, tmp_path)
    assert same_weights(entry, tmp_path, done.out)


def test_a_loss_that_is_no_number_is_an_error(entry, pictures, judged, monkeypatch):
    monkeypatch.setattr(Learner, "step", lambda *_: (float("nan"), 0.1))
    images, labels = training_pictures(pictures, "clean", entry.recipe.pictures)
    with pytest.raises(ModelError, match="levit: the loss is nan after 1 steps"):
        fit(entry, images, labels, judged)


def test_judging_by_hand(always):
    network = always(3).train()
    said = judge(network, Pictures(torch.zeros((3, 3, 96, 96), dtype=torch.uint8), torch.tensor([3, 0, 9])), batch=2)
    assert said.predictions.tolist() == [3, 3, 3]
    assert said.margins.tolist() == [1, -1, -1]
    total = np.log(np.e + 9)
    np.testing.assert_allclose(said.losses, [total - 1, total, total], rtol=1e-6)
    assert not network.training


@given(seed=st.integers(0, 2**32 - 1), shift=st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_moving_shows_a_picture_or_its_mirror_image_within_the_reach(seed, shift):
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (6, 3, 7, 7), dtype=np.uint8)
    moved = _moved(torch.from_numpy(pictures), shift, rng).numpy()
    assert moved.dtype == np.uint8
    for before, after in zip(pictures, moved, strict=True):
        padded = np.pad(before, ((0, 0), (shift, shift), (shift, shift)), mode="reflect")
        reached = [
            window[:, :, ::flip]
            for top in range(2 * shift + 1)
            for left in range(2 * shift + 1)
            for flip in (1, -1)
            for window in (padded[:, top : top + 7, left : left + 7],)
        ]
        assert any(np.array_equal(after, window) for window in reached)


def test_without_shift_half_of_the_pictures_stay_and_half_are_mirrored():
    rng = np.random.default_rng(0)
    pictures = torch.from_numpy(rng.integers(0, 256, (400, 3, 5, 5), dtype=np.uint8))
    moved = _moved(pictures, 0, rng)
    kept = (moved == pictures).flatten(1).all(1)
    mirrored = (moved == pictures.flip(3)).flatten(1).all(1)
    assert (kept | mirrored).all()
    assert 160 < int(kept.sum()) < 240


def test_every_shift_is_as_likely():
    picture = torch.zeros((4000, 1, 9, 9), dtype=torch.uint8)
    picture[:, :, 4, 4] = 255
    moved = _moved(picture, 1, np.random.default_rng(0))
    places = Counter(tuple(place) for place in moved[:, 0].nonzero()[:, 1:].tolist())
    assert set(places) == {(y, x) for y in (3, 4, 5) for x in (3, 4, 5)}
    assert all(350 < count < 540 for count in places.values())


def test_batches_walk_through_all_pictures(entry):
    images = np.zeros((12, 96, 96, 3), np.uint8)
    seen = [y.tolist() for _, y in _batches(images, np.arange(12), entry, None)]
    assert len(seen) == entry.recipe.steps == 20
    assert all(len(batch) == entry.recipe.batch == 4 for batch in seen)
    walks = [[index for batch in seen[at : at + 3] for index in batch] for at in range(0, 18, 3)]
    assert all(sorted(walk) == list(range(12)) for walk in walks)
    assert len({tuple(walk) for walk in walks}) > 1


def test_a_picture_stays_with_its_label_and_its_thing(entry):
    images = np.arange(12, dtype=np.uint8)[:, None, None, None] * np.ones((1, 96, 96, 3), np.uint8)
    things = np.zeros((12, 96, 12), np.uint8)
    things[6:] = 255  # all bits set
    for x, y in _batches(images, np.arange(12), entry, things):
        assert x.shape == (4, 4, 96, 96)
        assert (x[:, :3] == y[:, None, None, None]).all()
        assert (x[:, 3] == 255 * (y >= 6)[:, None, None]).all()


def test_more_in_a_batch_than_there_are_pictures(entry):
    few = replace(entry, recipe=replace(entry.recipe, batch=30))
    batches = list(_batches(np.zeros((12, 96, 96, 3), np.uint8), np.arange(12), few, None))
    assert all(len(y) == 30 for _, y in batches)
