"""The views of the page, what stands beside them, and the cards of views and methods."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from crosslight.methods import METHODS, card_of
from crosslight.report import build_report
from crosslight.report.contents import read_contents
from crosslight.report.how import digests_of, seconds_by_method
from crosslight.report.method_cards import method_cards
from crosslight.report.view_cards import view_card
from crosslight.report.views import VIEWS
from crosslight.store import Store


@pytest.fixture
def text(study: Store) -> str:
    return html.unescape(build_report(study).read_text("utf-8"))


def test_every_view_that_is_there_stands_in_the_bar_and_has_its_cards(text: str) -> None:
    bar = re.findall(r'<a href="#(\w+)">', text[text.index('<nav class="top"') : text.index("</nav>")])
    assert bar == ["overview", "look", "agree", "classes", "how"]  # nobody knows where the evidence is
    for view in VIEWS:
        assert (f'<div class="view" id="{view.id}">' in text) == (view.id in bar)
        if view.id in bar:
            about = text[text.index(f'id="about-{view.id}"') :].partition("</dialog>")[0]
            for name in view.cards:
                assert all(answer in about for _, answer in view_card(name).answers())


def test_a_failure_is_announced_in_the_bar(text: str) -> None:
    assert re.search(r'href="#how">How <span class="count-badge">2 failed</span>', text)
    assert "it went <b>wrong</b>" in text


def test_every_method_has_its_card(study: Store, text: str) -> None:
    cards = method_cards(read_contents(study))
    assert [one.card.name for one in cards] == ["grad-cam", "hires-cam", "saliency"]
    assert [one.known for one in cards] == [name in METHODS for name in ("grad-cam", "hires-cam", "saliency")]
    known = card_of(METHODS["grad-cam"])
    assert cards[0].card == known
    for words in (known.summary, known.asks, known.costs, *known.misleads):
        assert words in text
    assert cards[0].used == (("Grad-CAM", "depth = 0.5"),)


def test_a_method_that_is_not_installed_has_a_card_of_what_the_store_knows(study: Store, tmp_path: Path) -> None:
    study.add_maps("Net 3", "Theirs", "d", (3, 3), {"method": "theirs", "finish": "none", "reference": "a book"})
    card = method_cards(read_contents(study))[-1]
    assert (card.card.name, card.known, card.card.reference) == ("theirs", False, "a book")


def test_digests_tell_studies_and_images_apart(study: Store, unfinished: Store) -> None:
    assert digests_of(read_contents(study)) == digests_of(read_contents(unfinished))
    found = digests_of(read_contents(study))
    assert found["study"] == study.manifest.identity
    assert re.fullmatch("[0-9a-f]{32}", found["images"])


def test_methods_that_share_passes_have_no_time_of_their_own(study: Store) -> None:
    assert seconds_by_method(read_contents(study)) == {}


def test_tables_have_names_for_their_files(text: str) -> None:
    names = re.findall(r'<table[^>]*data-name="([^"]+)"', text)
    assert {"methods", "models", "failures", "unusable-maps"} <= set(names)
    assert len(set(names)) == len(names)
