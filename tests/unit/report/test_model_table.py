"""The table of models: what is known of each, and how often it is right."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from crosslight.core.share import Share
from crosslight.report import build_report
from crosslight.report import page as page_module
from crosslight.report.contents import ModelColumn
from crosslight.report.model_table import ModelRow, model_row

FACTS = {
    "name": "torchvision/resnet18",
    "source": "torchvision",
    "family": "convolutional",
    "parameters": 11_689_512,
    "input_size": [224, 224],
    "weights": "pretrained",
    "weights_digest": "abc",
    "reference": "https://example.org/recipe",
    "accuracy": 0.69758,
}
LAST = {"layer": "layer4.1.relu", "cells": [7, 7], "channels": 512, "kind": "cut"}


def column(attributes, top, truth):
    best = np.full((len(top), 5), -1, np.int32)
    best[:, 0] = top
    unused = np.zeros(len(top), np.uint8)
    nothing = np.full((len(top), 2), -1, np.int32)
    return ModelColumn(
        "A", attributes, (), best, np.zeros((len(top), 5), np.float32), np.array(truth, np.int32), nothing, unused
    )


def test_a_row_says_what_is_known_and_what_was_measured():
    attributes = {"facts": FACTS, "last_features": LAST, "precision": "bf16"}
    # right, wrong, without a label, without a prediction, right
    row = model_row(column(attributes, [3, 2, 1, -1, 0], [3, 1, -1, 2, 0]))
    assert row == ModelRow(
        label="A",
        network="torchvision/resnet18",
        reference="https://example.org/recipe",
        link="https://example.org/recipe",
        family="convolutional",
        parameters=11_689_512,
        input_size=(224, 224),
        last_features=(7, 7),
        layer="layer4.1.relu",
        weights="pretrained",
        weights_digest="abc",
        precision="bf16",
        published=0.69758,
        stated_by="torchvision's weights",
        measured=Share(2, 3),
    )


def test_what_nobody_knows_is_left_open():
    assert model_row(column({}, [3], [-1])) == ModelRow("A")
    assert model_row(column({"last_features": None, "precision": "fp32"}, [3], [-1])) == ModelRow("A", last_features=())
    of_a_user = {"facts": {**FACTS, "source": "python", "accuracy": None}}
    row = model_row(column(of_a_user, [3], [-1]))
    assert (row.published, row.measured) == (None, None)


def cells(page, label):
    """The cells of a model's row, as text."""
    text = page.read_text("utf-8")
    start = text.index(f'<th scope="row">{label}</th>', text.index("<h3>Models</h3>"))
    found = re.findall(r"<td[^>]*>(.*?)</td>", text[start : text.index("</tr>", start)], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in found]


def test_accuracy_stands_in_the_page_with_its_interval(study, monkeypatch):
    page = build_report(study)
    text = page.read_text("utf-8")
    assert "published top-1" not in text  # nobody states one
    low, high = Share(5, 5).interval
    assert cells(page, "Net &amp; Co")[6] == f"5 of 5, 100 % {100 * low:.0f} % to {100 * high:.0f} %"
    assert cells(page, "Net 3")[6].startswith("4 of 5, 80")
    known = {
        "published": 0.69758,
        "stated_by": "torchvision's weights",
        "last_features": (7, 7),
        "layer": "layer4",
        "link": "https://example.org/recipe",
    }
    monkeypatch.setattr(page_module, "model_row", lambda model: replace(model_row(model), **known))
    page = build_report(study)
    found = cells(page, "Net 3")
    assert found[4] == "7 × 7"
    assert found[6] == "69.8 % torchvision&#39;s weights"
    text = page.read_text("utf-8")
    assert 'title="layer4"' in text
    assert 'href="https://example.org/recipe"' in text
    assert "on ImageNet-1k, as the source of the weights states it" in text


def test_a_network_without_last_features_is_not_one_of_which_they_are_unknown(study, monkeypatch):
    assert cells(build_report(study), "Net 3")[4] == "–"
    monkeypatch.setattr(page_module, "model_row", lambda model: replace(model_row(model), last_features=()))
    assert cells(build_report(study), "Net 3")[4] == "none"


@pytest.mark.parametrize(("source", "said"), [("timm", "timm's results"), ("scenes", "scenes"), ("", "")])
def test_who_states_it(source, said):
    assert model_row(column({"facts": {"source": source}}, [0], [-1])).stated_by == said
