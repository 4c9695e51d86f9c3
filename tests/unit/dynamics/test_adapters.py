from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from crosslight.core.errors import InputError
from crosslight.dynamics import Recorder, open_history
from crosslight.dynamics.adapters import fastai_callback, huggingface_recording, lightning_callback, record_loop
from crosslight.dynamics.adapters.batches import places
from crosslight.dynamics.adapters.metric_names import metric_name, numbers

CLASSES = ["a", "b", "c"]
SIZE = 10


class Points(Dataset[Any]):
    """Ten points of three classes."""

    def __init__(self, form: str = "pair"):
        self.x = torch.randn(SIZE, 4, generator=torch.Generator().manual_seed(0))
        self.form = form

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, at: int) -> Any:
        whole = {"x": self.x[at], "label": at % 3, "id": f"p{at}"}
        return whole if self.form == "dict" else tuple(whole.values())[: 2 if self.form == "pair" else 3]


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))


def expected(model: nn.Module) -> list[int]:
    with torch.no_grad():
        return model.eval()(Points().x).argmax(1).tolist()


def needs(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")


# --- a loop of one's own


@pytest.mark.parametrize("form", ["pair", "triple", "dict"])
def test_a_plain_loop(tmp_path: Path, form: str) -> None:
    model = network().train()
    model[1].eval()  # frozen
    loader = DataLoader(Points(form), batch_size=4, shuffle=form != "pair")
    with Recorder(tmp_path, CLASSES) as recorder:
        metrics = record_loop(recorder, model, loader, 0)
    assert [module.training for module in model.modules()] == [True, True, False, True, True]
    found = open_history(tmp_path)
    assert found.ids == tuple(f"p{at}" if form != "pair" else str(at) for at in range(SIZE))
    assert found.predictions[0].tolist() == expected(model)
    assert found.labels.tolist() == [at % 3 for at in range(SIZE)]
    logits = model(Points().x).detach()
    loss = nn.functional.cross_entropy(logits, torch.arange(SIZE) % 3)
    assert metrics["validation/loss"] == pytest.approx(float(loss), rel=1e-5)
    assert found.metrics["validation/accuracy"].tolist() == [(found.predictions == found.labels).mean()]


def test_a_loop_that_shuffles_needs_ids(tmp_path: Path) -> None:
    with Recorder(tmp_path, CLASSES) as recorder, pytest.raises(InputError, match="from the order of RandomSampler"):
        record_loop(recorder, network(), DataLoader(Points(), shuffle=True), 0)
    with Recorder(tmp_path, CLASSES) as recorder:
        record_loop(recorder, network(), DataLoader(Points()), 0, ids=[f"q{at}" for at in range(SIZE)])
        with pytest.raises(InputError, match="there are 2 ids"):
            record_loop(recorder, network(), DataLoader(Points()), 1, ids=["x", "y"])
    assert open_history(tmp_path).ids[0] == "q0"


def test_outputs_without_logits(tmp_path: Path) -> None:
    class Bare(nn.Module):
        def forward(self, x: Any) -> Any:
            return {"loss": 0}

    with Recorder(tmp_path, CLASSES) as recorder, pytest.raises(InputError, match="no logits in dict"):
        record_loop(recorder, Bare(), DataLoader(Points()), 0)


def test_the_order_of_distributed_samplers() -> None:
    """With padding: eleven and a bit more than the images there are."""
    for replicas in (1, 2, 3, 4):
        for rank in range(replicas):
            sampler: Any = DistributedSampler(Points(), replicas, rank, shuffle=False)
            assert places(SimpleNamespace(sampler=sampler), 0, len(sampler)) == list(sampler)
    with pytest.raises(InputError, match="cannot be known"):
        places(SimpleNamespace(sampler=DistributedSampler(Points(), 2, 0, shuffle=True)), 0, 2)


def test_names_of_metrics() -> None:
    assert metric_name("val_loss") == metric_name("valid/loss") == metric_name("eval_loss") == "validation/loss"
    assert metric_name("train_acc") == "train/accuracy"
    assert metric_name("lr") == "lr"
    assert metric_name("accuracy", "validation") == "validation/accuracy"
    assert numbers({"val_loss": torch.tensor(2.0), "text": "x", "many": torch.ones(2)}) == {"validation/loss": 2.0}


# --- Lightning


def lightning_module(form: str) -> Any:
    import lightning.pytorch as pl

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def training_step(self, batch: Any, at: int) -> Any:
            loss = nn.functional.cross_entropy(self.net(batch[0]), batch[1])
            self.log("train_loss", loss, on_epoch=True, on_step=False)
            return loss

        def validation_step(self, batch: Any, at: int) -> Any:
            logits = self.net(batch[0])
            self.log("val_loss", nn.functional.cross_entropy(logits, batch[1]))
            said.setdefault(self.current_epoch, []).extend(logits.argmax(1).tolist())
            return logits if form == "tensor" else {"logits": logits, "ids": [f"s{one}" for one in batch[1].tolist()]}

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), 0.5)

    said: dict[int, list[int]] = {}
    module = Module()
    module.said = said  # type: ignore[assignment]
    return module


def trainer(tmp_path: Path, epochs: int, *callbacks: Any, **others: Any) -> Any:
    import lightning.pytorch as pl

    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return pl.Trainer(
        max_epochs=epochs, accelerator="cpu", devices=1, default_root_dir=tmp_path, callbacks=list(callbacks),
        **{"enable_checkpointing": False, **quiet, **others},
    )  # fmt: skip


def loaders() -> tuple[Any, Any]:
    return DataLoader(Points(), batch_size=5), DataLoader(Points(), batch_size=4)


@pytest.mark.filterwarnings("ignore")
def test_lightning(tmp_path: Path) -> None:
    needs("lightning")
    module = lightning_module("tensor")
    callback = lightning_callback(tmp_path, CLASSES, ids=[f"p{at}" for at in range(SIZE)], facts={"seed": 0})
    fit = trainer(tmp_path, 3, callback, num_sanity_val_steps=2)
    fit.fit(module, *loaders())
    found = open_history(tmp_path)
    assert found.epochs.tolist() == [0, 1, 2]
    assert found.ids == tuple(f"p{at}" for at in range(SIZE))
    assert found.labels.tolist() == [at % 3 for at in range(SIZE)]
    module.said[0] = module.said[0][8:]  # two batches of the sanity check, which is not recorded
    assert found.predictions.tolist() == [module.said[epoch] for epoch in range(3)]
    assert np.isfinite(found.metrics["train/loss"]).all()
    assert np.isfinite(found.metrics["validation/loss"]).all()
    assert found.remarks == ()
    fit.validate(module, loaders()[1], verbose=False)
    assert open_history(tmp_path).epochs.tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="holds 3 epochs of an earlier run"):
        trainer(tmp_path, 1, lightning_callback(tmp_path, CLASSES)).fit(lightning_module("tensor"), *loaders())


@pytest.mark.filterwarnings("ignore")
def test_lightning_goes_on_after_a_resume(tmp_path: Path) -> None:
    needs("lightning")
    names = [f"p{at}" for at in range(SIZE)]
    module = lightning_module("tensor")
    first = trainer(tmp_path, 2, lightning_callback(tmp_path, CLASSES, ids=names))
    first.fit(module, *loaders())
    first.save_checkpoint(tmp_path / "last.ckpt")
    trainer(tmp_path, 3, lightning_callback(tmp_path, CLASSES, ids=names)).fit(
        module, *loaders(), ckpt_path=str(tmp_path / "last.ckpt")
    )
    found = open_history(tmp_path)
    assert found.epochs.tolist() == [0, 1, 2]
    assert found.remarks == ()


@pytest.mark.filterwarnings("ignore")
def test_lightning_with_ids_from_the_step_and_several_validations_in_an_epoch(tmp_path: Path) -> None:
    needs("lightning")
    module = lightning_module("dict")
    trainer(tmp_path, 1, lightning_callback(tmp_path, CLASSES), val_check_interval=0.5, num_sanity_val_steps=0).fit(
        module, *loaders()
    )
    found = open_history(tmp_path)
    assert found.ids == ("s0", "s1", "s2")
    assert found.epochs.tolist() == [0]  # the last one counts
    last = module.said[0][SIZE:]
    assert found.predictions.tolist() == [last[:3]]
    assert "recorded twice" in found.remarks[0]


# --- Hugging Face


@pytest.mark.filterwarnings("ignore")
def test_hugging_face(tmp_path: Path) -> None:
    needs("transformers")
    needs("accelerate")
    from transformers import Trainer, TrainingArguments

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def forward(self, x: Any, labels: Any) -> Any:
            logits = self.net(x)
            return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}

    class Rows(Points):
        def __getitem__(self, at: int) -> Any:
            return {"x": self.x[at], "labels": at % 3}

    arguments = TrainingArguments(
        str(tmp_path / "hf"), num_train_epochs=2, per_device_train_batch_size=5, per_device_eval_batch_size=4,
        eval_strategy="epoch", logging_strategy="epoch", save_strategy="no", report_to=[], use_cpu=True,
        disable_tqdm=True, learning_rate=0.1,
    )  # fmt: skip
    model = Model()

    def make() -> Any:
        recording = huggingface_recording(tmp_path, CLASSES, ids=[f"p{at}" for at in range(SIZE)])
        return Trainer(
            model, arguments, train_dataset=Rows(), eval_dataset=Rows(),
            compute_metrics=recording.compute_metrics, callbacks=[recording.callback],
        )  # fmt: skip

    made = make()
    made.train()
    found = open_history(tmp_path)
    assert found.epochs.tolist() == [1, 2]
    assert found.ids == tuple(f"p{at}" for at in range(SIZE))
    assert found.labels.tolist() == [at % 3 for at in range(SIZE)]
    assert found.predictions[1].tolist() == expected(model.net)
    right = (found.predictions == found.labels).mean(axis=1)
    np.testing.assert_allclose(found.metrics["validation/accuracy"], right)
    assert np.isfinite(found.metrics["validation/loss"]).all()
    assert np.isfinite(found.metrics["train/loss"]).all()
    made.predict(Rows())
    assert open_history(tmp_path).epochs.tolist() == [1, 2]
    with pytest.raises(InputError, match="holds 2 epochs of an earlier run"):
        make().train()


# --- fastai: a stand-in that calls the same events in the same order


class Learner:
    """As much of fastai's as a callback sees."""

    def __init__(self, model: nn.Module, *callbacks: Any):
        self.model, self.callbacks = model, callbacks
        self.recorder = SimpleNamespace(
            metric_names=["epoch", "train_loss", "valid_loss", "accuracy", "time"], values=[]
        )
        for callback in callbacks:
            callback.learn = self

    def __call__(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event, lambda: None)()

    def batches(self, loader: Any, training: bool) -> None:
        self.dl, self.training = loader, training
        self.model.train(training)
        for x, y in loader:
            self.yb = (y,)
            self.pred = self.model(x)
            self("after_pred")

    def fit(self, epochs: int) -> None:
        self("before_fit")
        for self.epoch in range(epochs):
            self.batches(DataLoader(Points(), batch_size=5, shuffle=True), True)
            self("before_validate")
            self.batches(DataLoader(Points(), batch_size=4), False)
            self("after_validate")
            self.recorder.values.append([1.0, 2.0, 0.5])
            self("after_epoch")
        self("after_fit")


def test_fastai_by_its_events(tmp_path: Path) -> None:
    model = network()
    learner = Learner(model, fastai_callback(tmp_path, CLASSES, ids=[Path(f"p{at}.png") for at in range(SIZE)]))
    learner.fit(2)
    found = open_history(tmp_path)
    assert found.epochs.tolist() == [0, 1]
    assert found.ids[0] == "p0.png"
    assert found.predictions[1].tolist() == expected(model)
    assert {name: values.tolist() for name, values in found.metrics.items()} == {
        "train/loss": [1, 1],
        "validation/loss": [2, 2],
        "validation/accuracy": [0.5, 0.5],
    }
    with pytest.raises(InputError, match="epoch 0 is recorded already"):
        Learner(model, fastai_callback(tmp_path, CLASSES)).fit(1)
    with pytest.raises(InputError, match="there are 3 ids"):
        Learner(model, fastai_callback(tmp_path / "few", CLASSES, ids=[1, 2, 3])).fit(1)


def test_fastai_does_not_record_the_search_for_a_rate(tmp_path: Path) -> None:
    learner = Learner(network(), fastai_callback(tmp_path, CLASSES))
    learner.lr_finder = True  # type: ignore[attr-defined]
    learner.fit(1)
    assert not (tmp_path / "history").exists()
