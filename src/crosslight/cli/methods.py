"""``crosslight methods``: the attribution methods there are, with their cards and their settings.

With ``--json``: ``methods``, a list of ``name``, ``title``, ``summary``, ``asks`` (what a classifier must have),
``costs`` (passes per image at the default settings), ``misleads`` (when it does, a list of sentences), ``reference``,
``link``, ``sign``, ``channels``, ``finish``, ``evidence`` and ``settings`` (the JSON schema of each: ``type``,
``default``, ``description``, limits).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import only_results_on_stdout, print_json, print_table, say
from .options import Json

if TYPE_CHECKING:
    from ..methods import MethodSpec


def methods(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Show this method's card and settings.")] = None,
    json: Json = False,
) -> None:
    """List the attribution methods, or show one.

    With NAME, its card: what it asks of a classifier, what it costs, when it misleads; and its settings: default,
    values, and what they do.
    """
    with only_results_on_stdout():
        from ..methods import METHODS, find_method

        chosen = [find_method(name)] if name is not None else list(METHODS.values())
        broken = dict(METHODS.broken)
    for plugin, reason in broken.items():
        say(f"note: the plug-in {plugin!r} could not be loaded: {reason}")
    if json:
        print_json({"methods": [_describe(spec) for spec in chosen]})
    elif name is not None:
        _show(chosen[0])
    else:
        rows = [[m.name, m.sign, m.finish, m.reads.__name__, m.reference] for m in chosen]
        print_table(rows, ["method", "sign", "final step", "evidence", "reference"])


def _describe(spec: MethodSpec) -> dict[str, Any]:
    from ..methods import card_of

    card = card_of(spec)
    return {
        "name": card.name,
        "title": card.title,
        "summary": card.summary,
        "asks": card.asks,
        "costs": card.costs,
        "misleads": list(card.misleads),
        "reference": card.reference,
        "link": card.link,
        "sign": spec.sign,
        "channels": spec.channels,
        "finish": spec.finish,
        "evidence": spec.reads.__name__,
        "settings": spec.settings.model_json_schema().get("properties", {}),
    }


def _show(spec: MethodSpec) -> None:
    from ..methods import card_of

    card = card_of(spec)
    rows = [
        ("does", card.summary),
        ("asks for", card.asks),
        ("costs", card.costs),
        *(("misleads" if place == 0 else "", f"- {text}") for place, text in enumerate(card.misleads)),
        ("reference", card.reference),
        ("link", card.link),
        ("sign", spec.sign),
        ("channels", spec.channels),
        ("final step", spec.finish),
        ("evidence", spec.reads.__name__),
    ]
    print_table([row for row in rows if row[1]], title=f"{card.title} ({card.name})")
    if card.settings:
        print()
        settings = [[one.name, one.default, one.values, one.meaning] for one in card.settings]
        print_table(settings, ["setting", "default", "values", ""])
