from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from crosslight.core.errors import InputError
from crosslight.images import hub, open_images


@pytest.fixture(autouse=True)
def forget():
    hub._load.cache_clear()
    yield
    hub._load.cache_clear()


def test_a_local_data_set(tmp_path, photos, monkeypatch, encode, noise):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    data = [encode(noise(seed=seed)) for seed in range(4)]
    features = datasets.Features({"img": datasets.Image(), "label": datasets.ClassLabel(names=["ant", "bee"])})
    rows = {"img": [{"bytes": b, "path": None} for b in data], "label": [0, 1, 1, 0]}
    made = datasets.Dataset.from_dict(rows, features=features)
    monkeypatch.setattr(datasets, "load_dataset", lambda name, config, split: made)
    images = open_images("hf:insects:test")
    assert [(r.name, r.label) for r in images] == [
        ("test/0", "ant"),
        ("test/1", "bee"),
        ("test/2", "bee"),
        ("test/3", "ant"),
    ]
    assert [r.bytes() for r in images] == data
    assert images[2].load().tobytes() == noise(seed=2).tobytes()
    assert images.source == "hf:insects:test"


def test_name_configuration_and_split_are_passed_on(monkeypatch):
    asked = []

    def load_dataset(*args, **options):
        asked.append((*args, options))
        raise ValueError("Unknown split 'tets'. Should be one of ['test'].\nmore")

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    with pytest.raises(InputError, match=r"hf:a/b:c:tets: .*Should be one of \['test'\]\.$"):
        open_images("hf:a/b:c:tets")
    with pytest.raises(InputError):
        open_images("hf:a/b:tets")
    assert asked == [("a/b", "c", {"split": "tets"}), ("a/b", None, {"split": "tets"})]


def test_no_package_no_network_and_no_split(monkeypatch):
    def load_dataset(*args, **options):
        try:
            raise ConnectionError("name not resolved")
        except ConnectionError as error:
            raise FileNotFoundError("no such thing") from error

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    with pytest.raises(InputError, match="is there a network"):
        open_images("hf:a/b:test")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(InputError, match=r"crosslight\[hf\]"):
        open_images("hf:a/b:test")
    for source in ("hf:", "hf:a", "hf:a:", "hf:a:b:c:d"):
        with pytest.raises(InputError, match="hf:NAME:SPLIT"):
            open_images(source)
