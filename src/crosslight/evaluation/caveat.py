"""What a metric cannot tell, as its docstring says."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

HEAD = "Cannot tell:"


def caveat_of(function: Callable[..., Any]) -> str:
    """The section "Cannot tell" of a docstring in one line, without its head; nothing where there is none."""
    paragraphs = (inspect.getdoc(function) or "").split("\n\n")
    found = next((part for part in paragraphs if part.startswith(HEAD)), "")
    return " ".join(found.removeprefix(HEAD).replace("`", "").split())
