from __future__ import annotations

from typing import Any

import pytest

from crosslight.core.errors import InputError
from crosslight.core.geometry import Preprocess
from crosslight.models.sources.preprocessing import DEFAULT, as_values, from_config, make_preprocess

TIMM = from_config(
    {
        "input_size": (3, 224, 224),
        "crop_pct": 0.95,
        "interpolation": "bicubic",
        "mean": (0.5,) * 3,
        "std": (0.5,) * 3,
    }
)


def test_timm_and_torchvision_forms() -> None:
    assert make_preprocess(TIMM) == Preprocess((224, 224), 235, "center", "bicubic", (0.5,) * 3, (0.5,) * 3)
    assert make_preprocess(DEFAULT) == Preprocess()
    assert (
        make_preprocess(from_config({"input_size": (3, 96, 96), "interpolation": "random"})).interpolation == "bilinear"
    )


@pytest.mark.parametrize(
    ("base", "overrides", "resize"),
    [
        (TIMM, {"size": 384}, 404),  # floor(384 / .95)
        (TIMM, {"crop_pct": 1}, 224),
        (TIMM, {"resize": 240}, 240),
        (TIMM, {"size": [192, 96]}, (202, 101)),
        (DEFAULT, {"size": 112}, 128),
        (DEFAULT, {"crop_pct": 0.5}, 448),
        (DEFAULT, {"resize": [256, 256]}, (256, 256)),
    ],
)
def test_the_share_of_the_picture_follows_the_size(base: dict, overrides: dict, resize: object) -> None:
    assert make_preprocess(base, overrides).resize == resize


def test_overriding_a_finished_preprocess() -> None:
    ready = Preprocess((100, 100), None, "squash", "lanczos", (0.5,), (0.25,))
    assert make_preprocess(as_values(ready)) == ready
    assert make_preprocess(as_values(ready), {"size": 50}) == Preprocess(
        (50, 50), None, "squash", "lanczos", (0.5,), (0.25,)
    )


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"crop_pc": 0.9}, "unknown key 'crop_pc'; did you mean .*'crop_pct'"),
        ({"size": 0}, "size is a length"),
        ({"size": [224]}, "size is a length"),
        ({"size": True}, "size is a length"),
        ({"crop_pct": 1.5}, "crop_pct lies in"),
        ({"crop_pct": 0.9, "resize": 256}, "not both"),
        ({"crop": "centre"}, "did you mean 'center'"),
        ({"interpolation": "cubic"}, "did you mean 'bicubic'"),
        ({"mean": [0.5, 0.5]}, "mean is a list of 3"),
        ({"mean": "0.5"}, "mean is a list of 3"),
        ({"mean": 0.5}, "mean has 1 channels and std 3"),
        ({"std": [0.5, 0, 0.5]}, "above 0"),
    ],
)
def test_mistakes_are_named(overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_preprocess(DEFAULT, overrides)
