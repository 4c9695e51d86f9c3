"""Each rule by itself: what must hold for the words to be said, and that a hair beside it they are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crosslight.agreement.groups.words import Findings, p_text, sentence, short, verdict

CLEAR = Findings(
    groups=("transformers", "convolutional networks"),
    r=0.4155,
    anosim=0.0065,
    permanova=0.0101,
    permdisp=0.4,
    count=2002,
    exact=True,
    resolution=1 / 2002,
    smallest=2.4,
    wider="transformers",
    worst=("ViT-B/32", 0.021),
)
NOTHING = replace(CLEAR, r=0.05, anosim=0.3, permanova=0.2)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "differ"),
        ({"anosim": 0.05, "permanova": 0.025}, "differ"),
        ({"anosim": 0.051, "permanova": 0.025}, "one test"),
        ({"anosim": 0.025, "permanova": 0.9}, "one test"),
        ({"anosim": 0.026, "permanova": 0.026}, "underpowered"),  # Holm: twice the smaller is above .05
        ({"anosim": 0.026, "permanova": 0.026, "alpha": 0.1}, "differ"),
        ({"anosim": 0.3, "permanova": 0.2, "smallest": 1.01}, "underpowered"),
        ({"anosim": 0.3, "permanova": 0.2, "smallest": 1.0}, "none"),
        ({"anosim": 0.3, "permanova": 0.2, "smallest": 1.2, "relevant": 1.5}, "none"),
        ({"anosim": 0.3, "permanova": 0.2, "smallest": None}, "underpowered"),
        ({"resolution": 0.026}, "undecidable"),
        ({"resolution": 0.025}, "differ"),
        ({"resolution": 0.026, "anosim": 0.9, "permanova": 0.9, "smallest": None}, "undecidable"),
    ],
)
def test_verdict(changes, expected):
    assert verdict(replace(CLEAR, **changes)) == expected


def test_a_clear_difference():
    assert sentence(CLEAR) == (
        "Transformers and convolutional networks differ in where they look (ANOSIM R = .42, exact p = .0065 over 2,002 "
        "labelings; PERMANOVA p = .01); this holds whichever model is left out (largest ANOSIM p = .021, "
        "without ViT-B/32)."
    )


def test_a_sample_of_labelings_is_not_called_exact():
    assert "exact" not in sentence(replace(CLEAR, exact=False))


def test_nothing_is_said_of_leaving_out_where_that_cannot_be():
    assert sentence(replace(CLEAR, worst=None)).endswith("PERMANOVA p = .01).")


def test_spread_differs_too():
    text = sentence(replace(CLEAR, permdisp=0.05))
    assert text.endswith(", but their spread differs too (PERMDISP p = .05; transformers spread most).")
    assert "spread" not in sentence(replace(CLEAR, permdisp=0.051))
    assert "spread" not in sentence(replace(CLEAR, permdisp=float("nan")))


def test_the_wider_group_is_the_smaller_one():
    text = sentence(replace(CLEAR, permdisp=0.03, liberal=True))
    assert "transformers, the smaller group, is the wider one, which makes both tests reject too easily" in text
    assert "too easily" not in sentence(replace(CLEAR, permdisp=0.3, liberal=True))


def test_what_changes_the_conclusion():
    text = sentence(replace(CLEAR, changing=(("both DeiTs", 0.05), ("ViT", 0.04))))
    assert text.endswith(", but without both DeiTs p = .05 (and 1 more would change the conclusion).")
    assert "whichever" not in text
    text = sentence(replace(CLEAR, permdisp=0.03, changing=(("both DeiTs", 0.05),)))
    assert text.endswith("(PERMDISP p = .03; transformers spread most), and without both DeiTs p = .05.")


def test_one_of_two_tests():
    text = sentence(replace(CLEAR, anosim=0.07))
    assert text.startswith(
        "Transformers and convolutional networks may differ in where they look: only one of two tests, PERMANOVA, "
        "finds it (ANOSIM R = .42, exact p = .07"
    )
    assert "only one of two tests, ANOSIM, finds it" in sentence(replace(CLEAR, permanova=0.07))


def test_underpowered():
    assert sentence(NOTHING) == (
        "No difference between transformers and convolutional networks in where they look was found (ANOSIM R = .05, "
        "exact p = .3 over 2,002 labelings; PERMANOVA p = .2), and none smaller than 2.4 SD could have been (power "
        ".8): underpowered."
    )
    assert sentence(replace(NOTHING, smallest=None)).endswith(
        ", and none could have been, however large (power .8): underpowered."
    )


def test_whether_more_images_would_help():
    few = sentence(replace(NOTHING, image_share=0.19))
    assert few.endswith("underpowered; more models would help, more images hardly.")
    many = sentence(replace(NOTHING, image_share=0.2))
    assert many.endswith("underpowered; more images would help, for they make 20 % of the scatter inside groups.")
    assert "images" not in sentence(replace(CLEAR, image_share=0.1))
    assert "images" not in sentence(replace(NOTHING, image_share=0.1, smallest=0.5))


def test_no_difference_that_would_have_been_found():
    text = sentence(replace(NOTHING, smallest=0.9))
    assert text.endswith(", though one of 0.9 SD or more would have been (power .8).")
    assert "underpowered" not in text


def test_too_few_labelings():
    text = sentence(replace(CLEAR, count=10, resolution=0.1, permdisp=0.01, changing=(("x", 0.1),)))
    assert text == (
        "Whether transformers and convolutional networks differ in where they look cannot be decided: with 10 "
        "labelings no p-value can be below .10."
    )


def test_groups_less_alike_inside():
    text = sentence(replace(NOTHING, r=-0.41, anosim=0.95))
    assert "; models of one group are even less alike than models of different groups" in text
    assert "less alike" not in sentence(replace(NOTHING, r=-0.41, anosim=0.94))
    assert "less alike" not in sentence(replace(NOTHING, r=0, anosim=1))


def test_spread_without_a_difference():
    text = sentence(replace(NOTHING, permdisp=0.01, liberal=True))
    assert text.endswith("underpowered; their spread differs (PERMDISP p = .01; transformers spread most).")


def test_leaving_out_gives_a_difference():
    text = sentence(replace(NOTHING, changing=(("EfficientNet-B4", 0.008),)))
    assert text.endswith("; without EfficientNet-B4 a difference would have been found (p = .008).")


def test_confounders():
    fixed = replace(CLEAR, confounders=("map resolution", "accuracy"))
    stays = sentence(replace(fixed, adjusted=0.05))
    assert stays.endswith("; the difference stays with map resolution and accuracy held fixed (MRM p = .05).")
    assert sentence(replace(fixed, adjusted=0.051)).endswith(
        "; with map resolution and accuracy held fixed none is left (MRM p = .051)."
    )
    assert sentence(replace(fixed, inflation=float("inf"))).endswith(
        "; the groups cannot be told apart from map resolution and accuracy."
    )
    hardly = ", though the groups can hardly be told apart from them."
    assert sentence(replace(fixed, adjusted=0.01, inflation=5.1)).endswith(hardly)
    assert hardly not in sentence(replace(fixed, adjusted=0.01, inflation=5.0))
    assert "MRM" not in sentence(replace(NOTHING, confounders=("accuracy",), adjusted=0.01))


def test_three_groups_and_other_nouns():
    text = sentence(replace(CLEAR, groups=("a", "b", "c"), subject="what they find", noun="method"))
    assert text.startswith("A, b and c differ in what they find (")
    assert "whichever method is left out" in text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1 / 2002, "p = .0005"),
        (0.00649, "p = .0065"),
        (0.0501, "p = .05"),
        (0.051, "p = .051"),
        (0.3, "p = .3"),
        (0.00009, "p < .0001"),
        (0.996, "p > .99"),
        (1.0, "p = 1"),
    ],
)
def test_p_values(p, text):
    assert p_text(p) == text


def test_numbers():
    assert [short(v) for v in (0.4155, -0.41, 1.0, 10.04)] == [".42", "-.41", "1.00", "10.04"]


def test_one_test_is_enough_to_hold_and_it_says_so():
    text = sentence(replace(CLEAR, worst=("ViT", 0.12)))
    said = "by one test at least, this holds whichever model is left out (largest ANOSIM p = .12, without ViT)."
    assert text.endswith(f"; {said}")
