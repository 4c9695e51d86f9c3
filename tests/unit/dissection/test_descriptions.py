"""Tables in the columns of CLIP-Dissect, written and read."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.core.errors import InputError
from crosslight.dissection.descriptions import (
    Description,
    descriptions_of,
    read_descriptions,
    unique_concepts,
    write_descriptions,
)
from crosslight.dissection.records import Labelling


def test_what_is_written_is_read_again(tmp_path) -> None:
    made = [
        Description("layer2", 0, 'a, "quoted" møller', 0.125),
        Description("layer2", 7, "sea", -1.5),
        Description("layer3", 1, "sea", float("nan")),
    ]
    path = write_descriptions(made, tmp_path / "units.csv")
    assert path.read_text("utf-8").splitlines()[0] == "layer,unit,description,similarity"
    assert [path] == list(tmp_path.iterdir())
    again = read_descriptions(path)
    assert again[:2] == made[:2]
    assert np.isnan(again[2].similarity)
    assert unique_concepts(again) == {"overall": 2, "layer2": 2, "layer3": 1}
    assert unique_concepts([]) == {"overall": 0}


def test_published_tables_have_more_columns(tmp_path) -> None:
    path = tmp_path / "descriptions.csv"
    path.write_bytes("﻿unit,layer,top_images,description,similarity\r\n3,layer4,a.png;b.png,sea,0.25\r\n".encode())
    assert read_descriptions(path) == [Description("layer4", 3, "sea", 0.25)]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("layer,unit,description\n", "no column similarity"),
        ("", "no column layer"),
        ("layer,unit,description,similarity\na,0,sea,1\na,one,sea,2\n", "line 3: unit 'one'"),
        ("layer,unit,description,similarity\na,0,sea\n", "line 2"),
        ("layer,unit,description,similarity\na,0,se\xe4,1\n", "UTF-8"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path, text: str, match: str) -> None:
    path = tmp_path / "descriptions.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=match):
        read_descriptions(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_descriptions(tmp_path / "none.csv")


def test_units_without_a_label_are_left_out() -> None:
    nothing = np.full(3, np.nan)
    labelling = Labelling(
        "layer4", "cosine", ("sea", "sky"), ("", ""), np.array([1, -1, 0], np.int32),
        np.array([[1, 0], [0, 1], [1, -1]], np.int32), np.array([[0.5, 0.1], [0.3, 0.2], [0.9, np.nan]], np.float32),
        ("", "dead", ""), nothing, nothing, nothing, np.zeros(3, np.int32), np.full(3, -1, np.int32), {},
    )  # fmt: skip
    found = descriptions_of([labelling])
    assert found[0] == Description("layer4", 0, "sky", 0.5)
    assert (found[1].unit, found[1].description) == (2, "sea")
    assert np.isnan(found[1].similarity)
