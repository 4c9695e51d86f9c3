from __future__ import annotations

import json
import shutil
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from crosslight.core.errors import ModelError
from crosslight.scenes.classifiers import (
    CLASSIFIERS,
    EPOCHS,
    Learning,
    build,
    files,
    is_trained,
    load_network,
    read_learning,
)
from crosslight.scenes.classifiers.files import check_trained, facts_of, learning_file, save, weights_file
from crosslight.scenes.classifiers.training import TESTED


def test_weights_are_kept_as_float16_with_what_they_are(done):
    path = weights_file(done.entry, done.out)
    kinds = {value.dtype for value in load_file(path).values()}
    assert kinds == {torch.float16, torch.int64}  # int64: how many batches a norm has seen
    facts = facts_of(path)
    assert facts["digest"] == done.entry.digest
    assert json.loads(facts["facts"]) == done.entry.facts
    assert facts["licence"] == "Apache-2.0"


def test_a_network_comes_back_in_float32_ready_for_use(done):
    network = load_network(done.entry, done.out)
    assert not network.training
    kept = load_file(weights_file(done.entry, done.out))
    for name, value in network.state_dict().items():
        assert value.dtype in (torch.float32, torch.int64)
        assert torch.equal(value, kept[name].to(value.dtype))


def test_learning_comes_back_to_half_precision(done):
    read = read_learning(done.entry, done.out)
    for field in fields(Learning):
        expected, found = getattr(done.learning, field.name), getattr(read, field.name)
        assert found.shape == expected.shape
        if expected.dtype.kind == "f":
            assert found.dtype == np.float16
            np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
        else:
            assert found.dtype == expected.dtype == np.uint8
            np.testing.assert_array_equal(found, expected)
    assert sorted(np.load(learning_file(done.entry, done.out)).files) == sorted(f.name for f in fields(Learning))


def test_what_is_not_trained_names_the_command(done, tmp_path):
    assert is_trained(done.entry, done.out)
    with pytest.raises(ModelError, match="crosslight scenes train levit --out"):
        load_network(done.entry, tmp_path)
    with pytest.raises(ModelError, match="crosslight scenes train levit"):
        read_learning(done.entry, tmp_path)
    assert not is_trained(done.entry, tmp_path)


def test_weights_of_another_recipe_are_not_taken(done):
    other = replace(done.entry, recipe=replace(done.entry.recipe, rate=1e-4))
    assert not is_trained(other, done.out)
    with pytest.raises(ModelError, match="another recipe"):
        check_trained(other, done.out)


def test_damaged_weights(done, tmp_path):
    for path in done.out.iterdir():
        shutil.copy(path, tmp_path)
    whole = weights_file(done.entry, tmp_path)
    whole.write_bytes(whole.read_bytes()[:-100])
    assert not is_trained(done.entry, tmp_path)
    with pytest.raises(ModelError, match="damaged"):
        load_network(done.entry, tmp_path)


def test_weights_of_another_construction_under_that_name(done, tmp_path):
    save(done.entry, build("resnet"), done.learning, tmp_path)
    with pytest.raises(ModelError, match="does not hold the weights of levit"):
        load_network(done.entry, tmp_path)


def test_a_file_that_is_half_written_is_not_there(done, tmp_path, monkeypatch):
    def torn(path, *_):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "_write_weights", torn)
    with pytest.raises(KeyboardInterrupt):
        save(done.entry, build("levit"), done.learning, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["levit.learning.npz"]
    assert not is_trained(done.entry, tmp_path)


def test_weights_without_their_learning_are_trained_again(done, tmp_path):
    shutil.copy(weights_file(done.entry, done.out), tmp_path)
    assert not is_trained(done.entry, tmp_path)


def test_weights_that_come_with_the_package():
    there = [entry for entry in CLASSIFIERS.values() if weights_file(entry).is_file()]
    for entry in there:
        check_trained(entry)
        assert weights_file(entry).stat().st_size < 1.2e6
        learning = read_learning(entry)
        assert learning.predictions.shape == (EPOCHS, TESTED)
        assert learning.accuracy[-1] > 0.5, entry.name
    if len(there) < len(CLASSIFIERS):
        pytest.skip(f"{len(there)} of {len(CLASSIFIERS)} are in this checkout; `crosslight scenes train` makes them")
