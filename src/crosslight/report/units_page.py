"""A page of units alone: what a dissection without a study is looked at with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..__about__ import __version__
from ..core.progress import Progress
from ..dissection.records import Dissection
from ..images import ImageSet
from .assets import copy_bundle, staged_assets
from .parts import write_part
from .policy import POLICY
from .template import environment
from .tiles import PHOTOGRAPHS
from .units import Units, write_units
from .units_words import units_context
from .view_cards import view_card
from .views import VIEWS, Shown, View
from .writing import replace_file

_HOW = View("how", "How", ("units_page.html.jinja",), ("how",))


def write_units_page(
    out: Path,
    dissections: Sequence[Dissection],
    *,
    images: Mapping[str, ImageSet] | None = None,
    command: str = "",
    progress: Progress | None = None,
    notes: Sequence[str] = (),
) -> Path:
    """Write ``index.html`` and its assets for some dissections.

    It is the report's page with two of its views, *Units* and *How*.

    Args:
        out: folder of the page; other files in it stay.
        dissections: one or more, of one model each.
        images: the pictures of a dissection by its model, where they are not to be looked for at their source.
        command: what made it, for *How*.
        progress: told of every layer.
        notes: what else there is to say on top.

    Returns:
        Path of the page.
    """
    out = Path(out)
    with staged_assets(out) as assets:
        units = write_units(assets.folder, dissections, images=images, progress=progress)
        units = replace(units, notes=(*units.notes, *notes))
        name = " and ".join(units.labels) if len(units.labels) < 3 else f"{len(units.labels)} models"
        write_part(assets.folder, "overview", {"row": None, "charts": []})
        write_part(assets.folder, "data", _data(name, units))
        copy_bundle(assets.folder)
        text = _text(name, units, assets.place(), command)
        replace_file(out / "index.html", text.encode("utf-8", "backslashreplace"))
    return out / "index.html"


def _data(name: str, units: Units) -> dict[str, Any]:
    """What every page is about; of a study there is nothing."""
    empty: dict[str, Any] = {key: [] for key in ("classes", "images", "models", "methods", "agree")}
    return {"name": name, **empty, "status": {}, "photographs": PHOTOGRAPHS, "parts": list(units.parts)}


def _text(name: str, units: Units, assets: str, command: str) -> str:
    views = [next(view for view in VIEWS if view.id == "units"), _HOW]
    context = {
        "name": f"Units of {name}",
        "assets": assets,
        "policy": POLICY,
        "models": (),
        "methods": (),
        "facts": {"crosslight": __version__},
        "command": command,
        **units_context(units, standalone=True),
    }
    shown = [Shown(view, "", tuple(view_card(card) for card in view.cards)) for view in views]
    return environment().get_template("index.html.jinja").render(context, views=shown)
