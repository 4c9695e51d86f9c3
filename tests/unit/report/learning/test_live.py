"""Following a run: what is written when, and when it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosslight.dynamics import Recorder
from crosslight.report.learning import live
from crosslight.report.learning.following import Following

from .conftest import made_up_history

WHOLE = made_up_history(20, 3, gaps=False)


def recorder(path: Path, planned: int | None = None) -> Recorder:
    return Recorder(path, WHOLE.classes, facts={"epochs": planned} if planned else {})


def train(recorder: Recorder, epoch: int, *, end: bool = True, images: slice = slice(None)) -> None:
    logits = np.eye(len(WHOLE.classes), dtype=np.float32)[WHOLE.predictions[epoch - 1]]
    recorder.log(epoch, WHOLE.ids[images], logits[images], WHOLE.labels[images])
    if end:
        recorder.end_epoch(epoch)


def told(page: Path, name: str) -> Any:
    text = (page.parent / "live" / "0" / f"{name}.js").read_text("ascii")
    return json.loads(text[text.index(",") + 1 : text.rindex(")")])


def test_every_epoch_is_added_once_and_the_end_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with recorder(tmp_path / "run", 3) as run:
        following = Following([tmp_path / "run"], tmp_path / "page", pictures=0)
        train(run, 1)
        news = following.run(every=0)
        assert next(news).startswith("page: ")
        assert next(news) == "run: Training: 1 of 3 epochs are recorded."
        assert following.page is not None
        page = following.page
        assert not (page.parent / "live" / "0" / "epoch-00001.js").exists()  # it is in the page itself
        train(run, 2, end=False, images=slice(5))
        assert next(news) == "run: Training: 1 of 3 epochs are recorded. Epoch 2: 5 of 20 images so far."
        train(run, 2, images=slice(5, None))
        assert "2 of 3" in next(news)
        assert told(page, "epoch-00002")["epoch"] == 2
        assert told(page, "latest")["epochs"] == [1, 2]
        assert told(page, "latest")["state"] == "training"
        train(run, 3)
        assert next(news) == "run: Training is finished: 3 epochs are recorded."
        assert list(news) == []
    following.stop()
    assert told(page, "latest")["state"] == "finished"


def test_images_that_come_later_make_a_new_page(tmp_path: Path) -> None:
    with recorder(tmp_path / "run") as run:
        following = Following([tmp_path / "run"], tmp_path / "page", pictures=0)
        train(run, 1, images=slice(7))
        news = following.run(every=0)
        next(news), next(news)
        train(run, 2)
        assert next(news).startswith("page: ")
        assert following.page is not None
        assert told(following.page, "latest")["images"] == 20
    following.stop()
    assert told(following.page, "latest")["state"] == "stopped"


def test_it_ends_without_news_and_says_where_nothing_is(tmp_path: Path) -> None:
    following = Following([tmp_path / "nothing"], tmp_path / "page", pictures=0)
    assert list(following.run(every=0.01, patience=0.05)) == []
    assert following.page is None
    following.stop()
    assert live.look(tmp_path / "nothing") is None


def test_a_training_says_that_it_is_done(tmp_path: Path) -> None:
    with recorder(tmp_path / "run") as run:
        train(run, 1)
    assert not live.is_finished(tmp_path / "run")
    (tmp_path / "run" / "training.json").write_text('{"status": "done"}')
    assert live.is_finished(tmp_path / "run")
    assert live.is_finished(tmp_path / "run" / "history")
    seen = live.look(tmp_path / "run")
    assert seen is not None
    assert seen.words == "Training is finished: 1 epoch is recorded."
