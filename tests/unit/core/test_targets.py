from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.core.errors import InputError
from crosslight.core.targets import KINDS, TargetPolicy, parse_target

whole = st.text(min_size=1).map(str.strip).filter(bool)
plain = st.text(st.characters(exclude_characters=":"), min_size=1).map(str.strip).filter(bool)

policies = st.one_of(
    st.integers(1, 1000).map(lambda rank: TargetPolicy(rank=rank)),
    st.just(TargetPolicy("label")),
    st.builds(TargetPolicy, st.just("model"), name=whole),
    st.builds(TargetPolicy, st.just("class"), name=whole),
    st.builds(TargetPolicy, st.just("contrast"), name=plain, other=whole),
)


@given(policies)
def test_what_is_written_is_read_back(policy: TargetPolicy) -> None:
    assert parse_target(str(policy)) == (policy,)


@given(st.integers(1, 50))
def test_top_is_one_policy_for_each_rank(count: int) -> None:
    assert parse_target(f"top:{count}") == tuple(TargetPolicy(rank=i + 1) for i in range(count))


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("own", TargetPolicy()),
        (" own ", TargetPolicy()),
        ("label", TargetPolicy("label")),
        ("model:ResNet-18", TargetPolicy("model", name="ResNet-18")),
        ("class: tench, Tinca tinca", TargetPolicy("class", name="tench, Tinca tinca")),
        ("class:7", TargetPolicy("class", name="7")),
        ("contrast:tabby: tiger cat", TargetPolicy("contrast", name="tabby", other="tiger cat")),
    ],
)
def test_parse(text: str, policy: TargetPolicy) -> None:
    assert parse_target(text) == (policy,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "owm",
        "own:3",
        "top",
        "top:",
        "top:0",
        "top:-1",
        "top:x",
        "label:1",
        "model",
        "class:",
        "contrast:a",
        "contrast::b",
    ],
)
def test_anything_else_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(InputError, match="no such target") as caught:
        parse_target(text)
    assert all(kind in str(caught.value) for kind in KINDS)


def test_a_slip_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'contrast'"):
        parse_target("contrats:a:b")
