"""A training from its call to its result: what is written, what goes on, and what is refused."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from crosslight import load_model
from crosslight.core.errors import InputError, ModelError, StoreError
from crosslight.dynamics.reading import open_history
from crosslight.dynamics.training import Trained, api, checkpoints, fit, train
from crosslight.dynamics.training.checkpoints import write_weights
from crosslight.dynamics.training.network import build_network
from crosslight.study import load_study

from .conftest import CLASSES, write_folder, write_parquet

SHORT = {"epochs": 3, "batch": 6, "lr": 0.02, "device": "cpu", "augment": "light"}


@dataclass
class Told:
    """Keeps what a listener is told."""

    messages: list[str] = field(default_factory=list)
    steps: int = 0
    stop_at: int = -1

    def start(self, total: int, what: str) -> None:
        pass

    def advance(self, units: int, what: str) -> None:
        self.steps += what.startswith("epoch")
        if self.steps == self.stop_at:
            raise KeyboardInterrupt

    def message(self, text: str) -> None:
        self.messages.append(text)

    def finish(self) -> None:
        pass


def run(network: str, photos: Path, out: Path, **others: Any) -> Trained:
    return train(network, photos, out, **{"weights": "none", **SHORT, **others})


def test_a_training(network: str, photos: Path, tmp_path: Path) -> None:
    (photos / "cat/p3.png").write_text("no picture")
    out, told = tmp_path / "out", Told()
    done = run(network, photos, out, validation=0.25, epochs=6, lr=0.1, progress=told)
    assert {path.name for path in out.iterdir()} == {
        *("best.safetensors", "last.safetensors", "classes.txt", "training.json", "study.toml", "history", "pictures")
    }
    assert (out / "classes.txt").read_text().split() == list(CLASSES)
    assert done.classes == CLASSES
    assert done.metrics[-1]["validation/accuracy"] > 0.8  # the classes differ in their colour
    assert done.metrics[-1]["train/loss"] < done.metrics[0]["train/loss"]
    assert [(one["part"], one["name"]) for one in done.skipped] == [("train", "cat/p3.png")] or done.skipped == ()
    assert done.epochs == 6
    best = max(row["validation/accuracy"] for row in done.metrics)
    assert done.metrics[done.best]["validation/accuracy"] == best
    assert len([m for m in told.messages if m.startswith("epoch")]) == 6
    history = open_history(out)
    assert history.epochs.tolist() == list(range(6))
    assert len(history.ids) == 6
    assert history.metrics["train/loss"].tolist() == [row["train/loss"] for row in done.metrics]
    right = (history.predictions == history.labels).mean(axis=1)
    assert right == pytest.approx([row["validation/accuracy"] for row in done.metrics])
    assert history.probability is not None
    assert history.facts["recipe"]["epochs"] == 6
    assert json.loads((out / "training.json").read_text())["versions"]["torch"]


def test_the_study_of_the_result_runs(network: str, photos: Path, tmp_path: Path) -> None:
    done = run(network, photos, tmp_path / "out", label="Tiny")
    plan = load_study(Path(done.out) / "study.toml").plan(tmp_path / "maps", "cpu")
    assert list(plan.models) == ["Tiny"]
    assert plan.problems == []
    assert len(plan.images) == 3
    classifier = load_model(
        network, weights=Path(done.out) / "best.safetensors", classes=Path(done.out) / "classes.txt"
    )
    assert classifier.class_name(1) == "cat"
    assert classifier.outputs == 3


def test_parts_of_their_own(network: str, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    sources = [write_parquet(tmp_path / name / "p.parquet", 4, seed) for seed, name in enumerate("abc")]
    out = tmp_path / "deep/out"
    done = train(
        network, sources[0], out, validation=sources[1], test=sources[2], weights="none", select="last", **SHORT
    )
    assert done.best == 2
    assert done.test["best"] == done.test["last"]
    assert (out / "best.safetensors").read_bytes() == (out / "last.safetensors").read_bytes()
    text = (out / "study.toml").read_text()
    assert 'source = "../../c/p.parquet"' in text
    assert 'name = "python:../../net.py:tiny"' in text
    assert open_history(out).facts["images"] == str(sources[1])


def test_an_interrupted_training_goes_on(network: str, photos: Path, tmp_path: Path) -> None:
    whole = run(network, photos, tmp_path / "whole", precision="bf16", optimizer="sgd", clip=0)
    with pytest.raises(KeyboardInterrupt):
        run(network, photos, tmp_path / "cut", precision="bf16", optimizer="sgd", clip=0, progress=Told(stop_at=5))
    told = Told()
    cut = run(network, photos, tmp_path / "cut", precision="bf16", optimizer="sgd", clip=0, progress=told)
    assert told.steps == 6  # of three epochs with three steps, one was done
    for name in ("best.safetensors", "last.safetensors"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    one, other = open_history(whole.out), open_history(cut.out)
    assert np.array_equal(one.predictions, other.predictions)
    assert np.array_equal(one.margin, other.margin)  # type: ignore[arg-type]
    again = run(network, photos, tmp_path / "cut", precision="bf16", optimizer="sgd", clip=0, progress=told)
    assert again == cut
    assert told.messages[-1].endswith("trained already")
    with pytest.raises(StoreError, match=r"holds another training \(recipe: lr was 0.02 and is 0.5\)"):
        run(network, photos, tmp_path / "cut", precision="bf16", optimizer="sgd", clip=0, lr=0.5)


def test_fine_tuning(network: str, photos: Path, tmp_path: Path) -> None:
    first = run(network, photos, tmp_path / "first", epochs=4)
    two = write_folder(tmp_path / "two", classes=("bird", "cat"))
    told = Told()
    done = train(network, two, tmp_path / "second", weights=f"{first.out}/best.safetensors", batch=4, progress=told)
    assert done.epochs == 2
    account = json.loads((tmp_path / "second/training.json").read_text())
    assert account["request"]["recipe"]["freeze_epochs"] == 1
    assert account["options"] == {"num_classes": 2}
    assert load_model(network, weights=tmp_path / "second/best.safetensors", options={"num_classes": 2}).outputs == 2


def test_folded_normalisations_stay_as_they_are(network: str, photos: Path, tmp_path: Path) -> None:
    built = build_network(network, 3).network  # its normalisation says mean 0 and variance 1
    write_weights(built, tmp_path / "folded.safetensors")
    done = train(network, photos, tmp_path / "out", weights=str(tmp_path / "folded.safetensors"), epochs=2, batch=4)
    assert done.remarks[-1].startswith("the statistics of 1 batch normalisation")
    after = load_file(tmp_path / "out/last.safetensors")
    assert not after["1.running_mean"].any()
    assert not torch.equal(after["1.weight"], built.state_dict()["1.weight"])
    assert not torch.equal(after["0.weight"], built.state_dict()["0.weight"])


def test_stopping_early(network: str, photos: Path, tmp_path: Path) -> None:
    done = run(network, photos, tmp_path / "out", epochs=30, lr=1e-7, patience=2, record=False)
    assert done.epochs == done.best + 3 < 30
    assert any("stopped after" in remark for remark in done.remarks)
    assert "history" not in done.files
    assert not (tmp_path / "out/history").exists()


def test_the_best_epoch() -> None:
    rows = [
        {"epoch": 0, "validation/accuracy": 0.5, "validation/loss": 2.0},
        {"epoch": 1, "validation/accuracy": 0.7, "validation/loss": 1.5},
        {"epoch": 2, "validation/accuracy": 0.7, "validation/loss": 1.2},
        {"epoch": 3, "validation/accuracy": 0.6, "validation/loss": 1.3},
    ]
    recipe = api.make_recipe(finetune=False)
    for select, best in (("accuracy", 1), ("loss", 2), ("last", 3)):
        assert fit.best_epoch(rows, api.make_recipe(finetune=False, select=select)) == best
    assert recipe.select == "accuracy"


def test_a_loss_that_is_no_number_ends_with_advice(network: str, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"the loss is (nan|inf) in epoch 1; lower the learning rate"):
        run(network, photos, tmp_path / "out", lr=1e30, optimizer="sgd", clip=0, schedule="constant")
    assert checkpoints.last_state(tmp_path / "out") is None
    done = run(network, photos, tmp_path / "out")  # nothing was finished, so that another recipe may be tried
    assert open_history(done.out).remarks == ()


def test_nothing_is_written_where_something_is_wrong(network: str, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"precision": "16"}, "precision 16 needs a GPU"),
        ({"device": "cuda:9"}, "is not here"),
        ({"validation": tmp_path / "nowhere"}, "nowhere"),
        ({"preprocess": {"sizes": 3}}, "or 'size'"),
        ({"options": {"widths": 3}}, "no option 'widths'"),
    ]
    for others, words in wrong:
        with pytest.raises(InputError, match=words):
            run(network, photos, out, **others)
    with pytest.raises(InputError, match="unknown model"):
        run("timm/resnet81", photos, out)
    assert not out.exists()
    out.mkdir()
    (out / "mine.txt").touch()
    with pytest.raises(InputError, match="holds something else"):
        run(network, photos, out)


def test_without_lightning(monkeypatch: pytest.MonkeyPatch, network: str, photos: Path, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    with pytest.raises(InputError, match=r"pip install 'crosslight\[train\]'"):
        run(network, photos, tmp_path / "out")
