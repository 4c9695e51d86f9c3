"""A block of a study stops where its listener raises something that is no Exception."""

from __future__ import annotations

import pytest
from PIL import Image

from crosslight.models import load_model
from crosslight.study.spec import check_methods
from crosslight.study.worker import Item, explain_block


def test_a_listener_is_asked_before_every_pass_and_can_stop() -> None:
    tasks = check_methods([{"name": "ablation-cam"}, {"name": "grad-cam"}])
    items = [Item(str(n), lambda n=n: Image.new("RGB", (32, 32), (n, 90, 200)), name=str(n)) for n in range(2)]
    classifier = load_model("scenes/resnet")
    told: list[int] = []
    explain_block(classifier, items, tasks, batch_size=2, advance=told.append)
    assert told[0] == 0
    assert told.count(0) > 50, "before every tail too"
    asked = 0

    def advance(passes: int) -> None:
        nonlocal asked
        asked += passes == 0
        if asked == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain_block(classifier, items, tasks, batch_size=2, advance=advance)
    assert asked == 5


def test_an_exception_is_a_failure_as_any_other() -> None:
    def advance(passes: int) -> None:
        raise RuntimeError("no more")

    items = [Item("a", lambda: Image.new("RGB", (32, 32)), name="a")]
    outcome = explain_block(
        load_model("scenes/resnet"), items, check_methods([{"name": "grad-cam"}]), batch_size=1, advance=advance
    )
    assert {failure.reason for failure in outcome.failures} == {"RuntimeError: no more"}
