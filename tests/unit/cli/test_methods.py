"""``crosslight methods``: the card of a method on the screen and as JSON."""

from __future__ import annotations

import json

from crosslight.methods import METHODS, card_of


def test_the_card_is_printed(call) -> None:
    result = call("methods", "integrated-gradients")
    assert result.status == 0
    card = card_of(METHODS["integrated-gradients"])
    lines = result.out.splitlines()
    assert lines[0] == "Integrated Gradients (integrated-gradients)"
    row = {line.split("  ")[0]: line for line in lines}
    assert card.asks in row["asks for"]
    assert card.costs in row["costs"]
    assert card.link in row["link"]
    start = next(place for place, line in enumerate(lines) if line.startswith("misleads "))
    shown = " ".join(" ".join(lines[start:]).split())
    assert shown.count(" - ") >= len(card.misleads)
    for sentence in card.misleads:
        assert f"- {sentence}" in shown


def test_the_card_in_json(call) -> None:
    (entry,) = json.loads(call("methods", "eigen-cam", "--json").out)["methods"]
    card = card_of(METHODS["eigen-cam"])
    assert (entry["title"], entry["asks"], entry["costs"]) == (card.title, card.asks, card.costs)
    assert entry["misleads"] == list(card.misleads)
    assert entry["link"] == card.link
    assert entry["settings"]["depth"]["default"] == 1.0


def test_every_method_has_its_card_in_json(call) -> None:
    entries = json.loads(call("methods", "--json").out)["methods"]
    assert len(entries) == len(METHODS)
    assert all(entry["asks"] and entry["costs"] for entry in entries)


def test_a_method_of_ones_own_that_says_less(call, tmp_path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from crosslight import method\nfrom crosslight.evidence import FeatureEvidence\n"
        '@method("plain-sum", reads=FeatureEvidence, reference="an example")\n'
        'def plain(evidence: FeatureEvidence):\n    """Sum of the activations."""\n'
        "    return evidence.activations.sum(1)\n",
        encoding="utf-8",
    )
    try:
        result = call("methods", f"python:{file}:plain")
    finally:
        METHODS.remove("plain-sum")
    assert result.status == 0
    assert result.out.startswith("Plain sum (plain-sum)\n")
    assert "a tail backward" in result.out
    assert "misleads" not in result.out
    assert "link" not in result.out
