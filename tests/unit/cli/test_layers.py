from __future__ import annotations

import json


def test_layers_of_a_network_with_a_class_token(call) -> None:
    result = call("layers", "scenes/vit")
    assert result.status == 0
    lines = result.out.splitlines()
    assert lines[0].startswith("scenes/vit: transformer, ")
    assert sum(line.split()[1:2] == ["*"] for line in lines) == 1
    assert "token: every path of the patches does" in result.out


def test_json_and_all(call) -> None:
    few = json.loads(call("layers", "scenes/resnet", "--json").out)
    every = json.loads(call("layers", "scenes/resnet", "--json", "--all").out)
    assert few["layers"][-1]["name"] == few["last"] == every["last"]
    assert {layer["kind"] for layer in few["layers"]} == {"cut"}
    assert len(every["layers"]) > len(few["layers"]) > 3
    depths = [layer["depth"] for layer in few["layers"]]
    assert depths == sorted(depths)
    assert 0.7 < depths[-1] <= 1
    names = {layer["name"] for layer in every["layers"]}
    assert {layer["name"] for layer in few["layers"]} <= names


def test_options_and_errors(call) -> None:
    result = call("layers", "timm/test_resnet", "--weights", "none", "--set", "num_classes=3", "--json")
    assert json.loads(result.out)["family"] == "convolutional"
    wrong = call("layers", "timm/test_rsnet", "--weights", "none")
    assert wrong.status == 2
    assert "test_resnet" in wrong.err
