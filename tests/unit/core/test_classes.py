from __future__ import annotations

import pytest

from crosslight.core.classes import Classes

ANIMALS = Classes(
    names=("tench, Tinca tinca", "crane", "crane, construction crane", "water_buffalo"),
    ids=("n01440764", "n02012849", "n03126707", "n02408429"),
)
DIGITS = Classes(names=("9", "8", "7"))


@pytest.mark.parametrize(
    ("label", "index"),
    [
        ("n01440764", 0),
        ("N01440764", 0),
        ("tench, Tinca tinca", 0),
        ("tench", 0),
        ("Tinca Tinca", 0),
        ("  tinca_tinca ", 0),
        ("crane", 1),  # a full name wins over the synonym of another class
        ("construction-crane", 2),
        ("Water Buffalo", 3),
        (2, 2),
        ("2", 2),
        (" 3 ", 3),
        (4, None),
        ("4", None),
        (-1, None),
        ("-1", None),
        ("1.0", None),
        ("", None),
        ("whale", None),
    ],
)
def test_find(label: str | int, index: int | None) -> None:
    assert ANIMALS.find(label) == index


@pytest.mark.parametrize(("label", "index"), [("9", 0), (8, 1), (7, 2), ("0", 0), (1, 1), (3, None)])
def test_a_name_of_digits_wins_over_an_index(label: str | int, index: int | None) -> None:
    assert DIGITS.find(label) == index


def test_short_is_the_first_synonym() -> None:
    assert [ANIMALS.short(i) for i in range(len(ANIMALS))] == ["tench", "crane", "crane", "water_buffalo"]


def test_equal_names_are_equal_classes() -> None:
    assert Classes(("a", "b")) == Classes(("a", "b"))
    assert Classes(("a", "b")) != Classes(("b", "a"))
    assert Classes(("a", "a")).find("a") == 0
