"""The benchmark itself, on a network that costs next to nothing: that it runs, counts and judges as it should."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("this is not a checkout: no benchmarks are here", allow_module_level=True)
for package in ("captum", "pytorch_grad_cam", "lime"):
    pytest.importorskip(package)


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    sys.path.insert(0, str(ROOT))
    yield
    sys.path.remove(str(ROOT))


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    from benchmarks.command import main

    assert main(list(arguments)) == 0
    return capsys.readouterr().out


QUICK = ("--quick", "--section", "table", "--models", "tiny")


def test_the_table_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    methods = ("grad-cam", "occlusion", "rise", "score-cam", "ablation-cam", "kernel-shap", "smoothgrad")
    found = json.loads(run(capsys, *QUICK, "--json", "--methods", *methods))
    rows = {row["method"]: row for row in found["sections"]["table"]}
    assert tuple(rows) == methods
    values = {name: row["values"] for name, row in rows.items()}
    assert {name: found["evaluations"] for name, found in values.items()} == {
        "grad-cam": 2,  # images
        "occlusion": 50,  # windows, and the untouched image
        "rise": 17,
        "score-cam": 6,  # channels, the untouched image and a black one
        "ablation-cam": 1,
        "kernel-shap": 100,
        "smoothgrad": 9,
    }
    assert all(found["limit"] > 0 and found["ours s"] > 0 for found in values.values())
    assert [name for name, found in values.items() if "peer s" not in found] == ["rise"]
    assert max(values[name]["difference"] for name in ("grad-cam", "occlusion", "ablation-cam")) < 1e-5
    assert "difference" not in values["kernel-shap"]  # its peer draws coalitions of its own
    assert rows["ablation-cam"]["targets"] == {"weights": "<= 1e-5"}
    assert rows["ablation-cam"]["missed"] == []


def test_the_table_as_text_without_peers(capsys: pytest.CaptureFixture[str]) -> None:
    where, _, title, *lines = run(capsys, *QUICK, "--no-peers", "--methods", "occlusion", "rise").splitlines()
    assert "QUICK" in where
    assert title.startswith("table: ")
    header, *rows = lines[-5:-2]
    assert header.split()[:3] == ["model", "method", "evaluations"]
    assert [row.split()[:3] for row in rows] == [["tiny", "occlusion", "50"], ["tiny", "rise", "17"]]
    assert lines[-1] == "0 rows with targets; missed: none"


def test_samples_that_were_measured_are_not_measured_again() -> None:
    from benchmarks.masks import continued
    from benchmarks.networks import tiny
    from benchmarks.passes import Bench

    row = continued(Bench(tiny(), quick=True))
    assert row.values == {"evaluations": 200}
    assert row.missed == []


def test_a_recording_keeps_inputs_from_all_of_them() -> None:
    from dataclasses import replace

    from benchmarks.networks import tiny
    from benchmarks.passes import Bench, Recording

    bench = Bench(tiny(), quick=True)
    expected = 5 * bench.counted
    inputs = torch.arange(expected).float()[:, None, None, None].expand(-1, 3, 32, 32)
    batch = replace(bench.batch, inputs=inputs[:1])
    recording = Recording(bench, batch, 4, expected)
    for part in inputs.split(3):
        recording.forward(part)
    assert recording.kept[:, 0, 0, 0].tolist() == list(range(0, expected, 5))


def test_a_long_measurement_is_extrapolated_and_says_so() -> None:
    from benchmarks.networks import tiny
    from benchmarks.passes import Bench
    from benchmarks.sampled import sampled_row

    (row,) = sampled_row(Bench(tiny(), rounds=1, quick=True, peer_channels=2), "score-cam")
    assert "EXTRAPOLATED from 2 channels" in row.note
    assert "difference" not in row.values


@pytest.mark.parametrize(
    ("target", "met", "missed"),
    [("<= 1.1", 1.1, 1.11), (">= 2", 2.0, 1.99), ("0.92 to 0.98", 0.98, 0.99), ("0.92 to 0.98", 0.92, 0.9)],
)
def test_verdicts(target: str, met: float, missed: float) -> None:
    from benchmarks.rows import Row, printed

    good, bad, none = (
        Row("net", "method", {"limit": value}, {"limit": target}) for value in (met, missed, float("nan"))
    )
    assert (good.missed, bad.missed, none.missed) == ([], ["limit"], ["limit"])
    _, first, second = printed(("limit",), [good, bad])
    assert first.endswith(f"limit {target}; met")
    assert second.endswith(f"limit {target}; MISSED: limit")


def test_a_row_that_fails_is_told_and_does_not_stop_the_run() -> None:
    from benchmarks.rows import Row, attempted, printed

    def rows() -> Iterator[Row]:
        yield Row("net", "one", {"limit": 1.0})
        raise ValueError("no luck\nat all")

    first, second = attempted("net", "two", rows())
    assert (first.missed, second.missed) == ([], ["failed"])
    assert list(printed(("limit",), [second]))[-1].endswith("FAILED: ValueError: no luck")


def test_ratios_are_taken_within_rounds() -> None:
    from benchmarks.timing import best, ratio

    assert ratio([2.0, 20.0, 3.0], [1.0, 10.0, 1.0]) == 2.0
    assert best({"slow": [3.0, 3.0, 3.0], "fast": [9.0, 1.0, 1.0]}) == "fast"


def test_correlation_of_each_images_maps() -> None:
    from benchmarks.precision import correlations

    first = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]])
    assert correlations(first, torch.stack([2 * first[0] + 5, -first[1]])).tolist() == pytest.approx([1, -1])
