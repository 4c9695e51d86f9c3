from __future__ import annotations

import json


def test_make(call, tmp_path):
    result = call("scenes", "make", "--out", tmp_path / "s", "--count", 3, "--variant", "patch", "--json")
    assert result.status == 0, result.err
    told = json.loads(result.out)
    assert told["count"] == 3
    assert told["variant"] == "patch"
    assert len(list((tmp_path / "s" / "images").rglob("*.png"))) == 3


def test_an_unknown_variant_is_bad_input(call, tmp_path):
    result = call("scenes", "make", "--out", tmp_path / "s", "--count", 1, "--variant", "watermarks")
    assert result.status == 2
    assert "watermark" in result.err
    assert not (tmp_path / "s").exists()
