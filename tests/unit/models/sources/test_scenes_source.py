from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from crosslight.core.errors import ModelError, UnknownNameError
from crosslight.images import make_batch
from crosslight.models.sources import check_model_name, list_models, load_model, scenes_source
from crosslight.scenes import CLASSES, scene
from crosslight.scenes.classifiers import CLASSIFIERS, WEIGHTS, Learning, build
from crosslight.scenes.classifiers.files import save, weights_file
from crosslight.scenes.classifiers.learner import normalised

NOTHING = Learning(*(np.zeros((1, 1)) for _ in range(6)))


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A folder that stands for the weights that come with the package."""
    monkeypatch.setattr(scenes_source, "WEIGHTS", tmp_path)
    return tmp_path


def test_every_classifier_is_listed_and_known():
    assert list_models(source="scenes") == [f"scenes/{name}" for name in CLASSIFIERS]
    assert list_models("levit-*", "scenes")
    assert "scenes/vit" in list_models("vit")
    check_model_name("scenes/vit-seed1")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("scenes/densnet", "'scenes/densenet'"),
        ("vit-seed1", "'scenes/vit-seed1'"),
        ("scenes/zzzz", "crosslight models"),
        ("scene/vit", "'scenes/'"),
    ],
)
def test_unknown_names_come_with_the_nearest(name, near):
    with pytest.raises(UnknownNameError, match=near):
        check_model_name(name)


def test_random_weights_are_the_same_again():
    one, two = (load_model("scenes/levit", weights="none") for _ in range(2))
    assert one.facts == two.facts
    assert one.facts.weights == "none"
    assert one.facts.licence == ""
    assert load_model("scenes/levit", weights="none", seed=1).facts.weights_digest != one.facts.weights_digest


def test_preprocessing_is_that_of_training():
    classifier = load_model("scenes/levit", weights="none")
    assert classifier.preprocess.size == (96, 96)
    assert classifier.preprocess.mean == classifier.preprocess.std == (0.5, 0.5, 0.5)
    assert classifier.classes.names == CLASSES
    image = scene(3, split="test").image
    inputs = make_batch([Image.fromarray(image)], classifier.preprocess).inputs
    expected = normalised(torch.from_numpy(image).permute(2, 0, 1)[None])
    torch.testing.assert_close(inputs, expected, rtol=0, atol=1e-6)


def test_weights_that_come_with_it_and_its_facts(weights):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        network = build("levit")
    save(CLASSIFIERS["levit"], network, NOTHING, weights)
    classifier = load_model("scenes/levit")
    kept = load_file(weights_file(CLASSIFIERS["levit"], weights))
    for name, value in classifier.network.state_dict().items():
        assert value.dtype in (torch.float32, torch.int64)
        assert torch.equal(value, kept[name].to(value.dtype))
    facts = classifier.facts
    assert (facts.source, facts.family, facts.outputs) == ("scenes", "hybrid", 10)
    assert (facts.weights, facts.licence) == ("pretrained", "Apache-2.0")
    assert facts.input_size == (96, 96)
    assert facts.reference.startswith("arXiv:2104.01136")


def test_weights_that_did_not_come_with_it_name_the_command(weights):
    with pytest.raises(ModelError, match="crosslight scenes train levit"):
        load_model("scenes/levit")


def test_weights_of_ones_own(tmp_path):
    network = build("levit")
    save_file({name: value.half() for name, value in network.state_dict().items()}, tmp_path / "mine.safetensors")
    classifier = load_model("scenes/levit", weights=tmp_path / "mine.safetensors")
    assert (classifier.facts.weights, classifier.facts.licence) == ("mine.safetensors", "")
    first = next(iter(network.state_dict()))
    assert torch.equal(classifier.network.state_dict()[first], network.state_dict()[first].half().float())
    with pytest.raises(ModelError, match="does not fit"):
        load_model("scenes/vit", weights=tmp_path / "mine.safetensors")


def test_options_are_refused():
    with pytest.raises(ModelError, match=r"scenes/vit takes no options \(given: depth"):
        load_model("scenes/vit", weights="none", options={"depth": 2})


def test_predictions_of_the_weights_in_the_package():
    if not weights_file(CLASSIFIERS["levit"], WEIGHTS).is_file():
        pytest.skip("no weights are in this checkout; `crosslight scenes train` makes them")
    classifier = load_model("scenes/levit")
    made = [scene(index, split="test") for index in range(30)]
    inputs = make_batch([Image.fromarray(one.image) for one in made], classifier.preprocess).inputs
    with torch.no_grad():
        right = classifier.logits(inputs).argmax(1).numpy() == [one.label for one in made]
    assert right.mean() > 0.8


def test_kin_and_replicates_are_among_the_facts() -> None:
    names = ("densenet", "densenet-seed1", "densenet-patch")
    own, seed, taught = (load_model(f"scenes/{name}").facts for name in names)
    assert own.lineage == seed.lineage == taught.lineage == "scenes/densenet"
    assert own.replicate == seed.replicate != taught.replicate
    assert load_model("scenes/densenet", weights="none").facts.replicate == ""
