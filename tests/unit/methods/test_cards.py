"""Method cards: what is derived from what, and what every built-in method says of its limits."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from crosslight.core.errors import ModelError
from crosslight.evidence import Evidence, EvidenceSettings, FeatureEvidence, NoisyGradients
from crosslight.methods import METHODS, MethodSpec, card_of, contract, find_method
from crosslight.methods.base import make_spec
from crosslight.methods.cards import first_sentence, link_of, misleads_of

BUILT_IN = [spec for spec in METHODS.values() if spec.function.__module__.startswith("crosslight.methods.")]


@pytest.mark.parametrize("spec", BUILT_IN, ids=lambda spec: spec.name)
def test_every_built_in_method_says_when_it_misleads(spec: MethodSpec) -> None:
    card = card_of(spec)
    assert 2 <= len(card.misleads) <= 4
    assert len(set(card.misleads)) == len(card.misleads)
    for sentence in card.misleads:
        assert len(sentence) <= 240, sentence
        assert re.search(r"\(.*[A-Z][a-z]+.*\b(19|20)\d\d\b.*\)\.$", sentence), f"no source: {sentence}"
        assert not re.search(r"[`\n]|\s\s|^[*-]", sentence)
    assert card.reference
    assert card.summary.endswith(".")
    assert all((card.title, card.asks, card.costs))


def test_all_eighteen_are_there() -> None:
    assert len(BUILT_IN) == 18


def test_a_paper_has_one_identifier_everywhere() -> None:
    # A slip of the pen in an identifier shows where another card cites the same paper.
    known: dict[tuple[str, str], set[str]] = {}
    for spec in BUILT_IN:
        for authors, year, identifier in re.findall(
            r"([A-Z][\w-]+(?:, \w+)?(?: (?:and \w+|et al\.))) (\d{4}), (arXiv:[\d.]+\d|doi:\S+[\w])",
            " ".join((*card_of(spec).misleads, spec.reference)),
        ):
            known.setdefault((authors, year), set()).add(identifier)
    assert len(known) > 20
    two = {"Chefer"}  # who published twice that year
    assert {key: found for key, found in known.items() if len(found) > 1 and key[0].split(",")[0] not in two} == {}


TITLES = {
    "grad-cam-plus-plus": "Grad-CAM++",
    "kernel-shap": "KernelSHAP",
    "input-x-gradient": "Input x Gradient",
    "gradient-attention-rollout": "Gradient-weighted Attention Rollout",
    "lime": "LIME",
}


def test_titles_are_as_people_write_them() -> None:
    assert {name: card_of(METHODS[name]).title for name in TITLES} == TITLES


COSTS = {
    "grad-cam": "1 forward and a tail backward",
    "ablation-cam": "1 forward and a tail for each channel",
    "score-cam": "2 forwards and 1 for each channel",
    "saliency": "1 forward and backward",
    "smoothgrad": "25 forwards and backwards, besides the prediction",
    "integrated-gradients": "50 forwards and backwards, 1 forward of the baseline, besides the prediction",
    "attention-rollout": "1 forward",
    "gradient-attention-rollout": "1 forward and backward",
    "kernel-shap": "255 forwards, besides the prediction",
    "rise": "1,000 forwards, besides the prediction",
}


def test_costs_in_words() -> None:
    assert {name: card_of(METHODS[name]).costs for name in COSTS} == COSTS


def test_what_is_asked_for() -> None:
    assert card_of(METHODS["occlusion"]).asks == "nothing but outputs"
    assert "layer" in card_of(METHODS["eigen-cam"]).asks
    assert "differentiable" in card_of(METHODS["saliency"]).asks
    assert "attention" in card_of(METHODS["attention-rollout"]).asks


def test_costs_on_a_classifier() -> None:
    classifier = contract._classifier(contract._Convolutional)
    channels = classifier.site(1.0).channels
    assert card_of(METHODS["ablation-cam"], classifier).costs == f"1 forward and {channels + 1} tails"
    assert card_of(METHODS["score-cam"], classifier).costs == f"{channels + 2} forwards"
    assert card_of(METHODS["rise"], classifier).costs == COSTS["rise"]
    with pytest.raises(ModelError):
        card_of(METHODS["attention-rollout"], classifier)


def test_settings_in_words() -> None:
    card = card_of(METHODS["integrated-gradients"])
    settings = {one.name: one for one in card.settings}
    assert (settings["steps"].default, settings["steps"].values) == ("50", "whole number >= 1, <= 4096")
    assert settings["tolerance"].default == "none"
    assert "gauss-legendre | " in settings["rule"].values
    assert all(one.meaning for one in card.settings)


# Methods from elsewhere


def outside(evidence, *, power: Annotated[float, Field(gt=0, description="exponent")] = 2.0):
    """Sums `activations` to a power. A second sentence.

    Source: none.

    Misleads:
        * Wherever ``power`` is large,
          one channel takes it all.
        * It knows no class.

    Args:
        * No bullet of the section.
    """


class Passes(Evidence):
    @classmethod
    def evaluations(cls, settings, classifier=None):
        """One pass per candle. There are seven."""
        return 7

    @classmethod
    def gather(cls, gathering, policy, settings):
        raise NotImplementedError


class Demanding(Passes):
    class Settings(EvidenceSettings):
        budget_of_passes: int


class Copies(NoisyGradients):
    """A kind of evidence that goes on from a built-in one."""


def test_a_method_from_elsewhere_has_its_card() -> None:
    card = card_of(make_spec("my-own-cam", outside, FeatureEvidence, "https://example.org/paper"))
    assert card.title == "My own cam"
    assert card.summary == "Sums activations to a power."
    assert card.misleads == ("Wherever power is large, one channel takes it all.", "It knows no class.")
    assert card.costs == "1 forward and a tail backward"
    assert card.link == "https://example.org/paper"
    assert card.settings[0].name == "power"
    assert card.settings[0].values == "number > 0"


def test_evidence_from_elsewhere_speaks_for_itself() -> None:
    assert card_of(make_spec("m", outside, Passes, "none")).costs == "7 passes (One pass per candle)"
    assert card_of(make_spec("m", outside, Copies, "none")).costs == COSTS["smoothgrad"]
    assert card_of(make_spec("m", outside, Demanding, "none")).costs == "as many passes as its settings ask for"


def test_a_function_in_a_users_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        '"""Plain-CAM."""\nfrom crosslight import method\nfrom crosslight.evidence import FeatureEvidence\n'
        '@method("plain-cam", reads=FeatureEvidence, reference="doi:10.1000/182.")\n'
        'def plain(evidence: FeatureEvidence):\n    """Sum of the activations."""\n'
        "    return evidence.activations.sum(1)\n",
        encoding="utf-8",
    )
    try:
        card = card_of(find_method(f"python:{file}:plain"))
    finally:
        METHODS.remove("plain-cam")
    assert (card.title, card.misleads) == ("Plain-CAM", ())
    assert (card.reference, card.link) == ("doi:10.1000/182.", "https://doi.org/10.1000/182")


# The parser


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("", ()),
        ("One. Misleads: not a section.", ()),
        ("One.\n\nMisleads:", ()),
        ("One.\n\nMisleads:\n\n    * A.\n\n    * B.\n", ("A.", "B.")),
        ("One.\n\nMisleads:\n* A,\n  on.\n- B.\nNote: C.", ("A, on.", "B.")),
        ("One.\n\nMisleads:\n    1. A.\n    2) B.\n\nReturns:\n    * C.", ("A.", "B.")),
        ("One.\n\nMisleads:\n    A first\n    paragraph.\n\n    And B.", ("A first paragraph.", "And B.")),
        ("One.\n\nMisleads: At once,\n    and on.\n    * B.", ("At once, and on.", "B.")),
        ("One.\n\nMisleads:\n\t* A.\n\t  B - C * D.", ("A. B - C * D.",)),
        ("Misleads:\n    * ``a`` and `b`.\n", ("a and b.",)),
    ],
)
def test_the_section_is_read(docstring: str, expected: tuple[str, ...]) -> None:
    assert misleads_of(docstring) == expected


words = st.lists(st.text("abcxyz,.()", min_size=1, max_size=9), min_size=1, max_size=30).map(" ".join)


@given(sentences=st.lists(words, max_size=5), width=st.integers(20, 100), gap=st.booleans())
def test_what_is_written_as_bullets_is_read_again(sentences: list[str], width: int, gap: bool) -> None:
    bullets = [
        textwrap.fill(one, width, initial_indent="    * ", subsequent_indent="      ", break_long_words=False)
        for one in sentences
    ]
    docstring = "One.\n\nMisleads:\n" + ("\n\n" if gap else "\n").join(bullets) + "\n\nSource: none."
    assert misleads_of(docstring) == tuple(sentences)


def test_links() -> None:
    assert link_of("Selvaraju et al. 2017, arXiv:1610.02391") == "https://arxiv.org/abs/1610.02391"
    assert link_of("IEEE TIP 30, doi:10.1109/TIP.2021.3089943") == "https://doi.org/10.1109/TIP.2021.3089943"
    assert link_of("Desai and Ramaswamy 2020, WACV") == ""
    assert link_of("https://example.org/a b") == ""
    assert link_of("https://example.org/x") == "https://example.org/x"
    assert link_of("javascript:alert(1)") == ""


def test_first_sentence() -> None:
    assert (
        first_sentence("As Zeiler et al. 2014 did: one\nof ``two``. Then more.")
        == "As Zeiler et al. 2014 did: one of two."
    )
    assert first_sentence("No end") == "No end"
