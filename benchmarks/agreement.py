"""The statistics of the family question on simulated models: false alarms, power, and what the tool says of both.

python -m benchmarks.agreement [--section nulls intervals stores] [--simulations 2000] [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from crosslight.agreement.groups import labelings, mrm, permdisp, power, scatter
from crosslight.agreement.groups.simulate import (
    DIMENSIONS,
    Test,
    distances,
    normal_points,
    p_values,
    rejected,
    shifted,
)
from crosslight.core.bootstrap import mean_interval

from .planted import store_rows
from .rows import Row, as_json, attempted, printed

GROUPS = ("convolutional",) * 9 + ("transformer",) * 5
MODEL = "9 against 5 models"
SHIFT = 2.25
ALPHA = 0.05
COLUMNS = ("found", "others")
#: what the column "found" is
WORDS = {
    "nulls": f"share in which a test is significant at {ALPHA}",
    "intervals": "share of the 95 % intervals that hold the truth",
    "stores": f"share in which a test is significant at {ALPHA}",
}
PUBLISHED = {0.75: 0.07, 1.5: 0.32, 2.25: 0.72}
TESTS: tuple[Test, ...] = ("anosim", "permanova", "either")


def null_rows(simulations: int, seed: int = 0) -> Iterator[Row]:
    """How often tests reject without a difference, how often they find one, and whether the tool knows."""
    found = labelings(GROUPS)
    points = normal_points(simulations, len(GROUPS), DIMENSIONS, seed)
    null, planted = (distances(shifted(points, found.observed, shift)) for shift in (0.0, SHIFT))
    for test in TESTS:
        share = rejected(p_values(null, found, test), ALPHA)
        yield Row(MODEL, f"{test}, no shift", {"found": share}, {"found": "0.03 to 0.07"})
    spread = rejected(np.array([permdisp(one, found).p for one in null]), ALPHA)
    yield Row(MODEL, "permdisp, no difference", {"found": spread}, {"found": "0.03 to 0.07"})
    yield _regression_row(null[: simulations // 4])
    truth: dict[Test, float] = {}
    for test in TESTS:
        truth[test] = rejected(p_values(planted, found, test), ALPHA)
        yield Row(MODEL, f"{test}, {SHIFT} SD", {"found": truth[test]}, {"found": ">= 0.65"})
    for shift, published in PUBLISHED.items():
        share = rejected(p_values(distances(shifted(points, found.observed, shift)), found), ALPHA)
        goal = {"found": f"{max(0.0, published - 0.1):.2f} to {published + 0.1:.2f}"}
        yield Row(MODEL, f"anosim, {shift} SD", {"found": share}, goal, f"published {published}")
    for test in TESTS:
        yield _estimate_row(planted[: max(4, simulations // 40)], test, truth[test])
    for widest in (True, False):
        yield _uneven_row(simulations, seed, widest)
    seen = np.array([scatter(one, found).shift for one in planted])
    values = {"found": float(seen.mean()), "sd": float(seen.std())}
    yield Row(MODEL, "shift read from a matrix", values, {"found": f"{SHIFT - 0.2:.2f} to {SHIFT + 0.2:.2f}"})


def _estimate_row(matrices: np.ndarray, test: Test, truth: float) -> Row:
    """The power that the tool reads from single matrices with the planted shift, beside the true one."""
    known = labelings(GROUPS)
    estimates = np.array(
        [
            power(one, known, shifts=[SHIFT], test=test, wanted=None, simulations=300, seed=number).found[0]
            for number, one in enumerate(matrices)
        ]
    )
    away = np.abs(estimates - truth)
    values = {"found": float(estimates.mean()), "off": float(away.max()), "within .1": float(np.mean(away <= 0.1))}
    goal = {"found": f"{truth - 0.1:.3f} to {truth + 0.1:.3f}"}
    return Row(MODEL, f"own estimate, {test}", values, goal, f"mean of {len(matrices)} matrices")


def _uneven_row(simulations: int, seed: int, widest: bool) -> Row:
    """The same where the tool's model does not hold: some dimensions are wide and others narrow."""
    known, random = labelings(GROUPS), np.random.default_rng(seed)
    variances = 1 / np.arange(1, 21)
    size = SHIFT * np.sqrt((variances**2).sum() / variances.sum())  # in the standard deviations that `scatter` reads
    points = random.standard_normal((simulations, len(GROUPS), 20)) * np.sqrt(variances)
    directions = np.tile(np.eye(20)[0], (simulations, 1)) if widest else random.standard_normal((simulations, 20))
    directions *= size / np.linalg.norm(directions, axis=1, keepdims=True)
    points[:, known.observed == 1] += directions[:, None]
    matrices = distances(points)
    truth = rejected(p_values(matrices, known), ALPHA)
    row = _estimate_row(matrices[: max(4, simulations // 40)], "anosim", truth)
    where = "along the widest dimension" if widest else "in a random direction"
    note = f"uneven scatter, shift {where}, found in truth {truth:.2f}: the model does not hold, so no target"
    return replace(row, method=f"own estimate, {'widest' if widest else 'random'}", targets={}, note=note)


def _regression_row(matrices: np.ndarray) -> Row:
    """The groups' coefficient beside a confounder, where neither has an effect."""
    codes = np.array([group == GROUPS[0] for group in GROUPS])
    apart = (codes[:, None] != codes).astype(float)
    resolution = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0.0])
    other = np.abs(resolution[:, None] - resolution)
    p = [
        mrm(one, {"groups": apart, "resolution": other}, draws=400, seed=number).coefficients["groups"].p
        for number, one in enumerate(matrices)
    ]
    return Row(MODEL, "regression, no effect", {"found": rejected(np.array(p), ALPHA)}, {"found": "0.03 to 0.07"})


def interval_rows(simulations: int, seed: int = 0) -> Iterator[Row]:
    """How often the 95 % interval over images covers the mean that similarities were drawn about.

    Cosines of maps are skewed: most pictures are agreed upon, some are not. Images of one class may be more alike.
    """
    random = np.random.default_rng(seed)
    for images in (24, 60, 128, 1024):
        drawn = np.tanh(random.normal(0.9, 0.5, (images, simulations)))
        truth = float(np.tanh(np.random.default_rng(seed + 1).normal(0.9, 0.5, 4_000_000)).mean())
        target = {"found": "0.93 to 0.97"} if images >= FEW else {}
        yield Row(f"{images} images", "interval", {"found": _covered(drawn, truth)}, target, "" if target else "few")
    classes, each = 32, 8
    effect = random.normal(0, 0.2, (classes, 1, simulations))
    drawn = (0.5 + effect + random.normal(0, 0.2, (classes, each, simulations))).reshape(classes * each, simulations)
    labels = np.repeat(np.arange(classes), each)
    model = f"{classes} x {each} images"
    yield Row(
        model, "interval, clusters drawn", {"found": _covered(drawn, 0.5, clusters=labels)}, {"found": "0.93 to 0.97"}
    )
    yield Row(model, "interval, clusters ignored", {"found": _covered(drawn, 0.5)}, {}, "for comparison")


def _covered(drawn: np.ndarray, truth: float, **how: np.ndarray) -> float:
    """The share of the columns whose interval holds the truth."""
    low, high = mean_interval(drawn, resamples=2000, **how)
    return float(((low <= truth) & (truth <= high)).mean())


#: fewer images than these are too few for a percentile interval of what is skewed
FEW = 60
SECTIONS = {"nulls": null_rows, "intervals": interval_rows, "stores": store_rows}


def noted(made: Iterator[Row], known: list[Row]) -> Iterator[Row]:
    """The same rows, each put down in a list as it passes."""
    for row in made:
        known.append(row)
        yield row


def main(arguments: list[str] | None = None) -> int:
    made = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=__doc__.splitlines()[0])
    made.add_argument("--section", nargs="+", choices=list(SECTIONS), default=list(SECTIONS))
    made.add_argument("--simulations", type=int, default=2000)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--quick", action="store_true", help="100 simulations: does the benchmark work?")
    made.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = made.parse_args(arguments)
    simulations = 100 if options.quick else options.simulations
    rows: list[Row] = []
    for name in options.section:
        make = attempted(MODEL, name, SECTIONS[name](simulations, options.seed))
        if options.json:
            rows += make
            continue
        print(f"{name}: {WORDS[name]}, {simulations} simulations")
        for line in printed(COLUMNS, noted(make, rows)):
            print(line, flush=True)
    if options.json:
        print(json.dumps({"simulations": simulations, "rows": [as_json(row) for row in rows]}))
    else:
        missed = [row.method for row in rows if row.missed]
        print(f"\n{len(rows)} rows; missed: {'; '.join(missed) or 'none'}")
    return int(any(row.error for row in rows))


if __name__ == "__main__":
    sys.exit(main())
