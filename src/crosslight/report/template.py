"""The templates of the page, and how they write numbers."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .words import PERCENT, number, p_value, printed


@cache
def environment() -> Environment:
    """The templates, in which every value is escaped."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": number,
        "p_value": p_value,
        "percent": _percent,
        "thousands": lambda n: f"{n:,}",
        "unbroken": lambda text: (
            text.replace(" %", PERCENT)
            .replace("p-value", "p\N{NON-BREAKING HYPHEN}value")
            .replace("p = ", "p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
        ),
        "printed": printed,
        "plain": lambda value: f"{value:.4f}",  # for scripts and files
    }
    return made


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f}{PERCENT}" if whole else "\N{EN DASH}"
