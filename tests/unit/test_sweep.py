"""The sweep itself, on networks that cost next to nothing: that it measures, judges, ends what hangs and goes on."""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

if not (ROOT / "sweep").is_dir():
    pytest.skip("this is not a checkout: no sweep is here", allow_module_level=True)


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    sys.path.insert(0, str(ROOT))
    yield
    sys.path.remove(str(ROOT))


GOOD = {
    "depth": 0.9, "finite": True, "coverage": 1.0, "logits_error": 0.0, "gradient_error": 1e-6, "rerun": "",
    "kind": "cut", "passes": 3.0, "find_seconds": 2.0,
}  # fmt: skip


def test_a_classifier_that_meets_every_target() -> None:
    from sweep.check import check
    from sweep.inventory import Entry
    from sweep.table import TARGETS, missed

    row = check(Entry("timm", "test_resnet"))
    assert "error" not in row
    assert missed(row) == []
    assert (row["site"], row["channels"], row["input"]) == ("layer4.0.act2", 96, 160)
    assert missed({}) == list(TARGETS)


def test_errors_and_what_is_no_classifier_are_told() -> None:
    from sweep.check import check
    from sweep.inventory import Entry

    wrong = check(Entry("timm", "no_such_network"))
    assert (wrong["stage"], wrong["error"][:28]) == ("build", "UnknownNameError: unknown mo")


@pytest.mark.parametrize(
    ("change", "target"),
    [
        ({"depth": 0.6}, "site beyond 70 % of the depth"),
        ({"coverage": 0.0}, "gradient there, finite"),
        ({"gradient_error": 1e-4}, "tail equals the network"),
        ({"logits_error": float("nan")}, "tail equals the network"),
        ({"rerun": "stem"}, "tail runs nothing before"),
        ({"kind": "partial"}, "true cut of the patches"),
        ({"passes": 5.0}, "found in 4 passes or 1 s"),
    ],
)
def test_every_target_can_be_missed(change: dict[str, Any], target: str) -> None:
    from sweep.table import missed

    assert missed(GOOD) == []
    assert missed(GOOD | change) == [target]
    assert missed(GOOD | {"passes": 5.0, "find_seconds": 0.9}) == []


def test_results_survive_a_kill_and_come_out_sorted(tmp_path: Path) -> None:
    from sweep.table import Results, summary, write_csv

    path = tmp_path / "results.jsonl"
    first = Results(path)
    for name, change in (("b", {"depth": 0.1}), ("a", {}), ("b", {})):
        first.add({"source": "timm", "name": name} | GOOD | change)
    with path.open("a") as file:
        file.write('{"source": "timm", "na')
    again = Results(path)
    assert {key: row["depth"] for key, row in again.rows.items()} == {"timm/b": 0.9, "timm/a": 0.9}
    again.add({"source": "timm", "name": "c"} | GOOD | {"depth": 0.1})
    assert len(Results(path).rows) == 3
    rows = [*again.rows.values(), {"source": "timm", "name": "large", "left_out": "130 M parameters"}]
    assert summary(rows)[0].startswith("3 classifiers checked, 1 left out: site beyond 70 % of the depth 66.7%;")
    write_csv(rows, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open() as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["a", "b", "c", "large"]


def test_methods_are_counted() -> None:
    from sweep.table import summary_of_methods

    rows = [
        {"source": "timm", "name": "a", "grad-cam": "works", "attention-rollout": "does not apply: no attention"},
        {"source": "timm", "name": "b", "grad-cam": "fails: a map is constant", "attention-rollout": "works"},
        {"source": "timm", "name": "c", "error": "RuntimeError: it cannot be built"},
    ]
    first, rollout, cam = summary_of_methods(rows)
    assert first == "3 classifiers, 2 methods"
    assert rollout.split(maxsplit=1) == ["attention-rollout", "1 works, 1 does not apply, 0 left out, 0 fails"]
    assert cam.split(maxsplit=1) == ["grad-cam", "1 works, 0 does not apply, 0 left out, 1 fails"]


def test_the_smallest_of_each_architecture_come_first() -> None:
    from sweep.inventory import Entry, in_order

    entries = [
        Entry("timm", n, a, p, 224) for n, a, p in (("x3", "x", 3), ("y9", "y", 9), ("x1", "x", 1), ("y2", "y", 2))
    ]
    assert [entry.name for entry in in_order(entries)] == ["x1", "y2", "x3", "y9"]


@pytest.mark.parametrize(
    ("work", "entry", "limits", "outcome"),
    [
        (dict, [("fine", 1)], {}, {"fine": 1}),
        (time.sleep, 60, {"seconds": 0.3}, {"stage": "process", "error": "not done after 0 s"}),
        (os._exit, 3, {}, {"stage": "process", "error": "the process ended with status 3"}),
        (time.sleep, 60, {"megabytes": 2}, {"left_out": "more than 2 MB of memory"}),
    ],
)
def test_what_hangs_crashes_or_grows_is_ended(work: Any, entry: Any, limits: Any, outcome: dict[str, Any]) -> None:
    from sweep.pool import run

    if "megabytes" in limits and not Path("/proc/self/statm").is_file():
        pytest.skip("this system does not tell how much memory a process holds")
    told: list[dict[str, Any]] = []
    run(
        work,
        [entry, entry],
        lambda _, result: told.append(result),
        **{"jobs": 1, "megabytes": 9999, "seconds": 60} | limits,
    )
    assert [{key: row[key] for key in outcome} for row in told] == [outcome] * 2
    assert all({"wall_seconds", "peak_megabytes"} <= row.keys() for row in told)


def test_methods_work_or_say_why_not() -> None:
    from sweep.apply import _outcome, _pictures
    from sweep.build import build
    from sweep.inventory import Entry

    from crosslight.images import make_batch

    classifier = build(Entry("timm", "test_resnet")).classifier
    batch = make_batch(_pictures(), classifier.preprocess)
    assert _outcome("grad-cam", classifier, batch, 0.01) == "works"
    assert _outcome("attention-rollout", classifier, batch, 0.01).startswith("does not apply: it computes no attention")
    assert _outcome("rise", classifier, batch, 9.9).startswith("left out: ")
