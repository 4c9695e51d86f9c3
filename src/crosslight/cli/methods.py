"""``crosslight methods``: the attribution methods there are, and their settings.

With ``--json``: ``methods``, a list of ``name``, ``summary``, ``reference``, ``sign``, ``channels``, ``finish``,
``evidence`` and ``settings`` (the JSON schema of each: ``type``, ``default``, ``description``, limits).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import only_results_on_stdout, print_json, print_table, say
from .options import Json

if TYPE_CHECKING:
    from ..methods import MethodSpec


def methods(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Show this method with its settings.")] = None,
    json: Json = False,
) -> None:
    """List the attribution methods, or show one.

    With NAME, its settings too: default, values, and what they do.
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
    return {
        "name": spec.name,
        "summary": spec.summary,
        "reference": spec.reference,
        "sign": spec.sign,
        "channels": spec.channels,
        "finish": spec.finish,
        "evidence": spec.reads.__name__,
        "settings": spec.settings.model_json_schema().get("properties", {}),
    }


def _show(spec: MethodSpec) -> None:
    facts = _describe(spec)
    rows = [
        (key, facts[key]) for key in ("summary", "reference", "sign", "channels", "finish", "evidence") if facts[key]
    ]
    print_table(rows, title=spec.name)
    settings = [
        [key, _default(schema), _limits(schema), schema.get("description", "")]
        for key, schema in facts["settings"].items()
    ]
    if settings:
        print()
        print_table(settings, ["setting", "default", "values", ""])


def _default(schema: Mapping[str, Any]) -> str:
    value = schema.get("default")
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _limits(schema: Mapping[str, Any]) -> str:
    """What a setting may be: the names of a choice, or a type with its limits."""
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(_limits(option) for option in schema["anyOf"])
    kind = {"integer": "whole number", "null": "none", "string": "text", "boolean": "true or false"}
    words = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    limits = ", ".join(f"{sign} {schema[key]:g}" for key, sign in words.items() if key in schema)
    return f"{kind.get(schema.get('type', ''), schema.get('type', 'any'))} {limits}".strip()
