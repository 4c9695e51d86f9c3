"""What one model finds important, shown to the others."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import gaussian_filter

from crosslight.agreement.cross_testing import CrossTest, cross_test
from crosslight.agreement.cross_testing.classifiers import load_again
from crosslight.agreement.cross_testing.regions import GRID, as_seen, cells_kept, common_box, regions, top_region
from crosslight.agreement.cross_testing.result import summarised
from crosslight.core.errors import InputError, ModelError, UnknownNameError
from crosslight.core.geometry import Box, Preprocess
from crosslight.core.maps import Maps, Status
from crosslight.images import open_images
from crosslight.models import Classifier
from crosslight.store import ImageEntry, Manifest, MapBlock, Store
from crosslight.study import Study

# --- regions


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**31), st.integers(2, 12), st.integers(1, 5), st.integers(1, 4), st.floats(0.01, 0.99))
def test_exactly_so_many_cells_are_kept_and_none_of_the_others_is_larger(seed, side, levels, finer, share):
    random = np.random.default_rng(seed)
    first = random.integers(-levels, levels, (side, side)) / 3
    then = random.integers(-finer, finer, (side, side)) * 7.0
    draw = random.random((side, side))
    count = cells_kept(share, side)
    kept = top_region([first, then], count, draw)
    assert kept.sum() == count
    key = sorted(zip(first.ravel(), then.ravel(), draw.ravel(), kept.ravel(), strict=True))
    assert [one[3] for one in key] == [False] * (side**2 - count) + [True] * count


def test_values_that_differ_by_rounding_are_tied_and_the_draw_decides():
    random = np.random.default_rng(0)
    rounding = 1e-14 * np.arange(400.0).reshape(20, 20)
    draw = random.random((20, 20))
    kept = top_region([5 + rounding], 100, draw)
    np.testing.assert_array_equal(kept, draw > np.sort(draw.ravel())[-101])
    np.testing.assert_array_equal(top_region([np.zeros((20, 20))], 100, draw), kept)


@settings(deadline=None, max_examples=30)
@given(
    st.integers(0, 2**31),
    st.tuples(st.floats(0, 20), st.floats(0, 20), st.floats(30, 60), st.floats(30, 60)),
    st.tuples(st.integers(3, 30), st.integers(3, 30)),
)
def test_every_model_sees_the_same_area(seed, edges, size):
    """Whatever its crop and input size, as long as it covers the box."""
    kept = torch.from_numpy(np.random.default_rng(seed).random((2, 12, 12)) < 0.4).double()
    box, frame = Box(*edges), Box(-3, 0, 70, 61)
    seen = as_seen(kept, box, frame, size)
    assert float(seen.min()) >= 0
    assert float(seen.max()) <= 1
    pixel = frame.width * frame.height / (size[0] * size[1])
    cell = box.width * box.height / 144
    torch.testing.assert_close(seen.sum(dim=(1, 2)) * pixel, kept.sum(dim=(1, 2)) * cell)


def test_pixels_hold_the_mean_of_what_lies_in_them():
    kept = torch.from_numpy(np.random.default_rng(0).random((1, 6, 6)) < 0.5).float()
    fine = np.zeros((20, 20))  # of 2 pixels of the picture each
    fine[4:16, 2:14] = np.repeat(np.repeat(kept[0].numpy(), 2, 0), 2, 1)
    seen = as_seen(kept, Box(4, 8, 28, 32), Box(0, 0, 40, 40), (4, 5))
    np.testing.assert_allclose(seen[0], fine.reshape(4, 5, 5, 4).mean(axis=(1, 3)), atol=1e-6)


def test_boxes_are_cut_to_what_all_maps_cover_of_the_picture():
    boxes = np.array([[-4.0, 2, 30, 30], [1, -1, 50, 20]])
    assert common_box(boxes, 40, 40) == Box(1, 2, 30, 20)
    assert common_box(np.array([[0.0, 0, 4, 4], [5, 0, 9, 9]]), 40, 40) is None


def stack(values: np.ndarray, finish: str = "none", identity: str = "a") -> Maps:
    count = len(values)
    return Maps(
        values=values.astype(np.float32),
        boxes=np.tile([0.0, 0, 8, 8], (count, 1)),
        status=np.full(count, Status.OK, np.uint8),
        targets=np.zeros((count, 2), np.int32),
        images=tuple(f"{identity}{i}" for i in range(count)),
        attributes={"finish": finish},
    )


def test_where_the_final_step_leaves_zeros_the_map_before_it_decides():
    values = np.random.default_rng(0).permutation(64).reshape(1, 8, 8) - 57.0  # six of them are positive
    kept, random, centre = regions([stack(values, "relu")], 0, Box(0, 0, 8, 8), 20, seed=0, grid=8)
    np.testing.assert_array_equal(kept, values[0] >= -13)
    kept, *_ = regions([stack(values, "absolute")], 0, Box(0, 0, 8, 8), 20, seed=0, grid=8)
    np.testing.assert_array_equal(kept, abs(values[0]) >= 38)
    assert random.sum() == centre.sum() == 20


def test_regions_depend_on_the_image_alone_and_the_centre_is_in_the_middle():
    random = np.random.default_rng(1)
    many = stack(random.normal(size=(3, 7, 7)))
    box, count = Box(1, 1, 7, 7), cells_kept(0.25, 16)
    together = regions([many, many], 2, box, count, seed=5, grid=16)
    alone = Maps(many.values[2:], many.boxes[2:], many.status[2:], many.targets[2:], ("a2",), attributes={})
    np.testing.assert_array_equal(together[1:], regions([alone], 0, box, count, seed=5, grid=16))
    assert (together[2] != regions([alone], 0, box, count, seed=6, grid=16)[1]).any()
    rows, columns = np.nonzero(together[3])
    assert max(abs(rows - 7.5).max(), abs(columns - 7.5).max()) < 6
    assert (together.sum(axis=(1, 2)) == count).all()


# --- a store whose answers are known


class Half(torch.nn.Module):
    """Two classes: is a half of the picture light, or dark?"""

    def __init__(self, first: int, last: int):
        super().__init__()
        self.first, self.last = first, last

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        light = inputs[:, :, :, self.first : self.last].mean(dim=(1, 2, 3))
        return torch.stack([4 * light, torch.ones_like(light)], dim=1)


#: the whole of a picture of 16 x 32, in 16 x 32 and in 8 x 16 pixels
LARGE, SMALL = (
    Preprocess(size=size, resize=size, crop="squash", interpolation="box", mean=(0.0,) * 3, std=(1.0,) * 3)
    for size in ((16, 32), (8, 16))
)


def make_store(tmp_path: Path, sets: dict[str, tuple[list[float], tuple[int, ...]]]) -> Store:
    """Light pictures of 16 x 32, with the same map of one row for each of them; one map of ``right`` is zero."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i, level in enumerate((200, 150, 250, 180)):
        Image.new("RGB", (32, 16), (level,) * 3).save(folder / f"{i}.png")
    images = [ImageEntry(one.identity, one.name) for one in open_images(str(folder))]
    manifest = Manifest("halves", "h", tuple(images), 3, facts={"images": {"source": str(folder)}})
    store = Store.create(tmp_path / "out", manifest)
    for label, (row, box) in sets.items():
        store.add_model(label, 0, {})
        key = store.add_maps(label, "cam", "d", (1, len(row)), {"method": "cam", "finish": "none"})
        for block in range(store.blocks):
            rows = store.block_slice(block)
            made = MapBlock.blank(rows.stop - rows.start, (1, len(row)))
            made.values[:], made.boxes[:], made.status[:] = row, box, Status.OK
            if block == 1 and label == "right":
                made.values[:], made.status[:] = 0, Status.ZERO
            store.write(label, block, maps={key: made})
    return store


@pytest.fixture
def halves(tmp_path: Path) -> tuple[Store, dict[str, Classifier]]:
    """One model looks at the left half of light pictures, the other at the right one, and their maps say so."""
    whole = (0, 0, 32, 16)
    classifiers = {
        "left": Classifier(Half(0, 16), LARGE, label="left"),
        "right": Classifier(Half(8, 16), SMALL, label="right"),
    }
    return make_store(tmp_path, {"left": ([1.0, 0.0], whole), "right": ([0.0, 1.0], whole)}), classifiers


def light_of(store: Store, found: CrossTest) -> np.ndarray:
    levels = {one.identity: one.load().getpixel((0, 0))[0] / 255 for one in open_images(str(store_source(store)))}
    return np.array([levels[identity] for identity in found.images])


def says(level):
    """The probability of the class `light`, which every light picture is."""
    return np.exp(4 * level) / (np.exp(4 * level) + np.e)


def test_what_not_all_models_see_is_hidden(tmp_path: Path):
    """One model is shown the middle of each picture only; the other one looks half beside it."""
    store = make_store(
        tmp_path, {"wide": ([0.0, 1.0, 0.0, 0.0], (0, 0, 32, 16)), "narrow": ([0.0, 1.0], (8, 0, 24, 16))}
    )
    middle = replace(LARGE, size=(16, 16), resize=16, crop="center")
    classifiers = {"wide": Classifier(Half(0, 16), LARGE), "narrow": Classifier(Half(8, 16), middle)}
    found = cross_test(store, "cam", models=classifiers, share=0.5, fill="black", resamples=5)
    light = light_of(store, found)
    dark, half = says(0) / says(light), says(light / 2) / says(light)
    np.testing.assert_allclose(found.kept, [[[h, d], [d, 1]] for h, d in zip(half, dark, strict=True)], atol=1e-6)


def test_what_is_kept_is_the_share_of_the_probability(halves):
    store, classifiers = halves
    found = cross_test(store, "cam", models=classifiers, share=0.5, fill="black", resamples=50)
    assert found.models == ("left", "right")
    assert found.skipped == {"no usable map of some model": 1}
    assert len(found.images) == 3
    light = light_of(store, found)
    np.testing.assert_allclose(found.confidence, np.stack([says(light)] * 2, axis=1), atol=1e-6)
    dark = says(0) / says(light)
    np.testing.assert_allclose(found.kept, [[[1, d], [d, 1]] for d in dark], atol=1e-6)
    middle = says(light / 2) / says(light)  # of the middle half each sees a half of its own
    np.testing.assert_allclose(found.baseline[:, 1], np.stack([middle] * 2, axis=1), atol=0.02)
    np.testing.assert_allclose(found.mean, found.kept.mean(axis=0))
    np.testing.assert_allclose(found.similarity, [[1, dark.mean()], [dark.mean(), 1]], atol=1e-6)
    assert found.summary["own less others"].mean == pytest.approx(1 - dark.mean(), abs=1e-6)
    all_of_it = r"keeps (over 99|100) % of its own confidence and 31 % of the others'"
    assert re.search(rf"What a model finds important {all_of_it} \(difference 69 points", found.sentence)
    assert re.search(f"What left finds important {all_of_it}", found.sentence_of("left"))


def store_source(store: Store) -> Path:
    return Path(store.manifest.facts["images"]["source"])


def test_pictures_that_are_gone_are_no_silent_zeros(halves):
    store, classifiers = halves
    kept = cross_test(store, "cam", models=classifiers, share=0.5, fill="black", resamples=5)
    first = next(iter(open_images(str(store_source(store)))))
    (store_source(store) / first.name).unlink()
    found = cross_test(store, "cam", models=classifiers, share=0.5, fill="black", resamples=5)
    assert found.skipped["no picture"] == 1
    np.testing.assert_array_equal(found.kept, kept.kept[1:])
    for file in store_source(store).iterdir():
        file.unlink()
    with pytest.raises(InputError, match=r"no image can be used for 'cam' on left, right: .*no picture \(3\)"):
        cross_test(store, "cam", models=classifiers)


def test_an_output_that_is_not_finite_leaves_the_image_out(halves, monkeypatch):
    store, classifiers = halves
    logits = Classifier.logits
    broken = lambda self, inputs: logits(self, inputs).masked_fill(inputs.amax() > 0.9, torch.nan)  # noqa: E731
    monkeypatch.setattr(Classifier, "logits", broken)
    found = cross_test(store, "cam", models=classifiers, share=0.5, fill="black", resamples=5, batch_size=1)
    assert found.skipped["output is not finite"] == 1
    assert np.isfinite(found.kept).all()
    assert len(found.images) == len(found.kept) == 2


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"share": 0.0}, InputError, "between 0 and 1"),
        ({"share": 1.0}, InputError, "between 0 and 1"),
        ({"fill": "segment-mean"}, InputError, "no superpixels|cut into superpixels"),
        ({"fill": "blurr"}, InputError, "did you mean blur"),
        ({"limit": 0}, InputError, "must be positive"),
        ({"models": ["left"]}, InputError, "two models"),
        ({"models": ["left", "rihgt"]}, UnknownNameError, "did you mean 'right'"),
        ({"images": ["nobody"]}, UnknownNameError, "unknown image"),
        ({"models": None}, InputError, "does not say how to load 'left': hand the classifier over"),
    ],
)
def test_bad_input_says_what_to_do(halves, options, error, match):
    store, classifiers = halves
    with pytest.raises(error, match=match):
        cross_test(store, "cam", **{"models": classifiers, "share": 0.5} | options)
    with pytest.raises(UnknownNameError, match="did you mean 'cam'"):
        cross_test(store, "cma", models=classifiers)


def test_only_images_that_every_set_was_made_for_are_drawn(halves):
    store, classifiers = halves
    every = cross_test(store, "cam", models=classifiers, share=0.5, fill="black", resamples=5)
    few = cross_test(store, "cam", models=classifiers, share=0.5, fill="black", resamples=5, limit=2, seed=3)
    asked = cross_test(store, "cam", models=classifiers, share=0.5, resamples=5, images=list(every.images[1:]))
    assert set(few.images) <= {one.identity for one in store.manifest.images}
    assert len(few.images) + few.skipped.get("no usable map of some model", 0) == 2
    assert asked.images == every.images[1:]
    assert asked.skipped == {}


# --- classifiers of scenes


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = {
        "study": {"name": "few", "block": 4, "batch_size": 4, "threads": 1, "device": "cpu"},
        "images": {"source": "scenes", "limit": 6, "sample": "first"},
        "models": [{"name": f"scenes/{name}", "label": name} for name in ("resnet", "vit", "levit")],
        "methods": [{"name": "grad-cam", "label": "CAM"}],
    }
    return Study.from_dict(made).run(tmp_path_factory.mktemp("scenes") / "out")


@pytest.fixture(scope="module")
def found(scenes: Store) -> CrossTest:
    return cross_test(scenes, "CAM", share=0.3, resamples=100)


def test_one_pair_by_brute_force(scenes: Store, found: CrossTest):
    """A's map stretched and sorted, B run by hand on pictures blended pixel by pixel."""
    one, other = "resnet", "vit"
    maps, network = scenes.maps(one, "CAM"), load_again(scenes, other)
    preprocess = network.preprocess
    pictures = {record.identity: record.load() for record in open_images("scenes", limit=6, sample="first")}
    checked = 0
    for row, identity in enumerate(found.images):
        picture = np.asarray(pictures[identity]) / 255
        assert picture.shape[:2] == preprocess.size  # so nothing is resized or cut
        values = np.maximum(maps.values[maps.images.index(identity)].astype(np.float64), 0)
        places = [(np.arange(GRID) + 0.5) / GRID * side - 0.5 for side in values.shape]
        tall = np.stack([np.interp(places[0], np.arange(len(values)), column) for column in values.T], axis=1)
        large = np.stack([np.interp(places[1], np.arange(values.shape[1]), line) for line in tall])
        order, count = np.sort(large.ravel()), round(0.3 * GRID**2)
        if not order[-count] > order[-count - 1] + 1e-6 * order[-1]:
            continue  # ties are another test's
        kept = large >= order[-count]
        times = np.lcm(GRID, preprocess.size[0])
        fine = np.repeat(np.repeat(kept, times // GRID, 0), times // GRID, 1)
        side = times // preprocess.size[0]
        mask = fine.reshape(preprocess.size[0], side, preprocess.size[1], side).mean(axis=(1, 3))[..., None]
        blurred = gaussian_filter(picture, (0.05 * preprocess.size[0],) * 2 + (0,), mode="reflect")
        shown = [picture, mask * picture + (1 - mask) * blurred]
        inputs = (np.stack(shown) - preprocess.mean) / preprocess.std
        with torch.no_grad():
            logits = network.network.eval()(torch.from_numpy(inputs).float().permute(0, 3, 1, 2))
        says = logits.double().softmax(dim=1)[:, logits[0].argmax()]
        at = found.models.index(one), found.models.index(other)
        assert found.kept[row][at] == pytest.approx(float(says[1] / says[0]), rel=1e-4)
        assert found.confidence[row, at[1]] == pytest.approx(float(says[0]), rel=1e-4)
        checked += 1
    assert checked > 1


def test_nothing_depends_on_the_batch_size_or_on_which_models_take_part_later(scenes: Store, found: CrossTest):
    again = cross_test(scenes, "CAM", share=0.3, resamples=100, batch_size=3)
    np.testing.assert_allclose(again.kept, found.kept, atol=1e-5)
    np.testing.assert_allclose(again.baseline, found.baseline, atol=1e-5)
    fewer = cross_test(scenes, "CAM", share=0.3, resamples=100, models=["levit", "resnet"])
    np.testing.assert_allclose(fewer.kept, found.kept[:, [2, 0]][:, :, [2, 0]], atol=1e-5)


def test_the_result_can_be_written_down_and_says_what_it_found(found: CrossTest):
    written = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert "kept" not in written
    assert np.shape(written["mean"]) == np.shape(written["interaction"]) == (3, 3)
    assert written["baselines"] == ["random", "centre"]
    assert set(written["sentences"]) == set(found.models)
    assert "N = 6 images, 3 models" in written["sentence"]
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()


def test_the_work_announced_is_the_work_done(scenes: Store):
    class Listener:
        total = done = finished = 0

        def start(self, total: int, what: str) -> None:
            self.total = total

        def advance(self, units: int, what: str) -> None:
            self.done += units

        def message(self, text: str) -> None: ...

        def finish(self) -> None:
            self.finished += 1

    heard = Listener()
    cross_test(scenes, "CAM", models=["vit", "levit"], limit=2, resamples=5, progress=heard)
    assert (heard.total, heard.done, heard.finished) == (2 * 2 * (2 + 3), 2 * 2 * (2 + 3), 1)


def test_a_classifier_with_other_weights_or_preprocessing_is_refused(scenes: Store):
    good = {label: load_again(scenes, label) for label in ("vit", "levit")}
    with pytest.raises(ModelError, match="vit: its weights differ"):
        cross_test(scenes, "CAM", models=good | {"vit": load_again(scenes, "resnet")})
    good["vit"].preprocess = replace(good["vit"].preprocess, interpolation="nearest")
    with pytest.raises(ModelError, match="vit: its preprocessing differ"):
        cross_test(scenes, "CAM", models=good)


# --- summary


def test_summary_and_interaction_of_known_values():
    kept = np.array([[[0.8, 0.4], [0.6, 1.0]], [[0.6, 0.2], [0.4, 0.6]]])
    baseline = np.array([[[0.1, 0.2], [0.3, 0.3]], [[0.3, 0.2], [0.5, 0.3]]])
    made = summarised(kept, baseline, 50, 0)
    assert made["summary"]["own"].mean == pytest.approx(0.75)
    assert made["summary"]["others"].mean == pytest.approx(0.4)
    assert made["summary"]["own less others"].mean == pytest.approx(0.35)
    assert made["summary"]["random"].mean == pytest.approx(0.2)
    assert made["summary"]["centre"].mean == pytest.approx(0.35)
    found = CrossTest(
        models=("x", "y"), method="m", share=0.3, fill="blur", images=("a", "b"), kept=kept,
        baselines=("random", "centre"), baseline=baseline, confidence=np.ones((2, 2)), **made,
    )  # fmt: skip
    np.testing.assert_allclose(found.per_image[0], [[0.8, 0.5], [0.5, 1.0]])
    np.testing.assert_allclose(found.interaction, [[0.175, -0.175], [-0.175, 0.175]])
    better, steadier = np.array([[0.2], [0.0]]), np.array([[0.0, 0.1]])
    np.testing.assert_allclose(replace(found, mean=found.mean + better + steadier).interaction, found.interaction)
