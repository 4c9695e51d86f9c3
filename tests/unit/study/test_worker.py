from __future__ import annotations

import gc
import weakref
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from crosslight.core.errors import ImageError
from crosslight.core.maps import Status
from crosslight.models import load_model
from crosslight.study.spec import check_methods
from crosslight.study.worker import Item, explain_block

from . import networks
from .conftest import SIZE

METHODS = [{"name": "grad-cam"}, {"name": "smoothgrad", "samples": 3}, {"name": "saliency", "target": "label"}]


def picture(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8))


def items(count: int = 7, grey: tuple[int, ...] = ()) -> list[Item]:
    """Pictures of noise; those in `grey` are one colour."""
    pictures = [Image.new("RGB", (16, 16), "teal") if i in grey else picture(i) for i in range(count)]
    return [Item(f"image {i}", pictures[i].copy, label=i % 5) for i in range(count)]


def block(network, chosen=None, methods=None, batch_size=4, **options):
    torch.manual_seed(0)
    classifier = load_model(network(), label="net", preprocess=SIZE)
    tasks = check_methods(METHODS if methods is None else methods, base=options.pop("base", None))
    return explain_block(classifier, items() if chosen is None else chosen, tasks, batch_size=batch_size, **options)


def assert_close(got, expected) -> None:
    np.testing.assert_allclose(got.predictions.logits, expected.predictions.logits, atol=1e-5)
    assert got.maps.keys() == expected.maps.keys()
    for label, maps in expected.maps.items():
        np.testing.assert_array_equal(got.maps[label].status, maps.status)
        np.testing.assert_array_equal(got.maps[label].targets, maps.targets)
        np.testing.assert_allclose(got.maps[label].values, maps.values, atol=1e-5)


def test_maps_do_not_depend_on_the_batch():
    whole = block(networks.tiny, batch_size=8)
    assert all((maps.status == Status.OK).all() for maps in whole.maps.values())
    for size in (1, 2, 3):
        assert_close(block(networks.tiny, batch_size=size), whole)


def test_maps_do_not_depend_on_the_other_methods():
    together = block(networks.tiny)
    for method in METHODS:
        alone = block(networks.tiny, methods=[method])
        np.testing.assert_allclose(alone.maps[method["name"]].values, together.maps[method["name"]].values, atol=1e-6)
        np.testing.assert_allclose(alone.predictions.logits, together.predictions.logits, atol=1e-6)


def test_no_method_still_predicts():
    outcome = block(networks.tiny, methods=[])
    assert outcome.maps == {}
    assert np.isfinite(outcome.predictions.logits).all()
    assert outcome.notes["evaluations"] == 7


def test_out_of_memory_halves_the_batch_and_goes_on():
    told: list[str] = []
    outcome = block(lambda: networks.hungry(2), batch_size=8, tell=told.append)
    assert_close(outcome, block(networks.tiny, batch_size=8))
    assert outcome.notes["halved_batch"] <= 2
    assert outcome.failures == []
    assert told[0] == "net: out of memory; going on with batches of 3"


def test_what_ran_out_of_memory_is_let_go_before_the_next_try():
    seen: list[weakref.ref] = []
    alive: list[int] = []

    class Watching(networks.Hungry):
        def forward(self, inputs):
            alive.append(sum(ref() is not None and len(ref()) > len(inputs) for ref in seen))
            seen.append(weakref.ref(inputs))
            return super().forward(inputs)

    gc.disable()  # memory has to be there at once, not when the collector comes round
    try:
        block(lambda: Watching(1), methods=[{"name": "smoothgrad", "samples": 3}], batch_size=4)
    finally:
        gc.enable()
    assert len(seen) > 7
    assert max(alive) == 0


def test_not_even_one_image_fits():
    class Full(networks.Tiny):
        def forward(self, inputs):
            if inputs.std() > 0:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().forward(inputs)

    outcome = block(Full, methods=[{"name": "smoothgrad", "samples": 3}])
    assert (outcome.predictions.status == Status.FAILED).all()
    assert {(f.stage, f.reason) for f in outcome.failures if f.stage == "predict"} == {
        ("predict", "out of memory at batch size 1")
    }
    assert Counter(f.image for f in outcome.failures if f.stage == "predict") == {f"image {i}": 1 for i in range(7)}


METHOD_FILE = """
import torch
from crosslight.evidence import InputGradients
from crosslight.methods import method

@method("{name}", reads=InputGradients, reference="here")
def picky(evidence):
    '''Fails where an image is one colour.'''
    if (evidence.inputs.flatten(2).std(dim=2) == 0).any():
        raise {error}("nothing to see")
    return evidence.gradients.sum(1)
"""


@pytest.mark.parametrize(
    ("error", "reason"),
    [("ValueError", "ValueError: nothing to see"), ("MemoryError", "out of memory at batch size 1")],
)
def test_a_method_that_fails_for_one_image_makes_the_maps_of_the_others(tmp_path, error, reason):
    name = f"picky-{error.lower()}"
    (tmp_path / f"{error}.py").write_text(METHOD_FILE.format(name=name, error=error))
    methods = [{"name": f"python:{error}.py:picky", "label": "picky"}, {"name": "saliency"}]
    outcome = block(networks.tiny, items(grey=(2,)), methods, base=tmp_path)
    good = np.arange(7) != 2
    assert (outcome.maps["picky"].status == np.where(good, Status.OK, Status.FAILED)).all()
    assert np.isnan(outcome.maps["picky"].values[2]).all()
    assert (outcome.maps["saliency"].status == Status.OK).all()
    assert (outcome.predictions.status == Status.OK).all()
    assert [(f.image, f.stage, f.reason) for f in outcome.failures] == [("image 2", "method:picky", reason)]
    reference = block(networks.tiny, items(grey=(2,)), [{"name": "saliency"}])
    assert np.abs(outcome.maps["picky"].values[good]).min(axis=0).max() > 0
    np.testing.assert_allclose(outcome.maps["saliency"].values, reference.maps["saliency"].values, atol=1e-6)


def test_a_method_that_returns_no_maps_is_told_for_every_image(tmp_path):
    (tmp_path / "wrong.py").write_text(
        METHOD_FILE.format(name="wrong-shape", error="ValueError").replace(".sum(1)", ".sum()")
    )
    outcome = block(
        networks.tiny, None, [{"name": "python:wrong.py:picky", "label": "w"}, {"name": "saliency"}], base=tmp_path
    )
    assert (outcome.maps["w"].status == Status.FAILED).all()
    assert (outcome.maps["saliency"].status == Status.OK).all()
    assert len(outcome.failures) == 7
    assert "must return maps [4, h, w]" in outcome.failures[0].reason


def test_a_network_that_fails_for_one_image_explains_the_others():
    outcome = block(networks.picky, items(grey=(5,)))
    good = np.arange(7) != 5
    assert (outcome.predictions.status == np.where(good, Status.OK, Status.FAILED)).all()
    for maps in outcome.maps.values():
        assert (maps.status == np.where(good, Status.OK, Status.FAILED)).all()
    assert {f.image for f in outcome.failures} == {"image 5"}
    assert ("predict", "RuntimeError: nothing to see") in {(f.stage, f.reason) for f in outcome.failures}


def test_an_image_that_cannot_be_decoded_is_recorded_once():
    def fails():
        raise ImageError("the file is truncated")

    chosen = items()
    chosen[1] = Item("bad", fails, 1)
    outcome = block(networks.tiny, chosen)
    assert [(f.image, f.stage, f.reason) for f in outcome.failures] == [("bad", "decode", "the file is truncated")]
    for maps in outcome.maps.values():
        assert maps.status.tolist() == [Status.OK, Status.FAILED] + [Status.OK] * 5
    assert outcome.predictions.sizes.tolist() == [[16, 16], [-1, -1]] + [[16, 16]] * 5


def test_logits_that_are_no_numbers():
    outcome = block(networks.nan, methods=[{"name": "saliency"}])
    assert (outcome.predictions.status == Status.NONFINITE).all()
    assert np.isnan(outcome.predictions.logits).all()
    assert (outcome.maps["saliency"].status == Status.NONFINITE).all()
    assert outcome.failures == []


def test_maps_of_zeros_and_of_one_value_are_told_apart(tmp_path):
    (tmp_path / "flat.py").write_text(
        METHOD_FILE.format(name="flat", error="ValueError").replace(".sum(1)", ".sum(1) * 0 + 3")
    )
    methods = [{"name": "saliency"}, {"name": "python:flat.py:picky", "label": "flat"}]
    outcome = block(networks.blind, None, methods, base=tmp_path)
    assert (outcome.maps["saliency"].status == Status.ZERO).all()
    assert (outcome.maps["flat"].status == Status.CONSTANT).all()
    assert (outcome.predictions.status == Status.OK).all()


def test_images_beyond_a_limit_are_skipped():
    outcome = block(networks.tiny, skip={"grad-cam": {1, 2, 4, 5, 6}})
    skipped = [Status.OK, Status.SKIPPED, Status.SKIPPED, Status.OK, Status.SKIPPED, Status.SKIPPED, Status.SKIPPED]
    assert outcome.maps["grad-cam"].status.tolist() == skipped
    assert (outcome.maps["saliency"].status == Status.OK).all()
    whole = block(networks.tiny)
    np.testing.assert_allclose(
        outcome.maps["grad-cam"].values[[0, 3]], whole.maps["grad-cam"].values[[0, 3]], atol=1e-6
    )


def test_an_image_without_a_label_has_no_map_for_it():
    chosen = items()
    chosen[3] = Item("image 3", picture(3).copy, None)
    outcome = block(networks.tiny, chosen)
    assert outcome.maps["saliency"].status.tolist() == [Status.OK] * 3 + [Status.NO_TARGET] + [Status.OK] * 3
    assert outcome.maps["saliency"].targets[:, 0].tolist() == [0, 1, 2, -1, 4, 0, 1]
    assert np.isnan(outcome.maps["saliency"].values[3]).all()
    assert outcome.failures == []


def test_a_class_that_is_not_there_is_told():
    outcome = block(networks.tiny, methods=[{"name": "saliency", "target": "class:9"}, {"name": "grad-cam"}])
    assert (outcome.maps["saliency"].status == Status.FAILED).all()
    assert outcome.failures[0].reason == "no class '9' among the 5 of this classifier; give its index"
    assert (outcome.maps["grad-cam"].status == Status.OK).all()
