"""Encoders by name: scenes, and a small CLIP model through open_clip's own loading."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError, ModelError, UnknownNameError
from crosslight.dissection.words.encoders import Encoder, find_encoder

CONFIG = {
    "embed_dim": 8,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 16, "patch_size": 16, "head_width": 8},
    "text_cfg": {"context_length": 12, "vocab_size": 49408, "width": 8, "heads": 1, "layers": 1},
}


@pytest.fixture(scope="module")
def pictures() -> list[object]:
    rng = np.random.default_rng(0)
    made = [rng.integers(0, 256, (40, 50, 3), np.uint8), rng.integers(0, 256, (96, 96, 3), np.uint8)]
    return [*made, Image.fromarray(made[0])]


def test_scenes(pictures) -> None:
    encoder = find_encoder("scenes")
    found = encoder.encode_images(pictures)
    assert found.shape[0] == 3
    assert found[0].tolist() == found[2].tolist()
    alone = encoder.encode_images(pictures[1:2])
    assert found[1] == pytest.approx(alone[0], abs=1e-5)
    assert encoder.encode_texts(["sea", "a red fish"]).shape == (2, found.shape[1])
    assert encoder.name == "scenes"
    assert encoder.digest == find_encoder("scenes").digest
    assert find_encoder(encoder) is encoder
    with pytest.raises(InputError, match="does not know"):
        encoder.encode_texts(["zeppelin"])
    with pytest.raises(InputError, match="uint8"):
        encoder.encode_images([np.zeros((4, 4), np.uint8)])


@pytest.mark.parametrize("name", ["scene", "clip", "open_clip"])
def test_names_that_are_not_known(name: str) -> None:
    with pytest.raises(UnknownNameError, match="encoder"):
        find_encoder(name)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory):
    """A folder with a tiny CLIP model of chance, and the name it has in open_clip."""
    open_clip = pytest.importorskip("open_clip")
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("clip")
    (folder / "tiny.json").write_text(json.dumps(CONFIG))
    open_clip.add_model_config(folder / "tiny.json")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = open_clip.create_model("tiny")
    save_file(network.state_dict(), folder / "tiny.safetensors")
    torch.save(network.state_dict(), folder / "tiny.pt")
    return folder


def test_clip_from_a_file(clip, pictures) -> None:
    encoder: Encoder = find_encoder(f"open_clip/tiny:{clip / 'tiny.safetensors'}")
    found = encoder.encode_images(pictures)
    assert found.shape == (3, 8)
    assert found.dtype == np.float32
    assert found[0] == pytest.approx(found[2], abs=1e-6)
    assert not np.allclose(found[0], found[1])
    texts = encoder.encode_texts(["sea", "sky", "sea"])
    assert texts[0] == pytest.approx(texts[2], abs=1e-6)
    assert not np.allclose(texts[0], texts[1])
    same = find_encoder(f"open_clip/tiny:{clip / 'tiny.pt'}")
    assert same.digest == encoder.digest  # the weights decide, not their file
    assert same.encode_texts(["sea"])[0] == pytest.approx(texts[0], abs=1e-6)
    with pytest.raises(InputError, match="up to 10 tokens"):
        encoder.encode_texts(["sea " * 20])
    with pytest.raises(InputError, match="no pictures"):
        encoder.encode_images([])


def test_other_weights_have_another_digest(clip) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(clip / "tiny.safetensors")
    weights["logit_scale"] = weights["logit_scale"] + 1
    save_file(weights, clip / "other.safetensors")
    first, second = (find_encoder(f"open_clip/tiny:{clip / name}.safetensors") for name in ("tiny", "other"))
    assert first.digest != second.digest


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("open_clip/ViT-B-61", "did you mean 'ViT-B-16'"),
        ("open_clip/tiny", "no weights for tiny; give a file"),
        ("open_clip/tiny:none.safetensors", "no file"),
        ("open_clip/ViT-B-16:openay", "neither a file nor one of its weights; did you mean 'openai'"),
        ("open_clip/ViT-B-16:BROKEN", "does not hold the weights of ViT-B-16"),
        ("open_clip/local-dir:EMPTY", "could not be loaded"),
    ],
)
def test_clip_models_that_cannot_be_loaded(clip, tmp_path, name: str, match: str) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"no weights")
    name = name.replace("BROKEN", str(tmp_path / "broken.safetensors")).replace("EMPTY", str(tmp_path))
    if "ViT-B-16" in match and "hold" in match:
        name, match = name.replace("ViT-B-16", "tiny"), match.replace("ViT-B-16", "tiny")
    with pytest.raises(ModelError, match=match):
        find_encoder(name)


def test_without_a_network_the_message_says_what_to_do(clip, monkeypatch) -> None:
    import open_clip

    def fail(*_args: object, **_options: object) -> None:
        raise OSError("no route to host\nand more")

    monkeypatch.setattr(open_clip, "create_model_from_pretrained", fail)
    with pytest.raises(ModelError, match=r"no route to host\. Weights are downloaded once.*ViT-B-16:FILE\.safetensors"):
        find_encoder("open_clip/ViT-B-16:openai")


def test_without_the_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(ModelError, match=r"pip install 'crosslight\[clip\]'"):
        find_encoder("open_clip/ViT-B-16:openai")
    with pytest.raises(InputError, match="followed by the name"):
        find_encoder("open_clip/")
