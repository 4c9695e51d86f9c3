"""Pages made from the code when the docs are built: the reference, the public names, the cards of methods and views."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

#: rooms in the order in which they build on each other
ROOMS = (
    "core",
    "scenes",
    "images",
    "models",
    "evidence",
    "methods",
    "store",
    "study",
    "agreement",
    "evaluation",
    "report",
    "cli",
)


def public_modules(package: Path) -> Iterator[str]:
    """Dotted names of all modules that are not private, packages before what is in them."""
    for file in sorted(package.rglob("*.py"), key=lambda path: path.with_suffix("").parts):
        parts = file.relative_to(package.parent).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        if not any(part.startswith("_") for part in parts):
            yield ".".join(parts)


def title(text: str, line: str = "=") -> str:
    """A heading."""
    return f"{text}\n{line * len(text)}\n\n"


def reference(package: Path) -> dict[str, str]:
    """One page for each room, with every public module of it; the package itself has its own page."""
    pages: dict[str, str] = {}
    for module in public_modules(package):
        _, _, inside = module.partition(".")
        if not inside:
            continue
        room, _, inner = inside.partition(".")
        if not inner:
            pages[room] = title(module)
        else:
            pages[room] += title(module, "-")
        pages[room] += f".. automodule:: {module}\n   :members:\n   :ignore-module-all:\n\n"
    return pages


def public_names() -> str:
    """The table of what ``import crosslight`` offers, with the first sentence of each docstring."""
    crosslight = import_module("crosslight")
    names = [name for name in crosslight.__all__ if name != "__version__" and hasattr(crosslight, name)]
    rows = [(f"``crosslight.{name}``", first_sentence(getattr(crosslight, name).__doc__)) for name in names]
    return table("Name", "What it is", rows)


def methods() -> str:
    """The table of registered methods, and the card and settings of each."""
    entries = import_module("crosslight.methods.registry").METHODS
    cards = import_module("crosslight.methods.cards")
    rows = [(f"``{name}``", f"{spec.summary} {spec.reference}") for name, spec in entries.items()]
    text = table("Name", "What it does", rows)
    for name, spec in entries.items():
        card = cards.card_of(spec)
        text += title(name, "~") + f"{spec.summary}\n\n" + method_card(card)
        text += f"Reads {spec.reads.__name__}; {spec.sign}; channels: {spec.channels}; final step: {spec.finish}.\n\n"
        text += table(
            "Setting",
            "Default and meaning",
            [
                (f"``{key}``", f"``{field.get_default(call_default_factory=True)!r}``. {field.description or ''}")
                for key, field in spec.settings.model_fields.items()
            ],
        )
    return text


def method_card(card: Any) -> str:
    """What a method asks for, what it costs, and when it misleads."""
    source = f"`{card.reference} <{card.link}>`__" if card.link else escaped(card.reference)
    text = f":Title: {escaped(card.title)}\n:Published: {source}\n:Asks for: {escaped(card.asks)}\n"
    text += f":Costs: {escaped(card.costs)}\n"
    if card.misleads:
        text += ":Misleads:\n" + "".join(f"   * {escaped(sentence)}\n" for sentence in card.misleads)
    return text + "\n"


def views() -> str:
    """The views of a report, with the six questions and their answers."""
    text = ""
    for card in import_module("crosslight.report.view_cards").VIEW_CARDS:
        text += title(card.title, "-")
        text += table("Question", "Answer", [(question, escaped(answer)) for question, answer in card.answers()])
    return text


def escaped(text: str) -> str:
    """Plain text as reStructuredText that shows just that."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def table(left: str, right: str, rows: list[tuple[str, str]]) -> str:
    """A table of two columns; empty where there are no rows."""
    if not rows:
        return ""
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: 30 70", ""]
    for one, two in [(left, right), *rows]:
        lines += [f"   * - {one}", f"     - {' '.join(two.split())}"]
    return "\n".join(lines) + "\n\n"


def first_sentence(docstring: str | None) -> str:
    """The first sentence of a docstring."""
    text = " ".join((docstring or "").split("\n\n")[0].split())
    return re.split(r"(?<=[.:])\s", text)[0]


def fences_to_blocks(lines: list[str]) -> list[str]:
    """Fenced blocks, as they are written in docstrings for readers of the code, become literal blocks."""
    out: list[str] = []
    inside = False
    for line in lines:
        if line.strip().startswith("```"):
            inside = not inside
            out += ["", ".. code-block:: " + (line.strip().strip("`") or "text"), ""] if inside else [""]
        else:
            out.append("   " + line if inside else line)
    return out


def write(package: Path, folder: Path) -> None:
    """Write all generated pages into `folder`; what has not changed is left alone, so that builds stay quick."""
    pages = {f"reference/{room}.rst": text for room, text in reference(package).items()}
    pages |= {"names.inc": public_names(), "methods.inc": methods(), "views.inc": views()}
    for old in folder.rglob("*.*"):
        if old.relative_to(folder).as_posix() not in pages:
            old.unlink()
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
