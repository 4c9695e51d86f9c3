from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from crosslight.models import load_model
from crosslight.scenes.classifiers import LINEAGES
from crosslight.viewer import classifiers as classifiers_module
from crosslight.viewer import machine
from crosslight.viewer.classifiers import Classifiers, Offer, named_offers, scenes_offers, together
from crosslight.viewer.refusal import Refused

CPU = torch.device("cpu")


def test_the_embedded_ones_come_first_and_are_known_before_they_are_loaded() -> None:
    offers = scenes_offers()
    assert [offer.name for offer in offers[:12]] == [f"scenes/{name}" for name in LINEAGES]
    assert len({offer.label for offer in offers}) == len(offers)
    for offer in offers[:12]:
        facts = load_model(offer.name).facts
        assert facts is not None
        assert (offer.facts["family"], offer.facts["parameters"]) == (facts.family, facts.parameters)


def test_offers_are_not_doubled_and_labels_unique() -> None:
    first = [Offer("A", {"name": "scenes/vit"}, "scenes")]
    again = [Offer("B", {"name": "scenes/vit", "weights": "pretrained"}, "study")]
    other = [Offer("A", {"name": "scenes/vit", "weights": "none"}, "study")]
    joined = together(first, again, other, named_offers(["scenes/swin", "scenes/swin"], None))
    assert [(offer.label, offer.origin) for offer in joined] == [
        *[("A", "scenes"), ("A (2)", "study"), ("scenes/swin", "command line")]
    ]
    assert named_offers(["x"], "none")[0].section == {"name": "x", "weights": "none"}


def test_the_least_recently_used_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers_module, "KEEP_BYTES", 3_000_000)  # two of them
    loaded = Classifiers(scenes_offers(), CPU)
    gone: list[int] = []
    first = loaded.load(0, gone.append)
    loaded.load(1, gone.append)
    assert loaded.load(0, gone.append) is first
    loaded.load(2, gone.append)
    assert gone == [1]
    assert [loaded.is_loaded(number) for number in range(3)] == [True, False, True]
    known = loaded.describe()
    assert [model["loaded"] for model in known[:3]] == [True, False, True]
    assert known[0]["accuracy"] == scenes_offers()[0].facts["accuracy"]


def test_they_are_found_by_id_label_or_name() -> None:
    loaded = Classifiers(scenes_offers(), CPU)
    assert [loaded.find(wanted) for wanted in (1, "DenseNet", "scenes/densenet")] == [1, 1, 1]
    with pytest.raises(Refused) as refusal:
        loaded.find("Densnet")
    assert "'DenseNet'" in refusal.value.hint


def cached(cache: Path, repository: str, config: dict[str, object] | None = None, weights: bool = True) -> None:
    folder = cache / f"models--{repository.replace('/', '--')}" / "snapshots" / "abc"
    folder.mkdir(parents=True)
    if weights:
        (folder / "model.safetensors").touch()
    (folder / "config.json").write_text("{" if config is None else json.dumps(config))


def test_weights_on_this_machine_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached(tmp_path, "timm/resnet18.a1_in1k", {})
    cached(tmp_path, "timm/resnet34.a1_in1k", {}, weights=False)
    cached(tmp_path, "timm/no-such-thing.x", {})
    cached(tmp_path, "me/my-net", {"architectures": ["ViTForImageClassification"]})
    cached(tmp_path, "me/words", {"architectures": ["BertForMaskedLM"]})
    cached(tmp_path, "me/broken")
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "resnet18-f37072fd.pth").touch()
    monkeypatch.setattr(machine.hub, "hugging_face_cache", lambda: tmp_path)
    monkeypatch.setattr(machine.hub, "torch_cache", lambda: tmp_path / "torch")
    assert machine.names_here() == ["torchvision/resnet18", "hf/me/my-net", "timm/resnet18.a1_in1k"]
    monkeypatch.setattr(machine.hub, "hugging_face_cache", lambda: tmp_path / "none")
    monkeypatch.setattr(machine.hub, "torch_cache", lambda: tmp_path / "none")
    assert machine.names_here() == []


def test_loading_what_is_here_asks_no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    seen = []

    def load(name: str, **_: object):  # type: ignore[no-untyped-def]
        seen.append((name, constants.HF_HUB_OFFLINE))
        return load_model("scenes/resnet")

    monkeypatch.setattr(classifiers_module, "load_model", load)
    before = constants.HF_HUB_OFFLINE
    loaded = Classifiers([Offer("a", {"name": "timm/x"}, "machine"), Offer("b", {"name": "timm/y"}, "study")], CPU)
    loaded.load(0)
    loaded.load(1)
    assert seen == [("timm/x", True), ("timm/y", before)]
    assert before == constants.HF_HUB_OFFLINE
