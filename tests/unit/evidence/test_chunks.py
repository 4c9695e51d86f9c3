"""Variants of many images in batches of one size: each once, in order, in full batches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crosslight.evidence.chunks import Piece, chunks

ranges = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda ends: range(min(ends), max(ends)))


def test_by_hand() -> None:
    assert list(chunks([range(2, 5), range(0), range(2)], 4)) == [
        [Piece(0, range(2, 5), slice(0, 3)), Piece(2, range(1), slice(3, 4))],
        [Piece(2, range(1, 2), slice(0, 1))],
    ]


def test_nothing_wanted() -> None:
    assert list(chunks([], 4)) == []
    assert list(chunks([range(3, 3)], 4)) == []


@given(wanted=st.lists(ranges, max_size=6), size=st.integers(1, 9))
def test_each_variant_once_in_order_and_in_full_batches(wanted: list[range], size: int) -> None:
    batches = list(chunks(wanted, size))
    found = [(piece.image, variant) for batch in batches for piece in batch for variant in piece.variants]
    assert found == [(image, variant) for image, variants in enumerate(wanted) for variant in variants]
    lengths = []
    for batch in batches:
        rows = [row for piece in batch for row in range(piece.rows.start, piece.rows.stop)]
        assert rows == list(range(len(rows)))
        assert all(len(piece.variants) == piece.rows.stop - piece.rows.start > 0 for piece in batch)
        lengths.append(len(rows))
    assert all(length == size for length in lengths[:-1])
    assert all(0 < length <= size for length in lengths)
