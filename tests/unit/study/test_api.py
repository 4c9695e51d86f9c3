from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import crosslight
from crosslight.core.errors import InputError, StudyError, UnknownNameError
from crosslight.core.maps import Status
from crosslight.models import load_model
from crosslight.study import Explanations, Study, explain, load_study

from . import networks
from .conftest import HERE, SIZE, tables

TINY = f"python:{HERE / 'networks.py'}:tiny"


def classifier(label: str = "net", network: torch.nn.Module | None = None):
    torch.manual_seed(0)
    return load_model(network or networks.tiny(), label=label, preprocess=SIZE)


def pictures(count: int = 3) -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (20, 20 + i, 3), dtype=np.uint8)) for i in range(count)]


def test_networks_pictures_and_methods_of_every_kind(photos):
    methods = ["grad-cam", {"name": "grad-cam", "depth": 0.5, "label": "half"}, {"name": "smoothgrad", "samples": 2}]
    found = explain([classifier("A"), classifier("B", networks.other())], photos, methods)
    assert isinstance(found, Explanations)
    assert found.models == ("A", "B")
    assert found.methods == ("grad-cam", "half", "smoothgrad")
    assert found["A", "half"].attributes["settings"] == {"depth": 0.5, "depth_unit": "flops"}
    assert found["A", "half"].dims == ("image", "y", "x")
    assert {name: len(maps) for (name, _), maps in found.maps.items()} == {"A": 7, "B": 7}
    assert found.predictions["B"].logits.shape == (7, 5)
    assert all((maps.status == Status.OK).all() for maps in found.maps.values())
    assert found.failures == ()


def test_a_module_itself(tmp_path):
    network = networks.tiny().train()
    found = explain(network, pictures(), "saliency")
    assert found.models == ("Tiny",)
    assert found["Tiny", "saliency"].values.shape == (3, 224, 224)  # what is done where a network says nothing
    assert network.training
    assert all(parameter.grad is None and parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize(
    "images",
    [
        lambda folder: folder,
        lambda folder: str(folder),
        lambda folder: sorted(folder.iterdir()),
        lambda folder: [Image.open(path) for path in sorted(folder.iterdir())],
        lambda folder: [np.asarray(Image.open(path)) for path in sorted(folder.iterdir())],
        lambda folder: crosslight.open_images(folder),
    ],
    ids=["folder", "text", "files", "pictures", "arrays", "set"],
)
def test_images_of_every_kind(photos, images):
    expected = explain(classifier(), photos, "saliency")["net", "saliency"]
    found = explain(classifier(), images(photos), "saliency")["net", "saliency"]
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.boxes, expected.boxes)


def test_one_picture():
    (picture, *_) = pictures()
    assert len(explain(classifier(), picture)["net", "grad-cam"]) == 1


def test_the_same_as_a_study(photos, tmp_path):
    method = {"name": "smoothgrad", "samples": 3}
    store = Study.from_dict(tables(photos, [method], [{"name": TINY, "preprocess": SIZE, "label": "net"}])).run(
        tmp_path / "out"
    )
    network = load_model(TINY, label="net", preprocess=SIZE)
    found = explain(network, photos, method, batch_size=4, device="cpu")["net", "smoothgrad"]
    stored = store.maps("net", "smoothgrad")
    assert found.images == stored.images
    np.testing.assert_array_equal(found.targets, stored.targets)
    np.testing.assert_allclose(found.values, stored.values, atol=1e-6)
    for key in ("model", "label", "method", "settings", "finish", "sign", "target", "reference"):
        assert found.attributes[key] == stored.attributes[key]


def test_targets():
    found = explain(classifier(), pictures(), "saliency", target="top:2")
    ranked = (-found.predictions["net"].logits).argsort(axis=1)
    assert found.methods == ("saliency (top 1)", "saliency (top 2)")
    np.testing.assert_array_equal(found["net", "saliency (top 2)"].targets[:, 0], ranked[:, 1])
    contrast = explain(classifier(), pictures(), "saliency", target="contrast:1:3")["net", "saliency"]
    assert contrast.targets.tolist() == [[1, 3]] * 3
    named = load_model(networks.tiny(), label="net", preprocess=SIZE, classes=list("abcde"))
    assert explain(named, pictures(), "saliency", target="class:D")["net", "saliency"].targets[0, 0] == 3


def test_what_fails_is_told(tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    found = explain(classifier(), tmp_path, ["grad-cam", "saliency"])
    assert [(f.model, f.stage) for f in found.failures] == [("net", "decode")]
    assert found["net", "saliency"].status.tolist() == [Status.FAILED]


def test_more_images_than_go_through_in_one_go(monkeypatch):
    monkeypatch.setattr("crosslight.study.api.BLOCK", 2)
    several = explain(classifier(), pictures(5), "integrated-gradients")
    monkeypatch.undo()
    at_once = explain(classifier(), pictures(5), "integrated-gradients")
    maps = several["net", "integrated-gradients"]
    np.testing.assert_allclose(maps.values, at_once["net", "integrated-gradients"].values, atol=1e-5)
    assert maps.diagnostics["completeness_gap"].shape == (5,)
    assert several.images.identities == maps.images


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"methods": "grad-kam"}, StudyError, "did you mean 'grad-cam'"),
        ({"methods": {"name": "grad-cam", "depht": 1}}, StudyError, "did you mean 'depth'"),
        ({"methods": []}, InputError, "at least one method"),
        ({"methods": ["saliency", "saliency"]}, StudyError, "2 entries are called 'saliency'"),
        ({"models": []}, InputError, "at least one model"),
        ({"models": "timm/resnet81"}, UnknownNameError, "did you mean 'timm/resnet"),
        ({"target": "lable"}, StudyError, "did you mean 'label'"),
        ({"target": "model:net"}, InputError, "needs a study"),
        ({"images": []}, InputError, "empty"),
        ({"images": "nowhere"}, InputError, "no such file or folder"),
        ({"device": "tpu"}, InputError, "no such device 'tpu'"),
    ],
)
def test_mistakes(arguments, kind, message):
    values = {"models": classifier(), "images": pictures(1), "methods": "saliency"} | arguments
    with pytest.raises(kind, match=message):
        explain(values.pop("models"), values.pop("images"), values.pop("methods"), **values)


def test_two_models_of_one_label():
    with pytest.raises(InputError, match="two models are called 'net'"):
        explain([classifier(), classifier()], pictures(1))


def test_the_classifier_is_left_as_it_was_found_after_an_error(monkeypatch):
    found = classifier()
    found.network.train()
    monkeypatch.setattr("crosslight.study.api.explain_block", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        explain(found, pictures(1))
    assert found.network.training
    assert found.device.type == "cpu"


def test_a_study_from_a_file(photos, tmp_path):
    (tmp_path / "s.toml").write_text(
        f'[study]\nname = "mine"\n[images]\nsource = "photos"\n[[models]]\nname = "{TINY}"\n'
        'preprocess = { size = 16 }\n[[methods]]\nname = "grad-cam"\n'
    )
    study = load_study(tmp_path / "s.toml", ["images.limit=2", "study.device=cpu"])
    assert study.name == "mine"
    assert study == Study.from_file(tmp_path / "s.toml", ["images.limit=2", "study.device=cpu"])
    assert study.plan().remaining == 2
    store = study.run(tmp_path / "out")
    assert len(store.maps(TINY, "grad-cam")) == 2
    assert study.plan(tmp_path / "out").remaining == 0


def test_a_study_draws_what_it_last_ran(photos, tmp_path):
    study = Study.from_dict(
        tables(photos, [{"name": "grad-cam"}], [{"name": TINY, "preprocess": SIZE, "label": "net"}])
    )
    with pytest.raises(InputError, match="run the study first"):
        _ = study.plot
    store = study.run(tmp_path / "out")
    assert study.plot is store.plot
    assert study.plot.models == ("net",)
    assert study == Study(study.spec)  # what it found is no part of what it is
