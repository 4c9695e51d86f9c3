"""The parts of the view of units: what the page reads is what the dissections say."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import re
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError
from crosslight.dissection.folders import WITHIN, dissections_in, find_dissections, folder_of, remember
from crosslight.dissection.pictures import active_region, records_of
from crosslight.dissection.records import NONE, Dissection
from crosslight.dissection.saved import open_dissection, save_dissection
from crosslight.images import ImageSet
from crosslight.report import build_report
from crosslight.report.single import single_file
from crosslight.report.units import CELLS, SIDE, TOP_BYTE, write_units
from crosslight.report.units_page import write_units_page
from crosslight.report.units_words import layer_rows, unit_finding


@pytest.fixture(scope="module")
def made() -> ModuleType:
    file = Path(__file__).parents[1] / "dissection" / "made_up.py"
    spec = importlib.util.spec_from_file_location("made_up_units", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def images(made: ModuleType, tmp_path: Path) -> ImageSet:
    found: ImageSet = made.write_photographs(tmp_path / "photographs")
    return found


@pytest.fixture
def pair(made: ModuleType, images: ImageSet) -> list[Dissection]:
    other = {"stage2": ((3, 4), ("sea", "meadow", "sea", "sea", "fish", "møller i tåge 海", "", ""))}
    return [made.made_up_dissection("Clean & co", images), made.made_up_dissection("Biased", images, other)]


def read(folder: Path, name: str) -> Any:
    """What a part hands over."""
    text = (folder / f"{name}.js").read_text("ascii")
    found = re.fullmatch(r'crosslight\.part\("([^"]+)",(.*)\);\n', text, re.DOTALL)
    assert found is not None
    assert found[1] == name
    return json.loads(found[2])


def test_the_cards_say_what_the_labellings_do(pair: list[Dissection], tmp_path: Path) -> None:
    written = write_units(tmp_path, pair)
    page = read(tmp_path, "units")
    assert set(written.parts) == {path.stem for path in tmp_path.glob("*.js")}
    assert [model["label"] for model in page["models"]] == ["Clean & co", "Biased"]
    for dissection, model in zip(pair, page["models"], strict=True):
        for layer, shown in zip(dissection.layers, model["layers"], strict=True):
            assert (shown["name"], shown["units"], shown["grid"]) == (layer.name, layer.units, list(layer.grid))
            assert shown["dead"] == np.flatnonzero(layer.dead).tolist()
            for one in shown["labels"]:
                own = next(x for x in dissection.labellings if (x.layer, x.score) == (layer.name, one["score"]))
                names = [page["concepts"][best][0] if best >= 0 else None for best in one["best"]]
                assert names == [own.label(unit) for unit in range(layer.units)]
                assert one["q"] == np.round(own.q, 6).tolist()
                assert [one["reasons"][at] for at in one["why"]] == list(own.why)
                assert (one["twin"], one["clusters"]) == (own.twin.tolist(), own.clusters.tolist())
                np.testing.assert_allclose(one["value"], own.scores[:, 0], atol=1e-5)
    assert ["seas", "scene", "sea"] in page["concepts"]


def test_maps_have_the_same_regions_as_the_dissection(pair: list[Dissection], tmp_path: Path) -> None:
    write_units(tmp_path, pair)
    page = read(tmp_path, "units")
    model, layer = page["models"][0], pair[0].layers[1]
    part = read(tmp_path, "units-0-1-0")
    rows, columns = part["cells"]
    content = zlib.decompress(base64.b64decode(part["bytes"]), -15)
    maps = np.frombuffer(content, np.uint8).reshape(layer.units, -1, rows, columns)
    records, _ = records_of(pair[0])
    names = [records[identity].name for identity in pair[0].identities]
    for unit in range(layer.units):
        shown = part["top"][unit]
        assert [page["names"][at] for at in shown] == [names[row] for row in layer.top_images[unit]]
        left, top, right, bottom = model["boxes"][model["box"][shown[0]]]
        box = (60 * left, 50 * top, 60 * right, 50 * bottom)
        assert box == pytest.approx((10, 5, 50, 45), abs=1e-2)
        mine = active_region(maps[unit, 0], part["level"][unit], box, (60, 50))
        true = active_region(layer.top_maps[unit, 0], layer.thresholds[unit], (10, 5, 50, 45), (60, 50))
        assert (mine != true).mean() < 0.01
        assert true.any() or unit == 0
    assert maps.max() == TOP_BYTE
    best = part["candidates"]["0"][0][0]
    assert page["concepts"][best[0]][0] == "sea"
    assert best[1] == pytest.approx(0.4)


def test_pictures_are_small_shared_and_said_to_be_missing(
    pair: list[Dissection], images: ImageSet, tmp_path: Path
) -> None:
    written = write_units(tmp_path / "..", pair)
    folder = tmp_path / ".."
    page = read(folder, "units")
    used = {d.identities[row] for d in pair for one in d.layers for row in one.top_images.ravel() if row != NONE}
    assert page["photos"] == len(used) == len(set(page["names"]))
    photos = read(folder, "units-photos-0")
    picture = Image.open(io.BytesIO(base64.b64decode(photos[0])))
    assert max(picture.size) <= SIDE
    assert written.notes == ()
    (tmp_path / "photographs" / page["names"][0]).unlink()
    again = write_units(folder, pair)
    assert "pictures cannot be shown" in again.notes[0]
    assert read(folder, "units-photos-0")[0] is None


def test_features_without_maps_or_pictures(made: ModuleType, images: ImageSet, tmp_path: Path) -> None:
    from dataclasses import replace

    whole = made.made_up_dissection("net", images, facts={"images": None})
    layers = tuple(replace(one, thresholds=np.full(one.units, np.nan, np.float32)) for one in whole.layers)
    written = write_units(tmp_path, [replace(whole, layers=layers)])
    assert written.notes == ("The pictures of net cannot be shown: the dissection does not say where they are.",)
    part = read(tmp_path, "units-0-0-0")
    assert set(part["level"]) == {None}


def test_fine_maps_are_averaged(made: ModuleType, images: ImageSet, tmp_path: Path) -> None:
    write_units(tmp_path, [made.made_up_dissection("net", images, {"stem": ((80, 60), ("blue", ""))})])
    assert read(tmp_path, "units-0-0-0")["cells"] == [CELLS, 24]


def test_rows_and_the_finding_count_by_layer(pair: list[Dissection], tmp_path: Path) -> None:
    written = write_units(tmp_path, pair)
    rows = layer_rows(written)
    assert [(row.model, row.layer, row.labelled, row.unique) for row in rows if "IoU" in row.score] == [
        ("Clean & co", "stage1", 4, 3),
        ("Clean & co", "stage2", 7, 6),
        ("Biased", "stage2", 6, 4),
    ]
    assert rows[0].dead == 1
    assert rows[2].twins == 2
    assert rows[2].polysemantic == 1
    finding = unit_finding(written)
    assert finding is not None
    assert finding.text == (
        "Clean & co has 4 scene detectors among 14 units (29 %), Biased 5 scene detectors among 8 units (62 %)."
    )


def test_the_report_of_a_study_has_the_view_when_there_are_dissections(
    study: Any, pair: list[Dissection], tmp_path: Path
) -> None:
    plain = build_report(study, tmp_path / "plain").read_text("utf-8")
    assert 'id="units"' not in plain
    for one in pair:
        save_dissection(one, folder_of(study.path / WITHIN, one.model, several=True))
    broken = study.path / WITHIN / "broken"
    broken.mkdir()
    (broken / "dissection.json").write_text("{}")
    page = build_report(study, tmp_path / "report")
    text = page.read_text("utf-8")
    assert '<div class="view" id="units">' in text
    assert "4 scene detectors among 14 units" in text.split('id="look"')[0]  # on the first screen
    assert "broken is left out" in text
    assert "the file is &lt;b&gt;broken&lt;/b&gt;" in text
    assert "<img src=x" not in text
    assert "units-photos-0" in (next(page.parent.glob("assets/*/data.js"))).read_text()
    single = single_file(page, tmp_path / "one.html").read_text("utf-8")
    assert 'id="part:units-0-0-0"' in single


def test_a_page_of_its_own(pair: list[Dissection], tmp_path: Path) -> None:
    page = write_units_page(tmp_path / "page", pair, command="crosslight dissect <b>", notes=["A note."])
    text = page.read_text("utf-8")
    assert re.findall(r'<div class="view" id="(\w+)">', text) == ["units", "how"]
    assert "crosslight dissect &lt;b&gt;" in text
    assert "A note." in text
    first = set(page.parent.glob("assets/*"))
    write_units_page(tmp_path / "page", pair[:1])
    assert len(set(page.parent.glob("assets/*"))) == 1
    assert set(page.parent.glob("assets/*")) != first


def test_dissections_are_found_where_they_lie(pair: list[Dissection], tmp_path: Path) -> None:
    out = tmp_path / "out"
    for one in pair:
        save_dissection(one, folder_of(out, one.model, several=True))
    assert [path.name for path in dissections_in(out)] == ["biased", "clean-co"]
    assert find_dissections([out / "biased", out]) == [out / "biased", out / "clean-co"]
    with pytest.raises(InputError, match="is not there: make one with crosslight dissect"):
        find_dissections([tmp_path / "none"])
    with pytest.raises(InputError, match="holds no dissection"):
        find_dissections([tmp_path / "photographs"])
    told = remember(pair[0], out / "clean-co", images="scenes", limit=3, sample="first", seed=1, command="x", note="")
    assert open_dissection(out / "clean-co").facts["images"]["limit"] == 3
    assert "note" not in told.facts
