from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from crosslight.core.errors import ImageError
from crosslight.core.geometry import Box
from crosslight.images import Superpixels
from crosslight.images.label_cache import LabelCache


def made(seed: int, count: int = 50) -> Superpixels:
    labels = np.random.default_rng(seed).integers(0, count, (40, 30), np.int32)
    return Superpixels(labels, count, Box(0, 0, 60, 80))


def never() -> Superpixels:
    raise AssertionError("this should have been kept")


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 65_536, 65_537])
def test_what_comes_back_is_what_went_in(count):
    cache, original = LabelCache(10**6), made(0, count)
    original.labels[0, 0] = count - 1
    assert cache.get("a", lambda: original) is original
    kept = cache.get("a", never)
    assert np.array_equal(kept.labels, original.labels)
    assert kept.labels.dtype == np.int32
    assert not kept.labels.flags.writeable
    assert (kept.count, kept.box) == (count, original.box)


def test_the_least_recently_used_goes_first():
    cache = LabelCache(10**9)
    cache.get("a", lambda: made(0))
    cache.capacity = round(cache.size * 3.2)
    for seed, key in enumerate("bc", 1):
        cache.get(key, lambda seed=seed: made(seed))
    cache.get("a", never)
    cache.get("d", lambda: made(3))
    assert len(cache) == 3
    assert cache.size <= cache.capacity
    for key in "acd":
        cache.get(key, never)
    with pytest.raises(AssertionError):
        cache.get("b", never)
    cache.clear()
    assert (len(cache), cache.size) == (0, 0)


def test_what_is_too_large_is_not_kept_and_drives_nothing_out():
    cache = LabelCache(10**6)
    cache.get("a", lambda: made(0, 1))
    size = cache.capacity = cache.size
    cache.get("b", lambda: made(1))
    assert (len(cache), cache.size) == (1, size)
    cache.get("a", never)


def test_what_two_threads_make_at_once_is_kept_once():
    cache = LabelCache(10**6)

    def meanwhile() -> Superpixels:
        cache.get("a", lambda: made(0))
        return made(0)

    cache.get("a", meanwhile)
    assert (len(cache), cache.size) == (1, cache._kept["a"].size)


def test_an_error_is_not_kept():
    cache = LabelCache(10**6)

    def fail() -> Superpixels:
        raise ImageError("no")

    with pytest.raises(ImageError):
        cache.get("a", fail)
    assert cache.get("a", lambda: made(1)).count == 50


def test_several_threads_may_use_it():
    cache = LabelCache(30_000)  # far too small for all of them

    def use(at: int) -> bool:
        return bool(np.array_equal(cache.get(at % 40, lambda: made(at % 40)).labels, made(at % 40).labels))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(use, range(400)))
    assert 0 < cache.size <= 30_000
    assert cache.size == sum(packed.size for packed in cache._kept.values())


def test_labels_of_a_photograph_take_little_room():
    """Parts of one colour compress well; a thousand images must fit."""
    labels = (np.arange(313)[:, None] // 40 * 10 + np.arange(418) // 42).astype(np.int32)
    cache = LabelCache(10**6)
    cache.get("a", lambda: Superpixels(labels, 80, Box(0, 0, 418, 313)))
    assert cache.size < 10_000
