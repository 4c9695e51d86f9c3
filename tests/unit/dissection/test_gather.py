"""One pass finds what a plain computation over all activations finds."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from crosslight.core.errors import InputError, StoreError, UnknownNameError
from crosslight.core.progress import Silent
from crosslight.dissection import Dissection, open_dissection, record_units
from crosslight.dissection.quantile import rank_of
from crosslight.dissection.record import Recorded, record
from crosslight.dissection.records import NONE
from crosslight.dissection.regions import near, open_regions
from crosslight.images import ImageSet, make_batch, open_images
from crosslight.models import Classifier
from crosslight.models.taps import reading

from .networks import photos, small

LAYERS = "stages.0.0,stages.1"
COUNT, BROKEN = 23, (4, 11)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return small()


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> ImageSet:
    return open_images(photos(tmp_path_factory.mktemp("gather") / "photos", COUNT, BROKEN))


@pytest.fixture(scope="module")
def plain(classifier: Classifier, images: ImageSet) -> dict[str, NDArray[np.float32]]:
    """All activations of both layers; NaN for images that cannot be read."""
    sites = {site.name: site for site in classifier.sites.sites}
    wanted = [sites["stages.0.0"], sites["stages.1.1"]]
    found = {site.name: np.full((COUNT, site.channels, *site.resolution), np.nan, np.float32) for site in wanted}
    for row, one in enumerate(images):
        if row in BROKEN:
            continue
        batch = make_batch([one.load()], classifier.preprocess)
        with classifier.evaluating() as network, torch.no_grad(), reading(network, wanted) as held:
            classifier.logits(batch.inputs)
            for site in wanted:
                found[site.name][row] = site.layout.to_features(held[site.name])[0].numpy()
    return found


@pytest.fixture(scope="module")
def recorded(classifier: Classifier, images: ImageSet) -> Recorded:
    return record(classifier, images, LAYERS, batch_size=3, block=5, share=0.02)


def test_activations_and_thresholds(recorded: Recorded, plain: dict[str, NDArray[np.float32]]) -> None:
    for layer in recorded.dissection.layers:
        values = plain[layer.name]
        assert np.allclose(layer.activations, values.mean((2, 3)), atol=1e-6, equal_nan=True)
        cells = np.delete(values, BROKEN, axis=0).transpose(1, 0, 2, 3).reshape(layer.units, -1)
        expected = np.sort(cells, axis=1)[:, -rank_of(cells.shape[1], 0.02)]
        assert np.allclose(layer.thresholds, expected, rtol=1e-5, atol=1e-6)
    assert np.nanmin(recorded.dissection.layers[0].activations) < 0


def test_top_images_with_their_maps(recorded: Recorded, plain: dict[str, NDArray[np.float32]]) -> None:
    for layer in recorded.dissection.layers:
        order = np.argsort(np.where(np.isnan(layer.activations), np.inf, -layer.activations), axis=0, kind="stable")
        assert np.array_equal(layer.top_images, order[:10].T)
        for unit in range(layer.units):
            maps = plain[layer.name][layer.top_images[unit], unit]
            assert np.allclose(layer.top_maps[unit], maps, atol=1e-3)


def test_regions_hold_what_is_above_and_around_it(recorded: Recorded, plain: dict[str, NDArray[np.float32]]) -> None:
    for layer in recorded.dissection.layers:
        values, seen = plain[layer.name], set()
        for row, units, maps in recorded.regions[layer.name].images():
            levels = np.broadcast_to(layer.thresholds[units][:, None, None], maps.shape)
            clear = np.abs(values[row, units] - levels) > 1e-5  # batches of another size differ in the last digits
            assert np.array_equal((maps > levels)[clear], (values[row, units] > levels)[clear])
            around = near(maps > levels)
            assert np.allclose(maps[around], values[row, units][around], rtol=1e-5, atol=1e-6)
            assert (maps[~around] <= levels[~around]).all()
            seen |= {(row, int(unit)) for unit in units}
        strong = np.nan_to_num(values, nan=-np.inf).max((2, 3)) > layer.thresholds + 1e-5
        assert {(int(row), int(unit)) for row, unit in np.argwhere(strong)} <= seen
        assert len(seen) < 0.9 * (COUNT - len(BROKEN)) * layer.units  # most of the rest is not kept


def test_a_dead_unit_is_known(recorded: Recorded) -> None:
    first, last = recorded.dissection.layers
    assert not first.dead.any()
    assert last.dead[3]
    assert last.thresholds[3] == 0


def test_bad_images_are_recorded_and_nothing_else_is_lost(recorded: Recorded, images: ImageSet) -> None:
    dissection = recorded.dissection
    assert sorted(dissection.failures) == list(BROKEN)
    assert all("not an image but text" in reason for reason in dissection.failures.values())
    for layer in dissection.layers:
        assert np.flatnonzero(np.isnan(layer.activations).all(axis=1)).tolist() == list(BROKEN)
        assert not np.isin(layer.top_images, BROKEN).any()
    assert dissection.images == tuple(one.name for one in images)
    assert np.flatnonzero(recorded.regions["stages.1.1"].sizes[:, 0] < 0).tolist() == list(BROKEN)


def assert_alike(one: Dissection, other: Dissection, exactly: bool) -> None:
    for mine, theirs in zip(one.layers, other.layers, strict=True):
        for field in dataclasses.fields(mine):
            a, b = getattr(mine, field.name), getattr(theirs, field.name)
            if not isinstance(a, np.ndarray):
                assert a == b
            elif exactly or a.dtype.kind != "f":
                assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), field.name
            else:
                assert np.allclose(a, b, rtol=1e-5, atol=1e-3 if a.dtype == np.float16 else 1e-6, equal_nan=True)


@pytest.mark.parametrize(("batch_size", "block"), [(3, 100), (1, 1), (7, 8)])
def test_neither_batches_nor_blocks_matter(
    recorded: Recorded, classifier: Classifier, images: ImageSet, batch_size: int, block: int
) -> None:
    other = record(classifier, images, LAYERS, batch_size=batch_size, block=block, share=0.02)
    assert_alike(recorded.dissection, other.dissection, exactly=False)


def test_where_memory_runs_out_fewer_images_are_taken_at_once(
    recorded: Recorded, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    tight = small()
    _ = tight.sites
    logits, sizes = tight.logits, []

    def within(inputs: torch.Tensor) -> torch.Tensor:
        sizes.append(len(inputs))
        if len(inputs) > 3:
            raise torch.OutOfMemoryError("out of memory")
        return logits(inputs)

    monkeypatch.setattr(tight, "logits", within)
    found = record(tight, images, LAYERS, batch_size=13, block=7, share=0.02)
    assert_alike(recorded.dissection, found.dissection, exactly=False)
    assert sizes[:2] == [6, 3]  # of the first block, from which one image is missing
    assert max(sizes[2:]) <= 3
    monkeypatch.setattr(tight, "logits", lambda inputs: within(inputs.repeat(9, 1, 1, 1)))
    with pytest.raises(torch.OutOfMemoryError):
        record(tight, images, LAYERS)


class Stopped(Exception):
    pass


class StopAfter(Silent):
    """A listener that gives up after some images."""

    def __init__(self, images: int) -> None:
        self.left = images

    def advance(self, units: int, what: str) -> None:
        self.left -= units
        if self.left < 0:
            raise Stopped


def test_a_stopped_run_goes_on_and_ends_the_same(
    recorded: Recorded, classifier: Classifier, images: ImageSet, tmp_path: Path
) -> None:
    settings = {"batch_size": 3, "block": 5, "share": 0.02}
    for after in (6, 13):
        with pytest.raises(Stopped):
            record_units(classifier, images, LAYERS, out=tmp_path, progress=StopAfter(after), **settings)
    assert len(list((tmp_path / "blocks").glob("*.json"))) == 2
    found = record_units(classifier, images, LAYERS, out=tmp_path, **settings)
    assert_alike(recorded.dissection, found, exactly=True)
    assert not (tmp_path / "blocks").exists()
    assert_alike(found, open_dissection(tmp_path), exactly=True)
    for layer in found.layers:
        ours, theirs = open_regions(tmp_path, layer.name), recorded.regions[layer.name]
        assert np.array_equal(ours.boxes, theirs.boxes, equal_nan=True)
        for (row, units, maps), (row2, units2, maps2) in zip(ours.images(), theirs.images(), strict=True):
            assert row == row2
            assert np.array_equal(units, units2)
            assert np.array_equal(maps, maps2)


def test_other_settings_never_mix(classifier: Classifier, images: ImageSet, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        record_units(classifier, images, LAYERS, out=tmp_path, batch_size=3, block=5, progress=StopAfter(12))
    whole = record_units(classifier, images, "stages.1", out=tmp_path, batch_size=3, block=5, pooling="max")
    fresh = record_units(classifier, images, "stages.1", batch_size=3, block=5, pooling="max")
    assert_alike(whole, fresh, exactly=True)
    again = record_units(classifier, images, "stages.1", out=tmp_path, batch_size=3, block=5, pooling="max")
    assert_alike(whole, again, exactly=True)
    with pytest.raises(StoreError, match="other images, layers or settings"):
        record_units(classifier, images[:-1], "stages.1", out=tmp_path, batch_size=3, block=5, pooling="max")


def test_pooling_by_the_greatest_cell(
    classifier: Classifier, images: ImageSet, plain: dict[str, NDArray[np.float32]]
) -> None:
    (layer,) = record_units(classifier, images, "stages.1", pooling="max").layers
    assert np.allclose(layer.activations, plain["stages.1.1"].max((2, 3)), atol=1e-6, equal_nan=True)


def test_what_cannot_be_asked_for(classifier: Classifier, images: ImageSet) -> None:
    with pytest.raises(InputError, match="no class token here"):
        record_units(classifier, images, pooling="token")
    with pytest.raises(UnknownNameError, match="unknown pooling"):
        record_units(classifier, images, pooling="men")
    with pytest.raises(UnknownNameError, match="unknown view"):
        record_units(classifier, images, view="hole")
    with pytest.raises(InputError, match="at least one image"):
        record_units(classifier, images, batch_size=0)


def test_one_image_is_too_few(classifier: Classifier, images: ImageSet) -> None:
    with pytest.raises(InputError, match="1 of 2 images can be used"):
        record_units(classifier, images[3:5])


def test_values_that_are_no_numbers_are_a_failure_of_the_image(images: ImageSet) -> None:
    broken = small()
    forward = broken.network.stem.forward  # type: ignore[union-attr,operator]

    def overflowing(inputs: torch.Tensor) -> torch.Tensor:
        found = forward(inputs)  # type: ignore[operator]
        odd = inputs.mean((1, 2, 3)) > inputs.mean((1, 2, 3)).median()
        return torch.where(odd[:, None, None, None], torch.inf, found)

    _ = broken.sites
    broken.network.stem.forward = overflowing  # type: ignore[union-attr,method-assign,assignment]
    found = record_units(broken, images[:4], "stem", batch_size=4)
    assert set(found.failures.values()) == {"stem gives values that are not finite"}
    assert np.isnan(found.layers[0].activations).all(axis=1).sum() == len(found.failures) == 2


def test_the_whole_picture_can_be_squashed_into_the_input(images: ImageSet) -> None:
    narrow = small(crop=0.6)
    for view, all_of_it in (("model", False), ("whole", True)):
        regions = record(narrow, images[:4], view=view).regions
        (one,) = regions.values()
        height, width = one.sizes[2]
        assert (one.boxes[2].tolist() == [0, 0, width, height]) == all_of_it


def test_tokens_of_transformers_and_their_class_token() -> None:
    from crosslight.models import load_model

    vit = load_model("scenes/vit", weights="none")
    pictures = open_images("scenes", limit=3, sample="first")
    found = record_units(vit, pictures, pooling="token", batch_size=3)
    (layer,) = found.layers
    site = next(one for one in vit.sites.sites if one.name == layer.name)
    assert site.layout.prefix
    batch = make_batch([one.load() for one in pictures], vit.preprocess)
    with vit.evaluating() as network, torch.no_grad(), reading(network, [site]) as held:
        vit.logits(batch.inputs)
    assert np.allclose(layer.activations, held[site.name][:, 0].numpy(), atol=1e-5)
    assert layer.top_images[0].tolist().count(NONE) == 7
