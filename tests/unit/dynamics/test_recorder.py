from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from crosslight.core.errors import InputError, StoreError
from crosslight.dynamics import MISSING, UNKNOWN, Recorder, open_history
from crosslight.store import durable

from .making import logits, record, record_epoch, same

CLASSES = ["a", "b", "c"]


# --- what is written


def test_logits_give_predictions_probabilities_and_margins(tmp_path: Path) -> None:
    said = np.array([[2.0, 0.0, 1.0], [0.0, 3.0, -1.0]])
    with Recorder(tmp_path, CLASSES) as recorder:
        recorder.log(0, ["x", "y"], said, [2, 1])
        recorder.end_epoch(0)
    found = open_history(tmp_path)
    assert found.ids == ("x", "y")
    assert found.labels.tolist() == [2, 1]
    assert found.predictions.tolist() == [[0, 1]]
    softmax = np.exp(said) / np.exp(said).sum(1, keepdims=True)
    assert found.probability is not None
    assert found.margin is not None
    np.testing.assert_array_equal(found.probability, [softmax[[0, 1], [2, 1]].astype(np.float16)])
    np.testing.assert_array_equal(found.margin, np.array([[-1, 3]], np.float32))
    assert found.remarks == ()
    assert (found.predictions.dtype, found.labels.dtype, found.epochs.dtype) == (np.uint16, np.int32, np.int32)


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x,
        lambda x: x.tolist(),
        torch.from_numpy,
        lambda x: torch.from_numpy(x).requires_grad_() if x.dtype.kind == "f" else torch.from_numpy(x),
        lambda x: list(torch.from_numpy(x)),
        lambda x: torch.from_numpy(x).to(torch.bfloat16) if x.dtype.kind == "f" else torch.from_numpy(x),
    ],
    ids=["numpy", "lists", "torch", "with-gradient", "list-of-tensors", "bfloat16"],
)
def test_arrays_of_any_kind(tmp_path: Path, form: Any) -> None:
    said = np.array([[2.0, 0.0, 1.0], [0.0, 3.0, -1.0]], np.float32)
    with Recorder(tmp_path, CLASSES) as recorder:
        recorder.log(4, form(np.array([7, 11])), form(said), form(np.array([2, 1])))
        recorder.end_epoch(4)
    found = open_history(tmp_path)
    assert found.ids == ("7", "11")
    assert found.epochs.tolist() == [4]
    assert found.predictions.tolist() == [[0, 1]]
    assert found.margin is not None
    assert found.margin.tolist() == [[-1, 3]]


def test_predictions_alone(tmp_path: Path) -> None:
    with Recorder(tmp_path, CLASSES) as recorder:
        recorder.log(0, ["x", "y"], [2, 0], [2, None])
        recorder.end_epoch(0)
    found = open_history(tmp_path)
    assert found.predictions.tolist() == [[2, 0]]
    assert found.labels.tolist() == [2, UNKNOWN]
    assert found.probability is None
    assert found.margin is None


def test_probability_and_margin_are_optional(tmp_path: Path) -> None:
    record(tmp_path, [0], probability=False, margin=False)
    assert open_history(tmp_path).probability is open_history(tmp_path).margin is None


def test_the_order_of_batches_does_not_matter(tmp_path: Path) -> None:
    record(tmp_path / "one", range(3), seed=1)
    record(tmp_path / "other", range(3), seed=2)
    assert same(open_history(tmp_path / "one"), open_history(tmp_path / "other"))
    assert open_history(tmp_path / "one").ids == tuple(map(str, range(12)))  # 2 before 10


def test_given_ids_set_the_order_and_given_labels_stand_in(tmp_path: Path) -> None:
    with Recorder(tmp_path, CLASSES, ids=["z", "y", "x"], labels=[0, -1, 2]) as recorder:
        recorder.log(0, ["x", "y"], [1, 1])
        recorder.end_epoch(0)
    found = open_history(tmp_path)
    assert found.ids == ("z", "y", "x")
    assert found.labels.tolist() == [0, UNKNOWN, 2]
    assert found.predictions.tolist() == [[MISSING, 1, 1]]


def test_metrics_facts_and_images(tmp_path: Path) -> None:
    with Recorder(tmp_path, CLASSES, images="photos", facts={"lr": 0.1, "sizes": (1, 2)}) as recorder:
        for epoch in (0, 2):
            recorder.log(epoch, [0], [1], [1])
            recorder.end_epoch(epoch)
            recorder.log_metrics(epoch, {"train/loss": np.float32(2)}, accuracy=torch.tensor(0.5))
        recorder.log_metrics(2, {"train/loss": 1.0, "lr": float("nan"), "none": None})
        recorder.log_metrics(9, {"train/loss": 3.0})  # of an epoch without predictions: kept in the file alone
    found = open_history(tmp_path / "history")
    assert found.facts == {"lr": 0.1, "sizes": [1, 2], "images": "photos"}
    assert found.metrics["train/loss"].tolist() == [2, 1]
    assert found.metrics["accuracy"].tolist() == [0.5, 0.5]
    assert np.isnan(found.metrics["lr"]).all()
    assert '"epoch": 9' in (tmp_path / "history" / "metrics.jsonl").read_text()


def test_the_same_epoch_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        record(tmp_path / name, [0, 1])
    one, other = (sorted((tmp_path / name).rglob("*")) for name in ("one", "other"))
    assert [path.name for path in one] == [path.name for path in other]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(one, other, strict=True) if a.is_file())
    assert not list((tmp_path / "one" / "history" / "partial").glob("*.*"))


def test_size_on_disk(tmp_path: Path) -> None:
    """50,000 images at 100 epochs take 12 MB at most: so 10,000 at 2 take a 250th of it, whatever is predicted."""
    rng = np.random.default_rng(0)
    ids = [f"validation/{at:05}.png" for at in range(10_000)]
    with Recorder(tmp_path, [f"class {at}" for at in range(1000)], probability=False, margin=False) as recorder:
        for epoch in range(2):
            recorder.log(epoch, ids, rng.integers(0, 1000, 10_000), rng.integers(0, 1000, 10_000) * 0)
            recorder.end_epoch(epoch)
    per_epoch = sum(path.stat().st_size for path in (tmp_path / "history" / "epochs").iterdir()) / 2
    once = sum(path.stat().st_size for path in (tmp_path / "history").glob("*.*"))
    assert 5 * (100 * per_epoch + once) <= 12e6


# --- opening again


def test_a_folder_is_opened_again(tmp_path: Path) -> None:
    record(tmp_path / "at-once", range(4))
    record(tmp_path / "twice", range(2))
    record(tmp_path / "twice", range(2, 4), seed=5)
    assert same(open_history(tmp_path / "at-once"), open_history(tmp_path / "twice"))


def test_an_epoch_is_recorded_once(tmp_path: Path) -> None:
    record(tmp_path, [0, 1])
    before = open_history(tmp_path)
    with Recorder(tmp_path, CLASSES) as recorder:
        assert recorder.epochs == (0, 1)
        with pytest.raises(InputError, match=r"epoch 1 is recorded already.*replace=True.*forget\(1\)"):
            recorder.log(1, [0], [0], [0])
        recorder.log(2, [0], [0], [0])
        recorder.end_epoch(2)
        with pytest.raises(InputError, match="epoch 2 is recorded already"):
            recorder.log(2, [0], [0], [0])
    assert same(before, _without_last(tmp_path))


def _without_last(out: Path) -> Any:
    from crosslight.dynamics import select

    found = select(open_history(out), epochs=(0, 1))
    return type(found)(**{**found.__dict__, "remarks": ()})


def test_replacing_keeps_the_old_epoch_until_the_new_one_ends(tmp_path: Path) -> None:
    record(tmp_path, [0, 1])
    old = open_history(tmp_path).predictions[1].tolist()
    with Recorder(tmp_path, CLASSES, replace=True) as recorder:
        recorder.log(1, range(12), [2] * 12, [0] * 12)
        assert open_history(tmp_path, unfinished=True).predictions[1].tolist() == old
        recorder.end_epoch(1)
    assert open_history(tmp_path).predictions[1].tolist() == [2] * 12


def test_later_epochs_can_be_dropped(tmp_path: Path) -> None:
    record(tmp_path, range(4))
    with Recorder(tmp_path, CLASSES) as recorder:
        recorder.log(4, [0], [0])
        with pytest.raises(InputError, match="being recorded"):
            recorder.forget(2)
        recorder.end_epoch(4)
        recorder.forget(2)
        assert recorder.epochs == (0, 1)
        record_epoch(recorder, 2, np.random.default_rng(0))
    assert open_history(tmp_path).epochs.tolist() == [0, 1, 2]


def test_what_was_not_finished_is_recorded_anew(tmp_path: Path) -> None:
    record(tmp_path, [0])
    recorder = Recorder(tmp_path, CLASSES)
    recorder.log(1, [0, 1], [0, 0], [0, 1])
    recorder.close()
    assert open_history(tmp_path).epochs.tolist() == [0]
    shown = open_history(tmp_path, unfinished=True)
    assert shown.epochs.tolist() == [0, 1]
    assert shown.predictions[1].tolist() == [0, 0] + [MISSING] * 10
    assert "Epoch 1 is unfinished: 2 of 12 images so far." in shown.remarks
    with Recorder(tmp_path, CLASSES) as recorder:  # still shown, until the epoch begins again
        assert open_history(tmp_path, unfinished=True).predictions[1].tolist() == [0, 0] + [MISSING] * 10
        record_epoch(recorder, 1, np.random.default_rng(0))
    assert open_history(tmp_path, unfinished=True).remarks == ()
    assert not list((tmp_path / "history" / "partial").glob("*.*"))


@pytest.mark.parametrize("moment", ["images", "epoch", "removed"])
def test_a_fault_while_an_epoch_is_put_together_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    record(tmp_path / "whole", [0])

    class Cut(Exception):
        pass

    calls = 0

    def replacing(source: Any, target: Any) -> None:
        nonlocal calls
        name = Path(target).name
        if moment == {"instances.json": "images", "00000.npz": "epoch"}.get(name):
            raise Cut
        real(source, target)

    def unlinking(path: Path, missing_ok: bool = False) -> None:
        if moment == "removed" and path.suffix == ".frames":
            raise Cut
        unlink(path, missing_ok=missing_ok)

    real, unlink = os.replace, Path.unlink
    with monkeypatch.context() as patch:
        patch.setattr(durable.os, "replace", replacing)
        patch.setattr(Path, "unlink", unlinking)
        recorder = Recorder(tmp_path / "cut", CLASSES)
        with pytest.raises(Cut):
            record_epoch(recorder, 0, np.random.default_rng(0))
    found = open_history(tmp_path / "cut")  # all was recorded: readers put it together themselves
    assert np.array_equal(found.predictions, open_history(tmp_path / "whole").predictions)
    with Recorder(tmp_path / "cut", CLASSES) as again:
        assert again.epochs == (0,)
        again.log_metrics(0, {"train/loss": 1.0})
    assert same(open_history(tmp_path / "cut"), open_history(tmp_path / "whole"))
    assert not list((tmp_path / "cut" / "history" / "partial").glob("*.*"))


def test_a_full_disk_leaves_no_torn_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(tmp_path, CLASSES)
    recorder.log(0, [0, 1], [0, 1], [0, 1])
    write = os.write

    def full(descriptor: int, content: Any) -> int:
        if len(content) > 10:
            return write(descriptor, content[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StoreError, match="No space left"):
            recorder.log(0, [2], [2], [2])
    recorder.log(0, [2], [1], [2])
    recorder.end_epoch(0)
    assert open_history(tmp_path).predictions.tolist() == [[0, 1, 1]]


@pytest.mark.parametrize("torn", ['{"epoch": 1, "train/lo', '{"epoch": 1}garbage'])
def test_metrics_go_on_after_a_torn_line(tmp_path: Path, torn: str) -> None:
    record(tmp_path, [0])
    with (tmp_path / "history" / "metrics.jsonl").open("a") as file:
        file.write(torn)
    assert open_history(tmp_path).remarks == ()  # it may still be being written
    record(tmp_path, [1])
    found = open_history(tmp_path)
    assert found.metrics["train/loss"].tolist() == [1, 0.5]
    assert found.remarks == ("1 line of the metrics could not be read.",)


# --- several processes


def test_several_processes(tmp_path: Path) -> None:
    record(tmp_path / "alone", [0, 1])
    recorders = [Recorder(tmp_path / "many", CLASSES, rank=rank, processes=3) for rank in (1, 0, 2)]
    for epoch in range(2):
        said = logits(np.random.default_rng(epoch), 12)
        for recorder in recorders:
            part = np.arange(recorder.rank, 12, 3)
            recorder.log(epoch, part, said[part], part % 3)
            assert open_history(tmp_path / "many").epochs.tolist() == list(range(epoch))
            recorder.log_metrics(epoch, {"train/loss": 1 / (epoch + 1 + recorder.rank)})  # the first one's counts
        for recorder in recorders:
            assert open_history(tmp_path / "many").epochs.tolist() == list(range(epoch))  # until all have ended it
            recorder.end_epoch(epoch)
    assert same(open_history(tmp_path / "many"), open_history(tmp_path / "alone"))  # put together by the reader
    for recorder in recorders:
        recorder.close()
    assert sorted(path.name for path in (tmp_path / "many/history/epochs").iterdir()) == ["00000.npz", "00001.npz"]
    assert same(open_history(tmp_path / "many"), open_history(tmp_path / "alone"))


def test_a_process_that_records_an_epoch_again_before_the_others_ended_it(tmp_path: Path) -> None:
    first, second = (Recorder(tmp_path, CLASSES, rank=rank, processes=2, replace=True) for rank in range(2))
    for said in (0, 2):
        first.log(0, ["x"], [said], [0])
        first.end_epoch(0)
    second.log(0, ["y"], [1], [1])
    second.end_epoch(0)
    found = open_history(tmp_path)
    assert found.predictions.tolist() == [[2, 1]]
    assert found.remarks == ()


def test_a_process_without_images(tmp_path: Path) -> None:
    first, second = (Recorder(tmp_path, CLASSES, rank=rank, processes=2) for rank in range(2))
    second.end_epoch(0)
    first.log(0, [0], [1], [1])
    first.end_epoch(0)
    assert open_history(tmp_path).predictions.tolist() == [[1]]


def test_fewer_processes_after_a_resume(tmp_path: Path) -> None:
    many = [Recorder(tmp_path, CLASSES, rank=rank, processes=3) for rank in range(3)]
    for recorder in many:
        recorder.log(0, [recorder.rank], [2], [0])
    many[1].end_epoch(0)
    record(tmp_path, [0])
    assert open_history(tmp_path).predictions.tolist() == open_history_of(tmp_path.parent / "alone", [0])
    assert not list((tmp_path / "history" / "partial").glob("*.*"))


def open_history_of(out: Path, epochs: list[int]) -> list[list[int]]:
    record(out, epochs)
    return open_history(out).predictions.tolist()


def test_the_place_is_taken_from_torchrun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "4")
    recorder = Recorder(tmp_path, CLASSES)
    assert (recorder.rank, recorder.processes) == (2, 4)
    with pytest.raises(InputError, match="rank 4 is none of 4"):
        Recorder(tmp_path, CLASSES, rank=4, processes=4)


# --- odd data: recorded, nothing lost


def recorded(out: Path, *batches: Any, epoch: int = 0) -> Any:
    with Recorder(out, CLASSES) as recorder:
        for batch in batches:
            recorder.log(epoch, *batch)
        recorder.end_epoch(epoch)
    return open_history(out)


def test_padding_counts_once(tmp_path: Path) -> None:
    found = recorded(tmp_path, (["x", "y"], [0, 1], [0, 1]), (["x"], [0], [0]))
    assert found.predictions.tolist() == [[0, 1]]
    [told] = found.remarks
    assert told.startswith("In epoch 0, 1 image was recorded twice with the same prediction")
    assert told.endswith("it counts once: 'x'.")


def test_an_id_seen_twice_with_different_predictions(tmp_path: Path) -> None:
    found = recorded(tmp_path, (["x", "y"], [0, 1], [0, 1]), (["y", "x"], [1, 2], [1, 0]))
    assert found.predictions.tolist() == [[0, 1]]
    assert len(found.remarks) == 2
    assert (
        "In epoch 0, 1 image was recorded twice with different predictions; the first was kept: 'x'." in found.remarks
    )


def test_an_id_missing_in_one_epoch_and_one_that_comes_late(tmp_path: Path) -> None:
    recorded(tmp_path, (["x", "y"], [0, 1], [0, 1]))
    found = recorded(tmp_path, (["y", "z"], [1, 2], [1, 2]), epoch=1)
    assert found.ids == ("x", "y", "z")
    assert found.predictions.tolist() == [[0, 1, MISSING], [MISSING, 1, 2]]
    assert found.labels.tolist() == [0, 1, 2]
    assert found.remarks == (
        "In epoch 1, 1 image was not in the epochs before: 'z'.",
        "In epochs 0 to 1, 1 image was not recorded, such as 'z', 'x'.",
    )


def test_a_label_that_changed(tmp_path: Path) -> None:
    said = np.eye(3)[[0, 1]]
    recorded(tmp_path, (["x", "y"], said, [0, 1]))
    found = recorded(tmp_path, (["x", "y"], said, [2, 1]), epoch=1)
    assert found.labels.tolist() == [0, 1]
    assert found.predictions.tolist() == [[0, 1], [0, 1]]
    assert found.remarks == ("In epoch 1, 1 image came with another label than before; the first was kept: 'x'.",)
    assert np.isnan(found.probability).tolist() == [[False, False], [True, False]]  # measured against another label
    assert np.isnan(found.margin).tolist() == [[False, False], [True, False]]


def test_a_label_that_becomes_known(tmp_path: Path) -> None:
    recorded(tmp_path, (["x"], [0], None))
    found = recorded(tmp_path, (["x"], [0], [2]), epoch=1)
    assert found.labels.tolist() == [2]
    assert found.remarks == ()


@pytest.mark.parametrize("bad", [[np.nan, 1, 0], [np.nan] * 3, [np.inf, 0, 0], [-np.inf] * 3])
def test_logits_that_are_no_numbers(tmp_path: Path, bad: list[float]) -> None:
    found = recorded(tmp_path, (["x", "y"], np.array([bad, [0, 1, 0]]), [0, 1]))
    assert found.predictions.tolist() == [[MISSING, 1]]
    assert np.isnan(found.probability[0, 0])
    assert np.isnan(found.margin[0, 0])
    assert found.remarks == ("In epoch 0, 1 image had logits that are not finite numbers, and so no prediction: 'x'.",)


def test_a_class_that_was_masked_out(tmp_path: Path) -> None:
    found = recorded(tmp_path, (["x", "y"], np.array([[0, -np.inf, 1], [-np.inf, 1, 0]]), [0, 0]))
    assert found.predictions.tolist() == [[2, 1]]
    assert found.margin[0, 0] == -1
    assert np.isnan(found.margin[0, 1])
    assert found.probability[0, 1] == 0
    assert found.remarks == ()


def test_classes_added_late(tmp_path: Path) -> None:
    with Recorder(tmp_path, ["a", "b"]) as recorder:
        recorder.log(0, ["x"], [[1.0, 0.0]], [0])
        recorder.end_epoch(0)
        with pytest.raises(InputError, match="add_classes"):
            recorder.log(1, ["x"], [[1.0, 0.0, 2.0]], [0])
        recorder.add_classes(["c"])
        recorder.log(1, ["x"], [[1.0, 0.0, 2.0]], [2])
        recorder.end_epoch(1)
    found = open_history(tmp_path)
    assert found.classes == ("a", "b", "c")
    assert found.predictions.tolist() == [[0], [2]]
    assert found.remarks[0] == "1 class came late, after epoch 0: 'c'."
    with Recorder(tmp_path, ["a", "b", "c", "d"]):
        pass
    assert open_history(tmp_path).classes == ("a", "b", "c", "d")
    assert "1 class came late, after epoch 1: 'd'." in open_history(tmp_path).remarks
    with Recorder(tmp_path, ["a", "b"]) as again:  # a run that knows the first ones alone
        assert again.classes == ("a", "b", "c", "d")


def test_one_class(tmp_path: Path) -> None:
    with Recorder(tmp_path, ["only"]) as recorder:
        recorder.log(0, ["x"], [[1.5]], [0])
        recorder.end_epoch(0)
    found = open_history(tmp_path)
    assert found.probability is not None
    assert found.margin is not None
    assert (found.predictions[0, 0], found.probability[0, 0]) == (0, 1)
    assert np.isnan(found.margin[0, 0])


def test_an_empty_batch(tmp_path: Path) -> None:
    for empty in (np.empty((0, 3)), np.empty(0), []):
        assert recorded(tmp_path / str(np.shape(empty)) / str(type(empty)), ([], empty, []), (["x"], [1], [1])).ids == (
            "x",
        )


# --- wrong input: a clear error


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        ([], "there are no classes"),
        ([str(at) for at in range(65_535)], "65,535 classes are too many.*65,534"),
        (["a", "b", "a"], "'a' is there twice"),
    ],
)
def test_classes_that_cannot_be(tmp_path: Path, classes: list[str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Recorder(tmp_path, classes)
    assert not list(tmp_path.iterdir())


def test_as_many_classes_as_can_be(tmp_path: Path) -> None:
    with Recorder(tmp_path, [str(at) for at in range(65_534)]) as recorder:
        recorder.log(0, ["x"], [65_533], [65_533])
        recorder.end_epoch(0)
        with pytest.raises(InputError, match="too many"):
            recorder.add_classes(["one more"])
    assert open_history(tmp_path).predictions.tolist() == [[65_533]]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((0, ["x"], [[1.0, 2.0]], [0]), r"logits have the shape \(1, 2\).*\(1, 3\)"),
        ((0, ["x", "y"], [[1.0, 2.0, 3.0]], [0, 0]), r"\(1, 3\); 2 images and 3 classes"),
        ((0, ["x"], [3], [0]), "the prediction 3 is none of the 3 classes.*add_classes"),
        ((0, ["x"], [-1], [0]), "the prediction -1"),
        ((0, ["x"], [0], [3]), "the label 3 is none of the 3 classes"),
        ((0, ["x"], [0], [-2]), "the label -2"),
        ((0, ["x"], [0], [0, 1]), r"labels have the shape \(2,\)"),
        ((0, ["x"], [0], [0.5]), "labels are numbers of classes, not float64"),
        ((0, ["x", "y"], [0], [0, 0]), "1 predictions for 2 ids"),
        ((0, ["x"], [0.5], [0]), "give logits, floating"),
        ((0, ["x"], [["a"]], [0]), "give logits, floating"),
        ((0, "x", [0], [0]), "ids are a list"),
        ((0, [1.5], [0], [0]), "1.5 cannot identify"),
        ((0, [None], [0], [0]), "None cannot identify"),
        ((0, np.array([0.5]), [0], [0]), "ids are whole numbers or text"),
        ((-1, ["x"], [0], [0]), "an epoch is a whole number, 0 or more, not -1"),
        ((1.0, ["x"], [0], [0]), "an epoch is a whole number"),
    ],
)
def test_batches_that_cannot_be(tmp_path: Path, arguments: Any, says: str) -> None:
    recorder = Recorder(tmp_path, CLASSES)
    with pytest.raises(InputError, match=says):
        recorder.log(*arguments)
    recorder.log(0, ["z"], [1], [1])  # and nothing is lost
    recorder.end_epoch(0)
    assert open_history(tmp_path).ids == ("z",)


def test_epochs_end_before_others_begin(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, CLASSES)
    with pytest.raises(InputError, match="nothing was recorded of epoch 0"):
        recorder.end_epoch(0)
    recorder.log(0, [], [])
    with pytest.raises(InputError, match="all batches were empty"):
        recorder.end_epoch(0)
    recorder.log(0, ["x"], [0])
    with pytest.raises(InputError, match=r"epoch 0 was not ended: call end_epoch\(0\)"):
        recorder.log(1, ["x"], [0])
    with pytest.raises(InputError, match="nothing was recorded of epoch 1"):
        recorder.end_epoch(1)
    with pytest.raises(InputError, match="'loss' is no number"):
        recorder.log_metrics(0, loss="low")
    with pytest.raises(InputError, match="cannot be called 'epoch'"):
        recorder.log_metrics(0, {"epoch": 1})


def test_ids_and_labels_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'x' is there twice"):
        Recorder(tmp_path, CLASSES, ids=["x", "y", "x"])
    with pytest.raises(InputError, match="labels without ids"):
        Recorder(tmp_path, CLASSES, labels=[0])
    with pytest.raises(InputError, match="labels have the shape"):
        Recorder(tmp_path, CLASSES, ids=["x"], labels=[0, 1])
    assert not list(tmp_path.iterdir())


def test_a_folder_of_another_run(tmp_path: Path) -> None:
    record(tmp_path, [0], facts={"seed": 0})
    before = open_history(tmp_path)
    with pytest.raises(StoreError, match="other classes: number 1 is 'b' there and 'x' here"):
        Recorder(tmp_path, ["a", "x", "c"])
    with pytest.raises(StoreError, match="other images: 'new' is none of its 12"):
        Recorder(tmp_path, CLASSES, ids=["0", "1", "new"])
    assert same(open_history(tmp_path), before)
    recorder = Recorder(tmp_path, CLASSES, ids=[str(at) for at in range(13)])  # one more than there were
    recorder.log(1, ["other"], [0], [0])
    with pytest.raises(StoreError, match=r"none of epoch 1 is one of its 13.*partial"):
        recorder.end_epoch(1)
    assert np.array_equal(open_history(tmp_path).predictions[:, :12], before.predictions)
    assert [path.name for path in (tmp_path / "history/partial").glob("*.*")] == ["00001-r0.foreign"]
    record(tmp_path, [1])  # the run itself can go on
    assert open_history(tmp_path).epochs.tolist() == [0, 1]


def test_a_fact_that_changed(tmp_path: Path) -> None:
    record(tmp_path, [0], facts={"seed": 0, "lr": 1})
    record(tmp_path, [1], facts={"seed": 1})
    found = open_history(tmp_path)
    assert found.facts == {"seed": 1, "lr": 1}
    assert found.remarks == ("The run was opened again with another fact: seed was 0 and is 1.",)


def test_a_folder_of_another_version(tmp_path: Path) -> None:
    record(tmp_path, [0])
    path = tmp_path / "history" / "history.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 9}))
    with pytest.raises(StoreError, match="version 9"):
        Recorder(tmp_path, CLASSES)
    with pytest.raises(StoreError, match="version 9"):
        open_history(tmp_path)


def test_an_epoch_is_on_disk_when_it_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(tmp_path, CLASSES)
    recorder.log(0, [0], [0])
    flushed: list[str] = []
    monkeypatch.setattr(durable, "flush_all", lambda paths: flushed.extend(path.name for path in paths))
    recorder.end_epoch(0)
    assert any(name.endswith("00000.npz") for name in flushed)
    assert any(name.endswith("instances.json") for name in flushed)
    assert flushed[-1] == "epochs"  # the folder's list of names
