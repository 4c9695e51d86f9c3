"""The README is true: its code runs, its study is valid, its table and its links fit what there is."""

from __future__ import annotations

import re
import runpy
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import crosslight
from crosslight.methods import METHODS, contract, find_method
from crosslight.study import read_study

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PLAIN = re.sub(r"\s+", " ", TEXT)


def blocks(language: str) -> list[str]:
    """The fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where somebody follows the README: the study file, and two small photographs."""
    (tmp_path / "photos").mkdir()
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((96, 80), Image.Resampling.BICUBIC).save(tmp_path / "photos" / name)
    (tmp_path / "study.toml").write_text(blocks("toml")[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_study_is_valid(folder: Path) -> None:
    spec = read_study(folder / "study.toml")
    assert [model.label for model in spec.models] == ["ResNet-18", "MobileNetV3"]
    assert [task.label for task in spec.tasks] == ["Grad-CAM", "Grad-CAM, halfway", "Integrated Gradients"]
    assert spec.tasks[2].limit == 32


def test_the_code_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands but for two things: random weights, since there may be no network, and fewer steps on the path."""
    changes = ["models.*.weights=none", "methods.3.steps=2"]
    read = crosslight.Study.from_file
    monkeypatch.setattr(crosslight, "load_model", partial(crosslight.load_model, weights="none"))
    monkeypatch.setattr(crosslight.Study, "from_file", lambda path: read(path, changes))
    code = blocks("python")[0]
    assert len(code.strip().splitlines()) <= 12, "the API in ten lines, and the imports"
    (folder / "read_me.py").write_text(code, encoding="utf-8")
    names = runpy.run_path(str(folder / "read_me.py"))
    assert names["maps"].values.shape[0] == 2
    assert np.isfinite(names["maps"].values).all()
    assert names["agreement"].mean.shape == (2, 2)
    assert names["store"].maps("MobileNetV3", "Grad-CAM, halfway").usable.all()


def test_the_method_keeps_the_contract(folder: Path) -> None:
    code = next(block for block in blocks("python") if block.startswith("# activation_norm.py"))
    (folder / "activation_norm.py").write_text(code, encoding="utf-8")
    spec = find_method("python:activation_norm.py:activation_norm", folder)
    try:
        assert set(spec.settings.model_fields) == {"order", "depth", "depth_unit"}
        contract.check_maps(spec)
        contract.check_batches(spec)
        contract.check_left_as_found(spec)
    finally:
        METHODS.remove(spec.name)


def test_the_table_lists_every_method() -> None:
    rows = re.findall(r"^\| `([a-z+-]+)` \| (.+?) \| (\w+) \| (\w+) \| (.+?) \|$", TEXT, re.MULTILINE)
    words = {
        "FeatureEvidence": "features and their gradients",
        "InputGradients": "gradient at the input",
        "NoisyGradients": "gradients at noisy inputs",
        "PathGradients": "gradients along a path",
        "WindowOutcomes": "outcomes under sliding windows",
        "RandomMaskOutcomes": "outcomes under random masks",
        "ShapleyOutcomes": "outcomes of coalitions of superpixels",
        "NeighbourhoodOutcomes": "outcomes of random superpixels",
        "ActivationMaskOutcomes": "outcomes under feature maps as masks",
        "AblationOutcomes": "outcomes without each channel",
        "AttentionEvidence": "attention",
        "AttentionGradients": "attention and its gradients",
    }
    finishes = {"relu": "ReLU"}
    there = {
        (name, words[spec.reads.__name__], spec.sign, finishes.get(spec.finish, spec.finish), spec.reference)
        for name, spec in METHODS.items()
        if spec.function.__module__.startswith("crosslight.")
    }
    assert set(rows) == there


def test_commands_are_there() -> None:
    from crosslight.cli.app import app

    commands = {command.name for command in app.registered_commands}
    named = set(re.findall(r"crosslight ([a-z]+)\b(?= (?:study|photo|NAME)|`| and)", TEXT))
    assert {"run", "explain", "models", "methods"} <= named <= commands
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)`", TEXT, re.MULTILINE))
    assert targets
    for target in {one or other for one, other in targets}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", PLAIN))))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).is_file()
    if target.endswith(".png"):
        assert (ROOT / target).stat().st_size < 300_000


def test_the_number_of_methods_is_right() -> None:
    built_in = [spec for spec in METHODS.values() if spec.function.__module__.startswith("crosslight.")]
    assert len(built_in) == 18
    assert PLAIN.count("eighteen published methods") == PLAIN.count("the eighteen methods") == 1
