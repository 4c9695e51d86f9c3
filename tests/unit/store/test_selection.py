"""Which sets belong to the study as it is now."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from crosslight.core.maps import Status
from crosslight.store import ImageEntry, Manifest, MapBlock, Store


def filled(path: Path) -> tuple[Store, dict[str, str]]:
    store = Store.create(path, Manifest("s", "id", (ImageEntry("a", "a.png"),), 1))
    keys = {}
    for model in ("B", "A"):
        store.add_model(model, 2, {"digest": model})
        for label, settings in (("old", "11111111"), ("cam", "22222222"), ("cam", "33333333")):
            key = store.add_maps(model, label, settings, (1, 1), {"method": label, "depth": settings})
            block = MapBlock.blank(1, (1, 1), Status.OK)
            block.values[:] = np.float32(int(settings[0]))
            store.write(model, 0, predictions=None, maps={key: block})
            keys[f"{model} {label} {settings[0]}"] = key
    return store, keys


def test_everything_is_shown_until_something_is_selected(tmp_path: Path) -> None:
    store, _ = filled(tmp_path / "out")
    assert store.models() == ("A", "B")
    assert len(store.map_sets()) == 6


def test_a_selection_orders_and_hides(tmp_path: Path) -> None:
    store, keys = filled(tmp_path / "out")
    store.select({"B": [keys["B cam 3"]], "A": [keys["A cam 3"], keys["A old 1"]]})
    again = Store.open(tmp_path / "out")
    assert again.models() == ("B", "A")
    assert [(s.model, s.label) for s in again.map_sets()] == [("B", "cam"), ("A", "cam"), ("A", "old")]
    assert len(again.map_sets(every=True)) == 6
    assert again.maps("A", "cam").values[0, 0, 0] == 3, "the label means the selected set"
