"""Which sets of maps belong to the study as it is now: a store keeps what earlier settings gave, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .durable import write_files
from .layout import PARTIAL, SELECTED, read_json, to_json
from .records import MapSet

#: keys of sets of maps by model, both in the order they are to be shown
Selection = Mapping[str, Sequence[str]]


def write_selection(folder: Path, selection: Selection) -> None:
    """Keep a selection in a store's folder; the file is there complete, or as it was before."""
    content = to_json([[model, list(keys)] for model, keys in selection.items()])  # objects lose their order
    write_files({folder / SELECTED: content}, folder / PARTIAL)


def read_selection(folder: Path) -> Selection:
    """The selection of a store; empty where none was made, which selects everything."""
    content = read_json(folder / SELECTED)
    return dict(content) if isinstance(content, list) else {}


def ordered_models(models: Iterable[str], selection: Selection) -> tuple[str, ...]:
    """Selected models in their order, then the others by name."""
    order = {model: position for position, model in enumerate(selection)}
    return tuple(sorted(models, key=lambda model: (order.get(model, len(order)), model)))


def selected_sets(sets: Sequence[MapSet], model: str, selection: Selection) -> list[MapSet]:
    """A model's selected sets in their order, and those made elsewhere; all where nothing is selected."""
    order = {key: position for position, key in enumerate(selection.get(model, ()))}
    if selection:
        sets = [one for one in sets if one.key in order or one.attributes.get("source") == "imported"]
    return sorted(sets, key=lambda one: (order.get(one.key, len(order)), one.label, one.key))
