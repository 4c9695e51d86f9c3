"""Reading files one after the other into the same memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from crosslight.core.errors import StoreError
from crosslight.store.codec import encode_block
from crosslight.store.layout import ArraySpec, map_arrays, prediction_arrays
from crosslight.store.reader import read_arrays


def written(folder: Path, side: int, seed: int) -> tuple[tuple[ArraySpec, ...], dict[str, np.ndarray]]:
    """A group of three images in blocks of two, all but the last block written."""
    specs = (map_arrays(5, 2, (side, side), [])[0], *prediction_arrays(5, 2, 3)[:1])
    random, content = np.random.default_rng(seed), {}
    for spec in specs:
        content[spec.name] = random.standard_normal(spec.shape).astype(spec.dtype)
        for block in range(2):
            path = folder / spec.file(block)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_block(spec, content[spec.name][2 * block : 2 * block + 2]))
    return specs, content


@pytest.mark.parametrize("side", [8, 70])
@pytest.mark.parametrize("rows", [[0, 1], [1], [0, 3, 2], [1, 4]])
def test_what_was_read_stays_when_the_next_files_are_read(tmp_path: Path, side: int, rows: list[int]) -> None:
    wanted, found = [], []
    for seed in range(3):
        specs, content = written(tmp_path / str(seed), side + seed, seed)
        wanted.append(content)
        found.append(read_arrays(tmp_path / str(seed), specs, np.array(rows), np.array(rows) < 4))
    for content, one in zip(wanted, found, strict=True):
        assert list(one) == ["maps", "logits"]
        for name, values in one.items():
            expected = content[name][rows]
            expected[np.array(rows) == 4] = np.nan
            np.testing.assert_array_equal(values, expected)


def test_threads_do_not_share_memory(tmp_path: Path) -> None:
    groups = [written(tmp_path / str(seed), 70, seed) for seed in range(2)]

    def read(seed: int) -> None:
        specs, content = groups[seed]
        for _ in range(20):
            found = read_arrays(tmp_path / str(seed), specs, np.arange(4), np.ones(4, bool))
            for name, values in found.items():
                np.testing.assert_array_equal(values, content[name][:4])

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(read, range(2)))


@pytest.mark.parametrize("side", [8, 70])
def test_a_file_cut_short_after_a_longer_one_is_damaged(tmp_path: Path, side: int) -> None:
    specs, _ = written(tmp_path, side, 0)
    path = tmp_path / specs[0].file(1)
    path.write_bytes(path.read_bytes()[:-9])
    read_arrays(tmp_path, specs, np.arange(2), np.ones(2, bool))
    with pytest.raises(StoreError, match="damaged"):
        read_arrays(tmp_path, specs, np.arange(2, 4), np.ones(2, bool))
