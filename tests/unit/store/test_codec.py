"""The bytes of a store, held against zarr's own and against xarray."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.store.codec import crc32c, decode_block, describe_group, encode_block
from crosslight.store.layout import ArraySpec, map_arrays, prediction_arrays

from .conftest import Filled, make_manifest


def test_crc32c_of_the_standards_example() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4


def specs() -> list[ArraySpec]:
    small = map_arrays(11, 4, (7, 5), ["gap"])
    return [*prediction_arrays(11, 4, 9), *small, map_arrays(11, 4, (65, 3), [])[0]]


@pytest.mark.parametrize("spec", specs(), ids=lambda s: f"{s.name}{s.shape}")
def test_files_equal_those_that_zarr_writes(spec: ArraySpec, tmp_path: Path) -> None:
    for name, content in describe_group([spec], {"a": 1}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    array = zarr.open_array(tmp_path / spec.name, mode="r+")
    array = array.with_config({"write_empty_chunks": True})
    values = np.random.default_rng(0).uniform(0, 9, spec.shape).astype(spec.dtype)
    if values.dtype.kind == "f":
        values[5] = math.nan
        values[4:8] = math.nan  # an empty block is written too
    array[:] = values
    for block in range(3):
        rows = values[block * 4 : block * 4 + 4]
        assert (tmp_path / spec.file(block)).read_bytes() == encode_block(spec, rows)


@settings(max_examples=50, deadline=None)
@given(
    block=st.integers(1, 7),
    inner=st.booleans(),
    side=st.integers(1, 5),
    seed=st.integers(0, 99),
    rows=st.lists(st.integers(0, 6)),
)
def test_decoding_undoes_encoding(block: int, inner: bool, side: int, seed: int, rows: list[int]) -> None:
    spec = ArraySpec("a", (20, side), "<f4", math.nan, ("image", "x"), block, 1 if inner else block)
    values = np.random.default_rng(seed).standard_normal((block, side)).astype(np.float32)
    chosen = np.array([row % block for row in rows], np.int64)
    np.testing.assert_array_equal(decode_block(spec, encode_block(spec, values), chosen), values[chosen])


@pytest.mark.parametrize("rows", [range(5), [4, 0, 0], [2]])
def test_large_maps_on_large_pages_are_the_same(rows: Sequence[int]) -> None:
    spec = map_arrays(9, 6, (500, 400), [])[0]
    values = np.random.default_rng(0).standard_normal((5, 500, 400)).astype(np.float32)
    content = memoryview(encode_block(spec, values))
    found = decode_block(spec, content, np.array(rows))
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    assert found.flags.writeable
    np.testing.assert_array_equal(found, values[list(rows)])
    assert np.isnan(decode_block(spec, content, np.array([5]))).all()


def test_inner_chunks_follow_the_map_size() -> None:
    assert map_arrays(100, 8, (64, 64), [])[0].inner == 8
    assert map_arrays(100, 8, (64, 65), [])[0].inner == 1


@pytest.mark.parametrize("shape", [(3, 5), (70, 70)])
def test_zarr_and_xarray_read_a_store(tmp_path: Path, shape: tuple[int, int]) -> None:
    xarray = pytest.importorskip("xarray")
    filled = Filled(tmp_path / "out", make_manifest(), shape)
    filled.write(0)
    filled.write(2)
    maps = filled.store.maps("Net", "Grad-CAM")
    root = filled.store.path / "maps.zarr"
    group = zarr.open_group(root, mode="r")[f"net/{filled.key}"]
    array = group["maps"]
    assert array.shards == (4, *shape)
    assert array.chunks == ((4, *shape) if shape == (3, 5) else (1, *shape))
    np.testing.assert_array_equal(array[:], maps.values)
    dataset = xarray.open_zarr(root, group=f"net/{filled.key}", consolidated=False, decode_cf=False)
    assert dataset["maps"].dims == ("image", "y", "x")
    assert dataset.attrs["label"] == "Grad-CAM"
    for name, values in [
        ("maps", maps.values),
        ("box", maps.boxes),
        ("target", maps.targets),
        ("status", maps.status),
        ("gap", maps.diagnostics["gap"]),
    ]:
        np.testing.assert_array_equal(dataset[name].values, values)
    table = xarray.open_zarr(root, group="net", consolidated=False, decode_cf=False)
    np.testing.assert_array_equal(table["logits"].values, filled.store.predictions("Net").logits)
    assert xarray.open_zarr(root, group="net", consolidated=False)["logits"].dims == ("image", "class")
