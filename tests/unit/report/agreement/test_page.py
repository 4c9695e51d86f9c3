"""The section of the page: every part where there is something to say, nothing where there is not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosslight.agreement.analysis import Analysis, MethodAnalysis
from crosslight.report import build_report, write_report
from crosslight.report.agreement.panel import printed
from crosslight.store import Store

Make = Callable[..., MethodAnalysis]
VOID = {"meta", "link", "img", "input", "br", "hr"}


def part(page: Path, name: str) -> Any:
    """What a part of a page holds."""
    (path,) = page.parent.glob(f"assets/*/{name}.js")
    text = path.read_text("ascii")
    return json.loads(text.removeprefix(f'crosslight.part("{name}",').removesuffix(");\n"))


def html(page: Path) -> str:
    """The page with the panels of all methods."""
    names = sorted(path.stem for path in page.parent.glob("assets/*/agree-*.js"))
    return page.read_text("utf-8") + "".join(part(page, name)["html"] for name in names)


class Checked(HTMLParser):
    """A page and its panels, whose tags close in order, as text."""

    def __init__(self, page: Path):
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.ids: list[str] = []
        self.feed(html(page))
        assert self.open == []
        assert len(set(self.ids)) == len(self.ids)
        self.text = " ".join(" ".join(self.words).replace("\N{NO-BREAK SPACE}", " ").split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for key, value in attrs if key == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture
def analysis(study: Store, made_method: Make, made_analysis: Callable[..., Analysis]) -> Analysis:
    images = tuple(image.identity for image in study.manifest.images)
    names = ("Net & Co", "Net <i>two</i>", "Net 3")
    return made_analysis({"Grad-CAM": made_method(3, images=images, names=names)})


#: what each part of the page begins with
PARTS = {
    "artefacts": "say more about a fault than about the picture",
    "ladder": "The ladder of similarity",
    "matrix": "Who looks at the same places",
    "map": "Map of the models",
    "pairs": "Every pair",
    "consensus": "Against the consensus of the others",
    "measures": "By other measures",
    "properties": "On which images do models agree?",
    "scenes": "Where models disagree",
    "choices": "Every choice",
    "variance": "What the maps depend on",
    "methods": "Do methods agree?",
    "predictions": "Do models that say the same look at the same places?",
    "relations": "How all matrices go together",
    "skipped": "What is missing",
    "suspects": "What follows can mislead where it is about Net & Co",
    "notes": "1 note on single sets of maps",
}


def parts(page: Path) -> set[str]:
    text = Checked(page).text
    return {name for name, words in PARTS.items() if re.search(rf"{re.escape(words)}(?! (?:is|are))", text)}


def test_everything_is_there(study: Store, analysis: Analysis) -> None:
    report = write_report(study, analysis=analysis)
    text = Checked(report.page).text
    assert parts(report.page) == set(PARTS)
    assert "two seeds of one network are closer than two networks of different families" in text
    assert 'crosslight agree OUT --repair "Net & Co/Grad-CAM:corner=top-left"' in text
    assert "R = −.12" in text
    every = analysis.methods["Grad-CAM"].multiverse
    assert every is not None
    assert printed(every.sentence) in text.replace("\N{NON-BREAKING HYPHEN}", "-")
    assert "--every-choice" not in text.split("Signed")[0]
    assert text.index(PARTS["artefacts"]) < text.index("Relatives") < text.index("The ladder of similarity")
    panel = Checked(report.page).text.partition("What follows can mislead")[2]
    assert "90 % of 24 maps have their largest value in a corner" in panel.partition("Mean cosine")[0]
    drawn = part(report.page, "agree-0")
    assert drawn["sets"] == ["Net & Co", "Net <i>two</i>", "Net 3"]
    assert set(drawn["charts"]) == {"ladder", "consensus", "properties"}
    assert len(part(report.page, "pairs-0")["pairs"]) == 3
    names = part(report.page, "data")["parts"]
    assert {"agree-0", "pairs-0", "agree-2", "pairs-2"} <= set(names)


def test_nothing_is_said_where_there_is_nothing(study: Store, analysis: Analysis) -> None:
    (method,) = analysis.methods.values()
    bare = replace(
        method, agreements={"cosine": method.main}, answer=None, support=None, ellipses=None, reliability=None,
        consensus=None, properties=(), disagreement=(), multiverse=None, skipped={},
    )  # fmt: skip
    nothing = replace(
        analysis, methods={"Grad-CAM": bare}, across_methods={}, predictions=None, relations=(), artefacts=(),
        variance=None, skipped={},
    )  # fmt: skip
    assert parts(build_report(study, analysis=nothing)) == {"ladder", "matrix", "pairs"}


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("consensus", {"consensus": None}),
        ("properties", {"properties": ()}),
        ("scenes", {"disagreement": ()}),
        ("choices", {"multiverse": None}),
    ],
)
def test_a_part_of_a_method_that_is_missing(
    study: Store, analysis: Analysis, part: str, change: dict[str, object]
) -> None:
    (method,) = analysis.methods.values()
    changed = replace(analysis, methods={"Grad-CAM": replace(method, **change)})  # type: ignore[arg-type]
    page = build_report(study, analysis=changed)
    assert set(PARTS) - parts(page) == {part}
    if part == "choices":
        assert "crosslight agree OUT --every-choice" in Checked(page).text


def test_similarities_that_are_not_known_are_dashes(study: Store, analysis: Analysis) -> None:
    (method,) = analysis.methods.values()
    gaps = {name: getattr(method.main, name).copy() for name in ("mean", "low", "high", "floor")}
    gaps["mean"][0, 2] = gaps["mean"][2, 0] = np.nan
    for name in ("low", "high", "floor"):
        gaps[name][:] = np.nan
    broken = replace(method, agreements={"cosine": replace(method.main, **gaps)}, support=None, ellipses=None)
    text = Checked(build_report(study, analysis=replace(analysis, methods={"Grad-CAM": broken}))).text
    assert "nan" not in text.casefold()
    assert "over 2 pairs, chance floor –" in text


def test_a_store_is_analysed_where_nobody_has_done_it(study: Store) -> None:
    text = Checked(build_report(study)).text
    assert PARTS["measures"] in text
    assert PARTS["scenes"] in text
    plain = Checked(build_report(study, agreements={})).text
    assert PARTS["measures"] not in plain
    assert PARTS["pairs"] in plain


def test_pictures_of_disagreement_belong_to_images_of_the_page(study: Store, analysis: Analysis) -> None:
    page = part(build_report(study, analysis=analysis), "agree-0")["html"]
    block = page[page.index('class="apart"') :].partition("Every choice")[0]
    assert 'data-method="0"' in page[:200]
    rows = [int(row) for row in re.findall(r'data-image="(\d+)"', block)]
    assert sorted(rows) == list(range(6))
