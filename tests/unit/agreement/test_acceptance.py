"""Stores whose truth is known, analysed as a user would: families that differ or do not, and maps that are spoiled."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from typer.testing import CliRunner

from crosslight.agreement.analysis import Analysis, analyse
from crosslight.store import Store

ROOT = Path(__file__).resolve().parents[3]

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("this is not a checkout: no benchmarks are here", allow_module_level=True)

Build = Callable[..., Store]


@pytest.fixture(scope="module")
def planted() -> Iterator[ModuleType]:
    """The module that draws maps and writes them into stores."""
    sys.path.insert(0, str(ROOT))
    from benchmarks import planted

    yield planted
    sys.path.remove(str(ROOT))


@pytest.fixture
def build(planted: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Writes a store of 14 drawn models, some of them spoiled if asked for."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)

    def make(shift: float, seed: int, spoiled: Mapping[int, str] | None = None) -> Store:
        maps = planted.drawn_maps(shift, seed)
        for model, kind in (spoiled or {}).items():
            maps[model] = planted.SPOILED[kind](maps[model])
        return planted.write_store(tmp_path / "out", maps)

    return make


def analysed(store: Store) -> Analysis:
    return analyse(store, measures=("cosine",), resamples=20)


def test_families_that_differ_are_found(planted: ModuleType, build: Build) -> None:
    found = analysed(build(planted.STRONG, 0))
    answer = found.methods[planted.METHOD].answer
    assert answer is not None
    assert answer.verdict == "differ"
    assert "differ in where they look" in str(answer)
    assert answer.anosim.p < 0.01
    assert answer.anosim.exact
    assert answer.anosim.count == 2002
    assert found.artefacts == ()
    ladder = found.methods[planted.METHOD].ladder
    assert "closer than two networks of different families" in ladder.sentence
    # resolution was given to the families alike, and is no explanation
    main = found.methods[planted.METHOD].main.mean
    sides, families = np.array(planted.SIDES), np.array(planted.FAMILIES)
    above = np.triu_indices(len(sides), 1)
    same = (families[:, None] == families)[above], (sides[:, None] == sides)[above]
    gaps = [main[above][one].mean() - main[above][~one].mean() for one in same]
    assert gaps[0] > 2 * abs(gaps[1])


@pytest.mark.parametrize("seed", [1, 2])
def test_families_that_do_not_differ_are_not_said_to(planted: ModuleType, build: Build, seed: int) -> None:
    found = analysed(build(0.0, seed))
    answer = found.methods[planted.METHOD].answer
    assert answer is not None
    assert answer.verdict in ("underpowered", "none")
    assert "No difference between convolutional and transformer" in str(answer)
    assert "SD could have been" in str(answer) or "would have been found" in str(answer)
    assert found.artefacts == ()


def test_spoiled_maps_are_announced_unasked(planted: ModuleType, build: Build) -> None:
    spoiled = {3: "corner", 0: "batch-scaling", 10: "zero"}
    assert set(spoiled.values()) == set(planted.SPOILED)
    found = analysed(build(0.0, 0, spoiled))
    told = {(one.set, one.kind): one.severity for one in found.artefacts}
    for model, kind in spoiled.items():
        assert told[f"{planted.name_of(model)}/{planted.METHOD}", kind] in ("warning", "severe")
    assert {one for one, _ in told} == {f"{planted.name_of(model)}/{planted.METHOD}" for model in spoiled}
    assert {one["kind"] for one in found.to_dict()["artefacts"]} == {kind for _, kind in told}
    answer = found.methods[planted.METHOD].answer
    assert answer is not None
    assert answer.verdict != "differ"


def test_a_model_without_any_map_is_left_out_and_announced(
    planted: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = planted.drawn_maps(planted.STRONG, 0)
    maps[2] = np.zeros_like(maps[2])
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    found = analysed(planted.write_store(tmp_path / "out", maps))
    assert [(one.set, one.kind, one.severity) for one in found.artefacts] == [
        (f"{planted.name_of(2)}/{planted.METHOD}", "zero", "severe")
    ]
    answer = found.methods[planted.METHOD].answer
    assert answer is not None
    assert answer.verdict == "differ"
    assert answer.anosim.count == 1287  # 5 among the 13 that are left


def test_the_command_says_the_same(planted: ModuleType, build: Build) -> None:
    from crosslight.cli.app import app

    store = build(planted.STRONG, 0, {3: "corner"})
    ran = CliRunner().invoke(app, ["agree", str(store.path), "--measure", "cosine", "--json"])
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)["analysis"]
    assert said["methods"][planted.METHOD]["answer"]["verdict"] == "differ"
    assert {one["set"] for one in said["artefacts"]} == {f"{planted.name_of(3)}/{planted.METHOD}"}
    assert "corner" in {one["kind"] for one in said["artefacts"]}
