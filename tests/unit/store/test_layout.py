from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.core.geometry import Box
from crosslight.core.maps import Status
from crosslight.store.layout import Manifest, plain, read_json, set_key, slug, to_json, unique_slug

from .conftest import make_manifest


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ResNet-18", "resnet-18"),
        ("timm/resnet18.a1_in1k", "timm-resnet18.a1_in1k"),
        ("Grad-CAM (depth 0.5)", "grad-cam-depth-0.5"),
        ("Éclair", "eclair"),
        ("../../etc", "etc"),
    ],
)
def test_slugs_are_readable(name: str, expected: str) -> None:
    assert slug(name) == expected


@given(st.text(max_size=80))
def test_slugs_are_valid_file_names(name: str) -> None:
    for text in (slug(name), unique_slug(name)):
        assert 0 < len(text) <= 60
        assert text.isascii()
        assert text == text.lower()
        assert not set(text) & set('/\\:*?"<>| \0')
        assert text[0] not in "._-"
        assert text[-1] not in ".-"
        assert text.split(".")[0] not in ("con", "nul", "com1")


@given(st.text(max_size=20), st.text(max_size=20))
def test_unique_slugs_and_keys_differ_for_different_names(one: str, two: str) -> None:
    assert (unique_slug(one) == unique_slug(two)) == (one == two)
    assert (set_key(one, "d") == set_key(two, "d")) == (one == two)
    assert (set_key("x", one) == set_key("x", two)) == (one == two)


def test_plain_makes_json_of_what_attributes_hold() -> None:
    value = {
        "numpy": np.float32(0.5),
        "array": np.arange(2),
        "tuple": (1, None, True),
        "box": Box(0, 0, 1, 2),
        "path": Path("a") / "b",
        "enum": Status.ZERO,
        "infinite": float("inf"),
        3: {"b", "a"},
    }
    assert json.loads(to_json(value)) == {
        "numpy": 0.5,
        "array": [0, 1],
        "tuple": [1, None, True],
        "box": {"left": 0, "top": 0, "right": 1, "bottom": 2},
        "path": "a/b",
        "enum": 5,
        "infinite": "inf",
        "3": ["a", "b"],
    }
    assert plain(plain(value)) == plain(value)


def test_odd_file_names_survive_json(tmp_path: Path) -> None:
    odd = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    (tmp_path / "x.json").write_bytes(to_json({"name": odd, "other": "模型"}))
    assert read_json(tmp_path / "x.json") == {"name": odd, "other": "模型"}


def test_manifest_needs_images_and_blocks() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        make_manifest(images=0)
    with pytest.raises(ValueError, match="at least one image"):
        make_manifest(block=0)
    assert Manifest.from_json(json.loads(to_json(make_manifest().to_json())), Path("x")) == make_manifest()
