"""Where settings are searched if nobody says, as far as types would mislead; and reading what people write."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ...core.errors import InputError

#: settings that are searched only where the user asks for it, and why
PASSED_OVER: Mapping[str, str] = MappingProxyType(
    {
        "random_seed": "a lucky draw is no setting",
        "tolerance": "it sets the budget, which is searched itself",
        "design": "it says whose samples are used, not how many or how",
        "segment_input": "classifiers would differ in their superpixels",
        "depth_unit": "it says how depth is counted",
        "quantity": "it says what the map shows",
        "baseline": "it says what the map is compared with",
        "alpha": "its scale depends on the local model",
    }
)

#: from, to, and whether equal steps are factors; what is not here follows from bounds and default, see `space`
RANGES: Mapping[str, tuple[float, float, bool]] = MappingProxyType(
    {
        "num_features": (1, 100, True),
        "segments": (10, 120, True),
        "iterations": (3, 20, True),
        "window": (0.1, 0.5, True),
        "stride": (0.25, 1.0, False),
        "cells": (3, 16, True),
        "kernel_size": (1.0, 8.0, True),
        "max_dist": (6.0, 400.0, True),
        "discard": (0.0, 0.95, False),
    }
)

#: values of settings whose type allows more than it makes sense to try
CHOICES: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "hide_color": ("segment-mean", "grey", "black", "white", "blur"),
        "fill": ("segment-mean", "zero", "grey", "black", "white", "blur"),
        # Those between 0 and 1: one range of the kernel's width suits them all. Others of sklearn's are these again.
        "distance_metric": ("cosine", "hamming", "dice"),
        "feature_selection": ("auto", "lasso_path", "none"),
    }
)


def parse_ranges(pairs: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Read ``key=a..b``.

    Raises:
        InputError: a pair is written otherwise, or its ends are no numbers in rising order.
    """
    found: dict[str, tuple[float, float]] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        low, dots, high = text.partition("..")
        try:
            ends = float(low), float(high)
        except ValueError:
            ends = (1.0, 0.0)
        if not (equals and dots and key.strip() and ends[0] <= ends[1]):
            raise InputError(
                f"--range {pair}: write key=from..to with numbers in rising order, such as segments=20..80"
            )
        found[key.strip()] = ends
    return found


def parse_choices(pairs: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Read ``key=a,b``; values are TOML, and text where they are not.

    Raises:
        InputError: a pair has no key or no value.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        values = [part.strip() for part in text.split(",") if part.strip()]
        if not (equals and key.strip() and values):
            raise InputError(f"--choices {pair}: write key=a,b, such as segmentation=slic,grid")
        found[key.strip()] = tuple(dict.fromkeys(map(_value, values)))
    return found


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
