"""A tiny training: it learns, it goes on where it stopped, and its batches are what they should be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from crosslight.core.errors import InputError
from crosslight.scenes import CONCEPTS, SceneBatch, scenes
from crosslight.scenes.encoder import load_encoder
from crosslight.scenes.encoder.labelled import label_scenes, training_labels
from crosslight.scenes.encoder.phrases import mirrored
from crosslight.scenes.encoder.recipe import Recipe, Shape
from crosslight.scenes.encoder.training import draw_batch, main, read_corpus, train
from crosslight.scenes.encoder.truth import flipped, holds

TINY = Recipe(
    shape=Shape(space=16, stem=4, widths=(8, 8), depths=(1, 1), queries=1, heads=2, words=16, hidden=16),
    pictures=(("clean", 30), ("patch", 10)),
    steps=12,
    batch=16,
    rate=1e-2,
    precision="float32",
)


@pytest.fixture(scope="module")
def made() -> tuple[SceneBatch, SceneBatch]:
    return scenes(30), scenes(10, variant="patch")


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory) -> Path:
    """Pictures and labels as the trainer keeps them, so that no process need be started to make them."""
    path = tmp_path_factory.mktemp("pictures")
    for (variant, count), batch in zip(TINY.pictures, made, strict=True):
        np.save(path / f"train-{variant}-{count}.npy", batch.images)
        write_labels(path, batch, variant)
    return path


def write_labels(path: Path, batch: SceneBatch, variant: str) -> None:
    labelled = label_scenes(batch)
    np.savez(
        path / f"train-{variant}-{len(batch)}.labels.npz",
        captions=np.array(labelled.captions),
        shares=labelled.shares.astype(np.float16),
        colours=np.round(labelled.colours * 255).astype(np.uint8),
    )


@pytest.fixture(scope="module")
def corpus(folder):
    return read_corpus(TINY, folder, folder)


def test_labels_are_made_once(tmp_path, made):
    first = training_labels(tmp_path, "patch", 3)
    written = tmp_path / "train-patch-3.labels.npz"
    stamp = written.stat().st_mtime_ns
    again = training_labels(tmp_path, "patch", 3)
    assert written.stat().st_mtime_ns == stamp
    assert list(tmp_path.iterdir()) == [written]
    labelled = label_scenes(made[1])
    assert first.captions == again.captions == labelled.captions[:3]
    np.testing.assert_allclose(first.shares, labelled.shares[:3], atol=1e-3)
    np.testing.assert_allclose(first.colours, labelled.colours[:3], atol=3e-3)


def test_pictures_of_two_variants(corpus, made):
    images = np.concatenate([batch.images for batch in made])
    chosen = np.array([39, 0, 31, 30, 29])
    assert (corpus.pictures(chosen) == images[chosen]).all()
    assert [corpus.captions[i] for i in chosen] == [(made[0].captions + made[1].captions)[i] for i in chosen]


def test_a_batch(corpus):
    batch = draw_batch(corpus, TINY, 3)
    again = draw_batch(corpus, TINY, 3)
    assert (batch.pictures == again.pictures).all()
    assert batch.texts == again.texts
    assert [len({text.words for text in texts}) for texts in batch.texts] == [len(texts) for texts in batch.texts]
    assert [text.words for text in batch.texts[3]] == [each.name for each in CONCEPTS]
    for texts in batch.texts[:3]:
        assert (holds(batch.table, [text.claims for text in texts]) == 1).any(axis=0).all()


def test_flipped_pictures_have_flipped_captions(corpus):
    turned = 0
    for step in range(4):
        batch = draw_batch(corpus, TINY, step)
        said = {text.words for text in batch.texts[0]}
        for picture, row in zip(batch.pictures, batch.table, strict=True):
            for index, caption in enumerate(corpus.captions):
                original = corpus.pictures(np.array([index]))[0]
                if (picture == original).all():
                    assert caption in said
                    assert (row == corpus.table[index]).all()
                elif (picture == original[:, ::-1]).all():
                    assert mirrored(caption) in said
                    assert (row == flipped(corpus.table[index])).all()
                    turned += 1
    assert 0 < turned < 4 * TINY.batch


def test_every_picture_comes_once_in_a_walk(corpus):
    recipe = replace(TINY, batch=20)  # two batches are a walk
    seen = [draw_batch(corpus, recipe, step).pictures for step in (0, 1)]
    originals = {corpus.pictures(np.array([i]))[0].tobytes(): i for i in range(40)}
    originals |= {corpus.pictures(np.array([i]))[0][:, ::-1].tobytes(): i for i in range(40)}
    assert sorted(originals[picture.tobytes()] for batch in seen for picture in batch) == list(range(40))


def test_training_lowers_the_loss_and_resumes(tmp_path, folder):
    for name in folder.glob("*.labels.npz"):
        for run in ("whole", "halves"):
            (tmp_path / run).mkdir(exist_ok=True)
            (tmp_path / run / name.name).write_bytes(name.read_bytes())
    state = torch.random.get_rng_state()
    losses = train(TINY, tmp_path / "whole", pictures=folder)
    assert (torch.random.get_rng_state() == state).all()
    assert losses.shape == (TINY.steps,)
    assert losses[-4:].mean() < 0.9 * losses[:2].mean()

    half = train(TINY, tmp_path / "halves", pictures=folder, until=5)
    assert len(half) == 5
    assert not (tmp_path / "halves" / "encoder.safetensors").exists()
    assert (train(TINY, tmp_path / "halves", pictures=folder) == losses).all()
    one, two = (load_file(tmp_path / run / "encoder.safetensors") for run in ("whole", "halves"))
    assert one.keys() == two.keys()
    assert all((one[name] == two[name]).all() for name in one)

    encoder = load_encoder(tmp_path / "whole" / "encoder.safetensors")
    assert encoder.dimensions == 16
    assert encoder.facts["digest"] == TINY.digest
    with pytest.raises(InputError, match="another recipe"):
        train(replace(TINY, rate=1e-3), tmp_path / "whole", pictures=folder)


def test_the_digest_tells_recipes_apart():
    assert TINY.digest == replace(TINY).digest
    assert len({TINY.digest, replace(TINY, rate=1).digest, replace(TINY, shape=Shape()).digest}) == 3


def test_the_command_needs_a_folder(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert "--out" in capsys.readouterr().err
