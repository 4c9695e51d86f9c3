"""View cards: every view of the report answers the six questions, briefly."""

from __future__ import annotations

import re

import pytest

from crosslight.core.errors import UnknownNameError
from crosslight.report.view_cards import QUESTIONS, VIEW_CARDS, ViewCard, view_card

VIEWS = {
    "overview", "look", "compare",
    "matrix", "dendrogram", "map", "ladder", "consensus", "multiverse",
    "classes", "right", "units", "learning", "how",
}  # fmt: skip


def test_every_view_has_one_card() -> None:
    assert {card.id for card in VIEW_CARDS} == VIEWS
    assert len(VIEW_CARDS) == len(VIEWS)
    assert len({card.title for card in VIEW_CARDS}) == len(VIEWS)
    assert all(re.fullmatch("[a-z]+", card.id) for card in VIEW_CARDS)


@pytest.mark.parametrize("card", VIEW_CARDS, ids=lambda card: card.id)
def test_the_six_questions_are_answered_briefly(card: ViewCard) -> None:
    assert [question for question, _ in card.answers()] == list(QUESTIONS.values())
    assert len(QUESTIONS) == 6
    answers = [answer for _, answer in card.answers()]
    assert len(set(answers)) == 6
    for answer in answers:
        assert 0 < len(answer) <= 200
        assert answer == " ".join(answer.split())
        assert answer[0].isupper()
        assert answer.endswith(".")
    assert card.title


@pytest.mark.parametrize("card", VIEW_CARDS, ids=lambda card: card.id)
def test_where_names_papers_and_when_a_time(card: ViewCard) -> None:
    assert re.search(r"\b(19|20)\d\d\b", card.where)
    assert re.match("(After|During) training", card.when)


def test_answers_are_those_of_their_questions() -> None:
    card = view_card("matrix")
    assert dict(card.answers())["Why is it used?"] == card.why
    assert dict(card.answers())["Where does it come from?"] == card.where


def test_an_unknown_view_is_refused_with_the_nearest() -> None:
    assert view_card("ladder").id == "ladder"
    with pytest.raises(UnknownNameError, match="dendrogram"):
        view_card("dendogram")
