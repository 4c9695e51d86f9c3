from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, create_model

from crosslight.methods import METHODS
from crosslight.models import load_model
from crosslight.viewer.offered_methods import describe_methods, describe_settings, estimate


def test_every_method_is_described() -> None:
    every = {entry["name"]: entry for entry in describe_methods()}
    assert set(every) == set(METHODS)
    # other tests register methods of their own
    found = {name: one for name, one in every.items() if METHODS[name].function.__module__.startswith("crosslight.")}
    assert len(found) == 18
    assert {name for name, entry in found.items() if entry["cheap"]} == {
        *("grad-cam", "grad-cam-plus-plus", "hires-cam", "xgrad-cam", "layer-cam", "eigen-cam"),
        *("saliency", "input-x-gradient", "attention-rollout", "gradient-attention-rollout"),
    }
    assert {entry["group"] for entry in found.values()} == {"CAM", "gradients", "perturbation", "attention"}
    assert found["score-cam"]["cost"] == {"evaluations": None, "words": "1 pass per channel"}
    assert found["kernel-shap"]["cost"] == {"evaluations": 255, "words": "255 passes"}
    assert found["rise"]["group"] == "perturbation"
    assert found["grad-cam"]["signed"] is False
    assert found["input-x-gradient"]["signed"] is True
    for entry in found.values():
        assert entry["label"][0].isupper()
        assert entry["summary"].endswith(".")
        assert [setting["name"] for setting in entry["settings"]] == list(METHODS[entry["name"]].settings.model_fields)
        assert all(setting["help"] for setting in entry["settings"])


def test_cheap_ones_come_first_within_a_group() -> None:
    names = [entry["name"] for entry in describe_methods()]
    assert names.index("grad-cam") < names.index("score-cam") < names.index("saliency") < names.index("smoothgrad")
    assert names.index("occlusion") < names.index("rise")


def test_forms_of_settings() -> None:
    settings = create_model(
        "s",
        many=(Annotated[int, Field(ge=1, le=9, description="a")], 3),
        much=(Annotated[float, Field(gt=0, description="b")], 0.5),
        which=(Annotated[Literal["x", "y"], Field(description="c")], "x"),
        yes=(Annotated[bool, Field(description="d")], True),
        text=(Annotated[str, Field(description="e")], "zero"),
        perhaps=(Annotated[float | None, Field(ge=0, description="f")], None),
    )
    assert describe_settings(settings) == [
        {"name": "many", "type": "int", "default": 3, "help": "a", "min": 1, "max": 9},
        {"name": "much", "type": "float", "default": 0.5, "help": "b", "min": 0},
        {"name": "which", "type": "choice", "default": "x", "help": "c", "choices": ["x", "y"]},
        {"name": "yes", "type": "bool", "default": True, "help": "d"},
        {"name": "text", "type": "text", "default": "zero", "help": "e"},
        {"name": "perhaps", "type": "float", "default": None, "help": "f", "min": 0, "optional": True},
    ]


def test_costs_of_a_network_order_what_depends_on_it() -> None:
    resnet = load_model("scenes/resnet")
    cost = {
        name: estimate(METHODS[name], METHODS[name].settings(), resnet) for name in METHODS if "rollout" not in name
    }
    channels = resnet.site().channels
    assert cost["grad-cam"] == 1 < cost["ablation-cam"] < cost["score-cam"] == 2 + channels
    unknown = estimate(METHODS["score-cam"], METHODS["score-cam"].settings())
    assert unknown > 100
