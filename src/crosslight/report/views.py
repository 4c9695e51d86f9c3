"""The views of the page: what stands in its bar, in order.

A room that adds a view adds a line here, a template with the view's content, and where it needs scripts a function to
start it in ``web/src/report.ts``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .view_cards import ViewCard, view_card


def _always(context: Mapping[str, Any]) -> bool:
    return True


def _nothing(context: Mapping[str, Any]) -> str:
    return ""


@dataclass(frozen=True)
class View:
    """One view of the page.

    Attributes:
        id: in the address, one word.
        title: in the bar.
        templates: what it consists of.
        cards: ids of the view cards that its ``?`` opens.
        present: whether it is there, given what the templates are given.
        badge: what stands beside its title, such as the number of failures; empty for nothing.
    """

    id: str
    title: str
    templates: tuple[str, ...]
    cards: tuple[str, ...]
    present: Callable[[Mapping[str, Any]], bool] = _always
    badge: Callable[[Mapping[str, Any]], str] = _nothing


@dataclass(frozen=True)
class Shown:
    """A view that is there.

    Attributes:
        view: which.
        badge: beside its title.
        cards: what its ``?`` shows.
    """

    view: View
    badge: str
    cards: tuple[ViewCard, ...]


def _failed(context: Mapping[str, Any]) -> str:
    number = context["failure_count"]
    return f"{number:,} failed" if number else ""


VIEWS: tuple[View, ...] = (
    View("overview", "Overview", ("head.html.jinja", "findings.html.jinja"), ("overview",)),
    View("look", "Look", ("look.html.jinja",), ("look", "compare")),
    View(
        "agree",
        "Agree",
        ("agree.html.jinja",),
        ("matrix", "dendrogram", "map", "ladder", "consensus", "multiverse"),
    ),
    View("classes", "Classes", ("classes.html.jinja",), ("classes",), lambda context: bool(context["classes"])),
    View(
        "right",
        "Right?",
        ("right.html.jinja", "probes.html.jinja"),
        ("right",),
        lambda context: bool(context["right"] or context["probes"]),
    ),
    View("units", "Units", ("units.html.jinja",), ("units",), lambda context: bool(context["units"])),
    View("learning", "Learning", ("learning.html.jinja",), ("learning",), lambda context: bool(context["learned"])),
    View("how", "How", ("how.html.jinja", "failed.html.jinja", "cards.html.jinja"), ("how",), badge=_failed),
)


def views_of(context: Mapping[str, Any]) -> tuple[Shown, ...]:
    """The views that are there.

    Args:
        context: what the templates are given.
    """
    return tuple(
        Shown(view, view.badge(context), tuple(view_card(name) for name in view.cards))
        for view in VIEWS
        if view.present(context)
    )
