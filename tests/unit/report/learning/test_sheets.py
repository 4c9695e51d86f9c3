"""Small pictures on sheets: which images have one, and that it is theirs."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from crosslight.core.progress import Silent
from crosslight.dynamics import History, measure_all, scenes_history
from crosslight.report.learning.sheets import ACROSS, chosen, loaders_of, write_sheets

from .conftest import made_up_history, write_pictures


def sheet(folder: Path, name: str) -> Image.Image:
    text = (folder / f"{name}.js").read_text("ascii")
    value = json.loads(text[text.index(",") + 1 : text.rindex(")")])
    return Image.open(io.BytesIO(base64.b64decode(value["jpeg"])))


def test_every_picture_is_where_it_is_said_to_be(tmp_path: Path) -> None:
    history = made_up_history(300, 2)
    history = made_up_history(300, 2, source=write_pictures(tmp_path / "pictures", history))
    found = write_sheets(tmp_path, "sheet", [history], limit=1000, progress=Silent())
    assert found.places is not None
    assert found.layout is not None
    assert found.note == ""
    assert (found.layout["side"], found.layout["per"], found.layout["shown"]) == (32, 256, 300)
    for image in (0, 17, 255, 256, 299):
        place = int(found.places[image])
        picture = sheet(tmp_path, f"sheet-{place // 256}")
        within = place % 256
        shown = picture.getpixel((within % ACROSS * 32 + 16, within // ACROSS * 32 + 16))
        assert np.abs(np.array(shown) - (image % 256, 90, 255 - image % 256)).max() < 6


def test_where_there_are_too_many_the_worst_learned_come_first(tmp_path: Path) -> None:
    history = made_up_history(200, 8, gaps=False)
    known = {name: lambda: Image.new("RGB", (8, 8)) for name in history.ids}
    columns = chosen([history], known, 50)
    assert len(columns) == 50
    assert (np.diff(columns) > 0).all()
    measured = measure_all(history, names=["misclassification", "frequency"])
    trouble = measured["misclassification"] + measured["frequency"] + (history.predictions[-1] != history.labels)
    assert set(np.argsort(-trouble, kind="stable")[:30]) <= set(columns)
    assert set(history.labels[columns]) == set(range(5))
    assert len(chosen([history], known, 200)) == 200


def test_pictures_that_are_not_there_or_cannot_be_read_are_told(tmp_path: Path, history: History) -> None:
    assert "not recorded" in loaders_of(history)[1]
    assert "cannot be shown" in loaders_of(made_up_history(source=tmp_path / "nowhere"))[1]
    folder = write_pictures(tmp_path / "pictures", made_up_history(4, 2))
    other = made_up_history(4, 2, source=folder)
    assert loaders_of(other)[1] == ""
    (folder / "picture-0001.png").write_bytes(b"no picture")
    found = write_sheets(tmp_path, "sheet", [other], limit=9, progress=Silent())
    assert found.places is not None
    assert found.places.tolist() == [0, -1, 1, 2]
    assert found.note == "3 of 4 images have a picture here."
    strange = made_up_history(4, 2, source=write_pictures(tmp_path / "others", made_up_history(1, 2)))
    assert write_sheets(tmp_path, "sheet", [strange], limit=0, progress=Silent()).places is None


def test_scenes_are_found_by_their_names() -> None:
    known, why = loaders_of(scenes_history("vit"))
    assert why == ""
    assert known["test-0003.ppm"]().size == (96, 96)
