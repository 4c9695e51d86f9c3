"""What a notebook shows: a picture, a table, and no text that is taken for HTML."""

from __future__ import annotations

import base64
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from crosslight.agreement import agree_store
from crosslight.images import open_images
from crosslight.report import cards
from crosslight.report.cards import card, of_figure, of_strip
from crosslight.report.figures import matrix_figure
from crosslight.report.notebook import notebook_html
from crosslight.study import Study, explain

LARGEST = 300_000


class Tags(HTMLParser):
    """Collects tags and text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(html):
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert set(tags.tags) <= {"div", "img", "table", "tr", "th", "td", "details", "summary"}
    assert len(html.encode()) < LARGEST
    return tags


def pictures(html):
    return [
        Image.open(BytesIO(base64.b64decode(found)))
        for found in re.findall(r'src="data:image/(?:png|jpeg);base64,([^"]+)"', html)
    ]


def spec(**images):
    return {
        "study": {"name": "<b>bold</b>"},
        "images": {"source": "scenes", "limit": 8, **images},
        "models": [{"name": "scenes/resnet", "label": "<i>net</i>"}],
        "methods": [{"name": "grad-cam"}],
    }


def test_a_store(study):
    html = study._repr_html_()
    tags = read(html)
    assert len(pictures(html)) == 1
    text = " ".join(tags.text)
    assert "made up <em>study</em>" in text
    assert "Grad-CAM" in text
    assert "failures" in text


def test_a_store_whose_photographs_are_gone(study):
    shutil.rmtree(study.manifest.facts["images"]["source"])
    html = study._repr_html_()
    assert pictures(html) == []
    assert "Grad-CAM" in " ".join(read(html).text)


def test_maps_over_their_photographs_or_alone(study):
    maps = study.maps("Net <i>two</i>", "Grad-CAM")
    html = maps._repr_html_()
    text = " ".join(read(html).text)
    assert "1 zero" in text
    assert "1 constant" in text
    assert "Net <i>two</i> / Grad-CAM" in text
    alone = replace(maps, origin="")._repr_html_()
    read(alone)
    over, grey = pictures(html)[0], pictures(alone)[0]
    assert np.asarray(over).std() > np.asarray(grey).std()  # photographs of noise under the one


def test_maps_without_any_that_can_be_seen(study):
    maps = study.maps("Net <i>two</i>", "Grad-CAM", slice(0, 1))
    assert pictures(maps._repr_html_()) == []
    assert "1 zero" in maps._repr_html_()


def test_an_agreement(study):
    found = agree_store(study, "Signed")["Signed"]
    html = found._repr_html_()
    text = " ".join(read(html).text)
    assert len(pictures(html)) == 1
    assert "Net <i>two</i>" in text
    assert f"({found.floor[0, 1]:.2f})" in text
    assert "<details>" in html


def test_of_very_many_sets_the_table_alone(study, monkeypatch):
    monkeypatch.setattr("crosslight.report.notebook.SETS", 2)
    assert pictures(agree_store(study, "Signed")["Signed"]._repr_html_()) == []


def test_a_study_before_it_was_run():
    html = Study.from_dict(spec())._repr_html_()
    text = " ".join(read(html).text)
    assert len(pictures(html)) == 1
    assert "Study <b>bold</b>" in text
    assert "<i>net</i>" in text
    assert "not run yet" in text


def test_a_study_whose_pictures_are_gone(tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    study = Study.from_dict(spec(source=str(tmp_path), limit=None))
    assert len(pictures(study._repr_html_())) == 1
    (tmp_path / "a.png").unlink()
    assert pictures(study._repr_html_()) == []
    assert str(tmp_path) in study._repr_html_()


def test_nothing_is_fetched_to_show_a_study(monkeypatch):
    monkeypatch.setattr("crosslight.report.notebook.open_images", lambda *_, **__: pytest.fail("opened"))
    assert pictures(Study.from_dict(spec(source="hf:owner/name:train"))._repr_html_()) == []


def test_explanations():
    found = explain("scenes/resnet", open_images("scenes", limit=2, sample="first"), ["grad-cam", "saliency"])
    html = found._repr_html_()
    text = " ".join(read(html).text)
    assert len(pictures(html)) == 1
    assert "grad-cam, saliency" in text


def test_an_error_in_drawing_leaves_the_text(study, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("crosslight.report.notebook.card", broken)
    assert study._repr_html_().startswith("<pre>&lt;Store")
    with pytest.raises(TypeError, match="int has no picture"):
        notebook_html(3)


def test_a_large_picture_is_made_coarser(study, monkeypatch):
    figure = matrix_figure(agree_store(study, "Signed")["Signed"])
    whole = of_figure(figure, "x")
    monkeypatch.setattr(cards, "MOST", len(whole.content) // 2)
    assert len(of_figure(figure, "x").content) < len(whole.content)
    noise = [Image.fromarray(np.random.default_rng(i).integers(0, 255, (300, 300, 3), np.uint8)) for i in range(6)]
    monkeypatch.setattr(cards, "MOST", 190_000)
    assert len(of_strip(noise, "x").content) <= 190_000
    assert of_strip([], "x") is None


def test_the_paper_is_white_and_the_words_take_the_colour_of_the_page():
    html = card("T", [("a", "<x>"), ("b", "")], of_strip([Image.new("RGB", (9, 9))], 'say "x"'))
    assert "background:#fff" in html
    assert "color:inherit" in html
    assert 'alt="say &quot;x&quot;"' in html
    assert ">b<" not in html
