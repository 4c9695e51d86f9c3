"""A page of recorded runs alone: what ``crosslight dynamics`` shows of runs that belong to no study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...__about__ import __version__
from ...core.progress import Progress
from ...dynamics import History
from ..assets import copy_bundle, staged_assets
from ..parts import write_part
from ..policy import POLICY
from ..single import single_file
from ..template import environment
from ..view_cards import view_card
from ..views import VIEWS, Shown
from ..writing import replace_file
from .runs import PICTURES, Learned, write_learning


def write_learning_page(
    out: Path,
    runs: Sequence[tuple[str, History]],
    *,
    pictures: int = PICTURES,
    live: bool = False,
    command: str = "",
    base: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write ``index.html`` and its assets for some runs.

    It is the report's page with its view *Learning* alone.

    Args:
        out: folder of the page; other files in it stay.
        runs: name and history of each.
        pictures: small pictures of one set of images, at most.
        live: whether the page follows the runs; see `LiveFolder`.
        command: what made it.
        base: the folder that relative sources of pictures start from.
        progress: told of what is written.

    Returns:
        Path of the page.
    """
    out = Path(out)
    with staged_assets(out) as assets:
        learned = write_learning(
            assets.folder, runs, pictures=pictures, live=live, base=base, progress=progress
        )  # fmt: skip
        name = learned.labels[0] if len(learned.labels) == 1 else f"{len(learned.labels)} runs"
        write_part(assets.folder, "overview", {"row": None, "charts": []})
        write_part(assets.folder, "data", _data(name))
        copy_bundle(assets.folder)
        replace_file(out / "index.html", _text(name, learned, assets.place(), command).encode("utf-8", "replace"))
    return out / "index.html"


def as_single_file(page: Path, out: Path) -> Path:
    """The page in one file; see `single_file`."""
    return single_file(page, out)


def _data(name: str) -> dict[str, Any]:
    """What every page is about; of a study there is nothing."""
    empty: dict[str, Any] = {key: [] for key in ("classes", "images", "models", "methods", "agree", "parts")}
    return {"name": name, **empty, "status": {}, "photographs": 1}


def _text(name: str, learned: Learned, assets: str, command: str) -> str:
    view = next(view for view in VIEWS if view.id == "learning")
    context = {
        "name": f"How {name} learned",
        "assets": assets,
        "policy": POLICY,
        "models": (),
        "methods": (),
        "facts": {"crosslight": __version__},
        "command": command,
        "learned": learned,
        "alone": True,
    }
    shown = [Shown(view, "", tuple(view_card(card) for card in view.cards))]
    return environment().get_template("index.html.jinja").render(context, views=shown)
