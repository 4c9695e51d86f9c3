"""Bytes of maps and photographs as the page reads them."""

from __future__ import annotations

import base64
import io
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from crosslight.core.maps import Status
from crosslight.report import tiles
from crosslight.report.contents import read_contents
from crosslight.report.tiles import (
    CELLS,
    COARSE,
    FLAT_CELLS,
    LEVELS,
    SMALL,
    TOP_BYTE,
    Tile,
    chunk_of,
    is_flat,
    reduced,
    tile_of,
    write_maps,
    write_photographs,
)
from crosslight.store import ImageEntry, Manifest, MapBlock, Store
from crosslight.store.pictures import Pictures


def values_of(tile: Tile, *, signed: bool) -> NDArray[np.float64]:
    """The map that a tile stands for, as the page reads it."""
    step = np.frombuffer(tile.content, np.uint8).astype(float)
    if tile.rest:
        step += (np.frombuffer(tile.rest, np.uint8).astype(float) - 128) / 256
    share = step / TOP_BYTE
    return (tile.limit * (2 * share - 1 if signed else share)).reshape(tile.cells)


@given(st.integers(1, 14), st.integers(1, 14), st.booleans(), st.integers(0, 2**31), st.sampled_from([1e-6, 1.0, 1e5]))
def test_coarse_maps_are_read_to_four_digits(rows: int, columns: int, signed: bool, seed: int, scale: float) -> None:
    values = (scale * np.random.default_rng(seed).standard_normal((rows, columns))).astype(np.float32)
    tile = tile_of(values, signed=signed)
    shown = values if signed else np.maximum(values, 0)
    if not shown.any():
        assert tile == Tile((rows, columns), 0.0, b"")
        return
    assert tile.limit == pytest.approx(np.abs(shown).max())
    np.testing.assert_allclose(values_of(tile, signed=signed), shown, atol=4e-5 * tile.limit)


def test_nothing_of_a_signed_map_is_a_value_of_its_own() -> None:
    values = np.array([[0.0, 3.0], [-1.0, 0.0]], np.float32)
    assert list(tile_of(values, signed=True).content) == [TOP_BYTE // 2, TOP_BYTE, 85, TOP_BYTE // 2]


def test_a_fine_map_has_the_mean_of_what_each_cell_covers_and_few_levels() -> None:
    values = np.zeros((2 * CELLS, 2 * CELLS), np.float32)
    values[:2, :2] = [[4, 2], [2, 0]]
    assert reduced(values).shape == (CELLS, CELLS)
    assert reduced(values)[0, 0] == 2
    noise = np.random.default_rng(0).standard_normal((2 * CELLS, 3 * CELLS)).astype(np.float32)
    tile = tile_of(noise, signed=True)
    assert tile.cells == (64, CELLS)
    assert tile.rest == b""
    assert len(set(tile.content)) <= LEVELS
    assert TOP_BYTE // 2 in tile.content
    assert tile.limit < np.abs(reduced(noise)).max()  # a percentile: single cells do not hide the rest


def test_segments_keep_their_values_and_their_edges() -> None:
    side = 3 * FLAT_CELLS
    values = np.repeat(np.array([[-0.5, 0.123456, 2.0]], np.float32), side // 3, axis=1).repeat(side, axis=0)
    tile = tile_of(values, signed=True, flat=True)
    assert tile.cells == (FLAT_CELLS, FLAT_CELLS)
    assert tile.limit == 2.0
    found = values_of(tile, signed=True)
    assert len(np.unique(found)) == 3  # none between them
    np.testing.assert_allclose(np.unique(found), [-0.5, 0.123456, 2.0], atol=1e-4)


def test_where_nothing_is_to_be_seen_there_is_no_tile() -> None:
    assert tile_of(np.zeros((3, 3), np.float32), signed=True).limit == 0
    assert tile_of(np.full((3, 3), -1, np.float32), signed=False).limit == 0
    assert tile_of(np.full((3, 3), -1, np.float32), signed=True).limit == 1


def part(folder: Path, name: str) -> Any:
    text = (folder / f"{name}.js").read_text("ascii")
    assert text.startswith(f'crosslight.part("{name}",')
    return json.loads(text[text.index(",") + 1 : text.rindex(")")])


def test_every_map_of_a_store_is_in_its_part(study: Store, tmp_path: Path) -> None:
    contents = read_contents(study)
    write_maps(contents, tmp_path)
    for number, group in enumerate(contents.methods):
        found = part(tmp_path, f"maps-{number}-0")
        content = zlib.decompress(base64.b64decode(found["bytes"]), -15)
        assert len(found["columns"]) == 3
        for model, column in zip(contents.models, found["columns"], strict=True):
            maps = study.maps(model.label, group.sets[model.label].key, slice(0, 6)).finished()
            rows, columns = column["cells"]
            assert column["exact"] == (rows * columns <= COARSE)
            for values, at, limit, status in zip(
                maps.values, column["at"], column["limit"], column["status"], strict=True
            ):
                if at < 0:
                    continue
                assert status == Status.OK
                rest = content[at + rows * columns : at + 2 * rows * columns] if column["exact"] else b""
                tile = Tile((rows, columns), limit, content[at : at + rows * columns], rest)
                expected = reduced(values) if column["signed"] else np.maximum(reduced(values), 0)
                worst = 1e-4 if column["exact"] else 0.6 / (LEVELS - 1)
                np.testing.assert_allclose(
                    values_of(tile, signed=column["signed"]), np.clip(expected, -limit, limit), atol=worst * limit
                )


def test_maps_in_trouble_say_why(study: Store, tmp_path: Path) -> None:
    contents = read_contents(study)
    write_maps(contents, tmp_path)
    trouble = part(tmp_path, "maps-0-0")["columns"][1]
    assert trouble["status"] == [Status.ZERO, Status.CONSTANT, Status.NONFINITE, Status.FAILED, Status.NO_TARGET, 1]
    assert trouble["at"] == [-1] * 6  # the last one is negative everywhere, and ReLU leaves nothing
    assert trouble["why"] == {"3": "it went <b>wrong</b>"}
    assert trouble["box"][0] == [10, 5, 50, 45]
    label = contents.models[1].label
    assert contents.emptied[label, "Grad-CAM"].tolist() == [False] * 5 + [True]


def test_photographs_small_in_parts_and_large_beside_them(tmp_path: Path) -> None:
    from crosslight.images import open_images

    (tmp_path / "in").mkdir()
    for name, size in (("large", (900, 600)), ("small", (60, 50))):
        Image.new("RGB", size, "teal").save(tmp_path / "in" / f"{name}.png")
    images = open_images(tmp_path / "in")
    entries = (*(ImageEntry(record.identity, record.name) for record in images), ImageEntry("gone", "gone.png"))
    store = Store.create(tmp_path / "out", Manifest("photographs", "photographs", entries, 3))
    there = write_photographs(read_contents(store), Pictures({record.identity: record for record in images}), tmp_path)
    assert there == [True, True, False]
    small = part(tmp_path, "photographs-0")
    assert small[2] is None
    with Image.open(io.BytesIO(base64.b64decode(small[0]))) as picture:
        assert max(picture.size) == SMALL
    large = part(tmp_path, "photo-0")
    assert large["type"] == "image/jpeg"
    with Image.open(io.BytesIO(base64.b64decode(large["bytes"]))) as picture:
        assert picture.size == (640, 427)
    assert not (tmp_path / "photo-1.js").exists()


def test_parts_of_fine_maps_hold_few_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "CHUNK_BYTES", 200_000)
    store = Store.create(tmp_path / "out", Manifest("sizes", "sizes", (ImageEntry("a", "a"),), 1))
    store.add_model("net", 0, {"digest": "net"})
    maps = {}
    for label, side, settings in (("coarse", 7, {}), ("fine", 224, {}), ("segments", 224, {"segmentation": "slic"})):
        key = store.add_maps(
            "net", label, "d", (side, side), {"method": "saliency", "finish": "none", "settings": settings}
        )
        values = np.ones((1, side, side), np.float32)
        maps[key] = MapBlock(values, np.zeros((1, 4)), np.zeros((1, 2), np.int32), np.full(1, Status.OK, np.uint8))
    store.write("net", 0, maps=maps)
    coarse, fine, segments = read_contents(store).methods
    assert chunk_of(coarse) == 128
    assert chunk_of(coarse) > chunk_of(fine) > chunk_of(segments) >= 4
    assert [is_flat(group) for group in (coarse, fine, segments)] == [False, False, True]
