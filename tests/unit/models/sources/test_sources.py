from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from math import floor
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision.models import Inception_V3_Weights, get_model, get_model_weights

from crosslight.core.errors import InputError, ModelError, UnknownNameError
from crosslight.core.geometry import Preprocess
from crosslight.images.transforms import prepare
from crosslight.models.sources import check_model_name, hub, list_models, load_model
from crosslight.models.sources.timm_source import published_accuracy

ROOT = Path(__file__).resolve().parents[4]

REAL = [
    "mobilenetv1_025_128",
    "mobilenetv1_050_160",
    "mobilenetv1_075_192",
    "mobilenetv1_100_224",
    "mobilenetv2_100_224_qat",
    "mobilenetv2_100_224_tf2",
    "squeezenet1_1",
    "squeezenet1_0_deepcompressed",
]
PHOTOS = ["n02088364_beagle.JPEG", "n01616318_vulture.JPEG", "n03028079_church.JPEG"]


@pytest.mark.parametrize("name", REAL)
def test_real_classifiers_reproduce_their_predictions(shared_data: Path, name: str) -> None:
    folder = shared_data / "models"
    entry = next(m for m in json.loads((folder / "models.json").read_text())["models"] if m["name"] == name)
    size = entry["input_size"][1]
    function, options = entry["call"]["function"], dict(entry["call"]["kwargs"])
    if function.endswith("_gen_mobilenet_v1"):
        model = "python:studies/imagenet_models.py:mobilenet_v1"
        options = {"width": options["channel_multiplier"], "size": size}
    elif function.startswith("timm"):
        model = f"timm/{entry['call']['args'][0]}"
    else:
        model, options = f"torchvision/{function.rpartition('.')[2]}", {}
    side = floor(size / entry["crop_pct"])
    preprocess = {key: entry[key] for key in ("mean", "std", "interpolation")}
    # The expected values were made with the longer side rounded to the nearest pixel: a rectangle.
    preprocess |= {"size": size, "resize": [side, side]}
    classifier = load_model(model, weights=folder / entry["file"], options=options, preprocess=preprocess, base=ROOT)
    assert classifier.facts is not None
    assert classifier.facts.weights == entry["file"]
    assert classifier.facts.family == "convolutional"
    assert classifier.classes is not None
    assert classifier.classes.ids[0] == "n01440764"

    with (folder / "expected_predictions.csv").open() as file:
        expected = {row["file"]: row for row in csv.DictReader(file) if row["model"] == name}
    for photo in PHOTOS:
        picture = Image.open(shared_data / "imagenet-sample" / photo).convert("RGB")
        with torch.no_grad():
            logits = classifier.logits(prepare(picture, classifier.preprocess)[0][None])
        probabilities = logits.softmax(dim=1)[0]
        assert int(probabilities.argmax()) == int(expected[photo]["top1"])
        assert float(probabilities.max()) == pytest.approx(float(expected[photo]["top1_prob"]), abs=1e-3)
        assert float(probabilities[int(expected[photo]["class_index"])]) == pytest.approx(
            float(expected[photo]["true_class_prob"]), abs=1e-3
        )


def test_class_names_equal_a_published_list(shared_data: Path) -> None:
    own = load_model("timm/test_resnet", weights="none").classes
    read = load_model(
        "timm/test_resnet", weights="none", classes=shared_data / "models" / "imagenet_classes.tsv"
    ).classes
    assert own is not None
    assert read is not None
    assert own.ids == read.ids
    assert load_model("torchvision/squeezenet1_1", weights="none").classes == own


def test_preprocessing_is_the_networks_own() -> None:
    vit = load_model("timm/test_vit.r160_in1k", weights="none")
    assert vit.preprocess == Preprocess((160, 160), 168, "center", "bicubic", (0.5,) * 3, (0.5,) * 3)
    assert vit.prefix_tokens == 1
    assert load_model("timm/test_resnet", weights="none").prefix_tokens is None
    mobile = load_model("torchvision/mobilenet_v3_large", weights="none").preprocess
    assert (mobile.size, mobile.resize, mobile.interpolation) == ((224, 224), 232, "bilinear")
    changed = load_model("timm/test_vit", weights="none", preprocess={"interpolation": "bilinear"})
    assert changed.preprocess.interpolation == "bilinear"
    assert changed.preprocess.mean == (0.5,) * 3


def test_inception_gives_logits_and_normalises_as_its_published_weights_need() -> None:
    classifier = load_model("torchvision/inception_v3", weights="none")
    assert classifier.preprocess.size == (299, 299)
    assert classifier.preprocess.resize == Inception_V3_Weights.DEFAULT.transforms().resize_size[0]
    assert classifier.network.transform_input is True
    with torch.no_grad():
        assert classifier.logits(torch.zeros(1, 3, 299, 299)).shape == (1, 1000)


def digest(name: str, seed: int = 0) -> str:
    facts = load_model(name, weights="none", seed=seed).facts
    assert facts is not None
    return facts.weights_digest


def test_random_weights_depend_on_name_and_seed_alone() -> None:
    torch.manual_seed(1)
    first = digest("timm/test_resnet")
    torch.manual_seed(2)
    assert digest("timm/test_resnet") == first
    assert digest("timm/test_resnet", seed=1) != first
    assert digest("timm/test_resnet.r160_in1k") != first


@pytest.mark.slow
def test_random_weights_are_the_same_in_another_process() -> None:
    code = "from crosslight.models.sources import load_model as m; "
    code += "print(m('timm/test_resnet', weights='none').facts.weights_digest)"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest("timm/test_resnet")


def test_the_callers_random_numbers_go_on_undisturbed() -> None:
    def draw() -> tuple[float, ...]:
        return (float(torch.rand(())), random.random(), float(np.random.rand()))  # noqa: NPY002

    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    expected = (draw(), draw())
    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    first = draw()
    load_model("timm/test_resnet", weights="none")
    assert (first, draw()) == expected


def test_a_file_from_another_head_than_asked_for_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "ten.safetensors"
    save_file(timm.create_model("test_resnet", num_classes=10).state_dict(), path)
    with pytest.raises(ModelError, match=r"ten.safetensors does not fit .* should be \[12") as caught:
        load_model("timm/test_resnet", weights=path, options={"num_classes": 12})
    assert "\n" not in str(caught.value)
    classifier = load_model("timm/test_resnet", weights="ten.safetensors", options={"num_classes": 10}, base=tmp_path)
    assert classifier.outputs == 10
    assert classifier.classes is None


def test_pretrained_heads_are_never_silently_random() -> None:
    with pytest.raises(ModelError, match="a head of 10 would stay random"):
        load_model("timm/test_resnet", options={"num_classes": 10})
    with pytest.raises(ModelError, match="features rather than classes"):
        load_model("timm/vit_small_patch14_dinov2.lvd142m", weights="none")
    with pytest.raises(ModelError, match="timm/efficientnet_b0_gn has no pretrained weights"):
        load_model("timm/efficientnet_b0_gn")


@pytest.mark.parametrize("name", ["timm/test_resnet", "torchvision/squeezenet1_1"])
def test_options_that_are_not_there(name: str) -> None:
    with pytest.raises(ModelError, match="no option 'num_clases'") as caught:
        load_model(name, weights="none", options={"num_clases": 10})
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelError, match="cannot be set in options"):
        load_model(name, weights="none", options={"pretrained": True, "weights": "x"})


def test_weights_that_are_no_file_name_the_words() -> None:
    with pytest.raises(ModelError, match="did you mean 'pretrained'"):
        load_model("timm/test_resnet", weights="pretained")
    with pytest.raises(ModelError, match="no file of weights"):
        load_model("timm/test_resnet", weights="nowhere.safetensors")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("timm/resnet18.a1_in1kk", "did you mean 'timm/resnet18.a1_in1k'"),
        ("timm/resnett18", "did you mean 'timm/resnet18'"),
        ("torchvision/mobilenet_v22", "did you mean 'torchvision/mobilenet_v2'"),
        ("resnet18", "did you mean 'timm/resnet18' or 'torchvision/resnet18'"),
        ("mobilnet_v2", "did you mean 'torchvision/mobilenet_v2'"),
        ("tim/resnet18", "did you mean 'timm/'"),
        ("timm/zzzzzzzzzz", "crosslight models"),
    ],
)
def test_unknown_names_come_with_the_nearest(name: str, message: str) -> None:
    for act in (check_model_name, load_model):
        with pytest.raises(UnknownNameError, match=message):
            act(name)


def test_names_that_are_known() -> None:
    for name in ("timm/resnet18", "timm/resnet18.a1_in1k", "torchvision/resnet18", "timm/test_vit"):
        check_model_name(name)
    listed = list_models()
    assert len(listed) > 1000
    assert "timm/resnet18.a1_in1k" in listed
    assert list_models("resnet18", "torchvision") == ["torchvision/resnet18"]
    assert list_models("squeezenet1_?") == ["torchvision/squeezenet1_0", "torchvision/squeezenet1_1"]
    assert all(name.startswith("timm/") for name in list_models("*vit*", "timm"))
    for name in list_models("torchvision/*")[:5]:
        check_model_name(name)
    with pytest.raises(UnknownNameError, match="did you mean 'timm'"):
        list_models(source="timn")


def small() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def test_a_network_at_hand() -> None:
    network = small()
    classifier = load_model(network, label="Mine", classes=["cat", "dog"])
    assert classifier.network is network
    assert classifier.preprocess == Preprocess()
    assert classifier.facts is not None
    assert (classifier.facts.source, classifier.facts.outputs) == ("module", 2)
    timms = load_model(timm.create_model("test_vit"))
    assert timms.preprocess.size == (160, 160)
    assert timms.classes is not None
    assert timms.classes.short(0) == "tench"
    assert load_model(get_model("squeezenet1_1", weights=None)).preprocess.resize == 256
    with pytest.raises(InputError, match="built already"):
        load_model(network, options={"width": 2})


def test_a_classifier_at_hand_is_returned_as_it_is() -> None:
    classifier = load_model(small(), label="Mine")
    assert load_model(classifier) is classifier
    other = load_model(classifier, label="Other", preprocess={"size": 64})
    assert other.network is classifier.network
    assert (other.label, other.preprocess.size) == ("Other", (64, 64))
    assert classifier.label == "Mine"


def test_too_few_class_names_are_an_error() -> None:
    with pytest.raises(ModelError, match="3 class names for 2 outputs"):
        load_model(small(), classes=["a", "b", "c"])
    with pytest.raises(ModelError, match="2 class names for 1000 outputs"):
        load_model("timm/test_resnet", weights="none", classes=["a", "b"])


def test_class_names_win_over_a_number_that_only_seems_so() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(4, 2)
            self.body = nn.Linear(3, 4)  # registered last, used first

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return self.head(self.body(inputs.mean(dim=(2, 3))))

    classifier = load_model(Backwards(), classes=["a", "b"])
    assert classifier.facts is not None
    assert classifier.facts.outputs == 2


def test_published_accuracy(tmp_path: Path) -> None:
    table = tmp_path / "results-imagenet.csv"
    table.write_text(
        "model,img_size,top1,top5\nresnet18.a1_in1k,288,73.164,91.030\nresnet18.tv_in1k,224,69.760,89.070\n"
    )
    assert (
        published_accuracy("resnet18", "tv_in1k", table) == published_accuracy("resnet18.tv_in1k", "", table) == 0.6976
    )
    assert published_accuracy("resnet18", "", table) is None
    assert published_accuracy("resnet18", "tv_in1k", tmp_path / "none.csv") is None


def test_accuracy_is_that_of_the_pretrained_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = get_model_weights("squeezenet1_1").DEFAULT
    state = get_model("squeezenet1_1").state_dict()
    monkeypatch.setattr(type(weights), "get_state_dict", lambda *_, **__: state)
    monkeypatch.setattr(hub, "unreachable", lambda url: "")
    for name, accuracy in (("pretrained", 0.58178), ("none", None)):
        facts = load_model("torchvision/squeezenet1_1", weights=name).facts
        assert facts is not None
        assert facts.accuracy == accuracy
