"""Growing budgets: nested where samples are, compared with other repeats, refused where they cannot be had."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from crosslight.core.errors import ImageError, InputError, StudyError
from crosslight.core.geometry import Box
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering
from crosslight.methods import METHODS, contract
from crosslight.models import load_model
from crosslight.study import Convergence, convergence, explain
from crosslight.study.budgets import default_budgets

from . import networks
from .conftest import SIZE

GRID = {"segmentation": "grid", "segments": 9}
PROBE = 1  # the pass that tells how many classes there are
BUDGETED = [name for name, spec in METHODS.items() if spec.reads.budget]


def classifier(network: torch.nn.Module | None = None):
    torch.manual_seed(0)
    return load_model(network or networks.tiny(), label="net", preprocess=SIZE)


def picture(seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (20, 24, 3), dtype=np.uint8))


def found(maps: np.ndarray, deterministic: bool = False) -> Convergence:
    """Of maps ``[repeat, budget, h, w]`` alone."""
    shape = maps.shape[:2]
    return Convergence(
        model="net", method="rise", setting="masks", budgets=tuple(10 * 2**i for i in range(shape[1])),
        seeds=tuple(range(shape[0])), maps=maps.astype(np.float32), evaluations=np.ones(shape, np.int64),
        seconds=np.ones(shape), diagnostics={"evaluations": np.full(shape, 9.0), "noise": np.arange(shape[0])[:, None]
        + np.zeros(shape)}, deterministic=deterministic, skipped=(), box=Box(0, 0, 4, 4), target=(1, -1),
        explained="b", predicted="a", probability=0.5,
        attributes={"finish": "none", "sign": "signed", "tolerance": None},
    )  # fmt: skip


def noise(repeats: int, budgets: int, offset: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    scale = 2.0 ** -np.arange(budgets)[:, None, None]
    return offset + rng.normal(size=(1, 1, 5, 4)) + scale * rng.normal(size=(repeats, budgets, 5, 4))


def test_every_run_is_held_against_the_longest_of_the_other_repeats():
    maps = noise(3, 2).astype(np.float32).astype(np.float64)
    result = found(maps)
    for repeat in range(3):
        others = [maps[other, -1] for other in range(3) if other != repeat]
        reference = (others[0] + others[1]) / 2
        for at in range(2):
            own = maps[repeat, at]
            error = ((own - reference) ** 2).sum() / (reference**2).sum()
            assert result.error[repeat, at] == pytest.approx(error)
            cosine = (own * reference).sum() / np.linalg.norm(own) / np.linalg.norm(reference)
            assert result.cosine[repeat, at] == pytest.approx(cosine)
            assert result.correlation[repeat, at] == pytest.approx(np.corrcoef(own.ravel(), reference.ravel())[0, 1])
    mean = maps[:, -1].mean(axis=0)
    variance = ((maps - maps.mean(axis=0)) ** 2).sum(axis=(0, 2, 3)) / 2
    np.testing.assert_allclose(result.spread, variance / (mean**2).sum())
    np.testing.assert_allclose(result.reference, mean)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 4), st.floats(0.1, 50), st.integers(0, 99))
def test_measures_do_not_depend_on_the_scale_and_correlation_not_on_an_offset(repeats, scale, seed):
    plain = found(noise(repeats, 3, seed=seed))
    scaled = found(scale * noise(repeats, 3, seed=seed))
    moved = found(noise(repeats, 3, offset=7, seed=seed))
    for name in ("error", "cosine", "correlation", "spread"):
        np.testing.assert_allclose(getattr(scaled, name), getattr(plain, name), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(moved.correlation, plain.correlation, rtol=1e-3, atol=1e-5)
    assert (moved.cosine > plain.cosine).all()  # what all pixels share flatters it


def test_a_single_repeat_does_not_know_the_error_of_its_longest_run():
    result = found(noise(1, 3))
    for values in (result.error, result.cosine, result.correlation):
        assert np.isnan(values[0]).tolist() == [False, False, True]
    assert np.isnan(result.spread).all()
    assert (found(noise(1, 3), deterministic=True).spread == 0).all()


def test_rows_and_their_means():
    result = found(noise(2, 2))
    rows, means = result.records(), result.summary()
    assert [(row["repeat"], row["budget"]) for row in rows] == [(0, 10), (0, 20), (1, 10), (1, 20)]
    assert all(row["evaluations"] == 1 for row in rows)  # not what a diagnostic of that name says
    assert [row["noise"] for row in means] == [0.5, 0.5]
    assert means[0]["error"] == pytest.approx(result.error[:, 0].mean())


def test_samples_are_nested_and_paid_once(evaluations, listener):
    result = convergence(
        classifier(), picture(), budgets=[80, 20, 40], repeats=2, settings=GRID, device="cpu", progress=listener
    )
    assert result.budgets == (20, 40, 80)
    assert result.evaluations.tolist() == [[20, 40, 80]] * 2
    assert evaluations.total - PROBE == listener.done == listener.total == 2 * 80
    assert (np.diff(result.seconds) > -0.05).all()
    assert result.diagnostics["standard_error"].shape == (2, 3)
    assert not result.deterministic
    assert result.error.shape == (2, 3)


def test_what_is_not_nested_is_made_anew(evaluations):
    result = convergence(classifier(), picture(), "smoothgrad", [3, 6], repeats=2, device="cpu")
    assert result.evaluations.tolist() == [[4, 7]] * 2  # the untouched image tells what is explained
    assert evaluations.total - PROBE == 2 * (1 + 3 + 6)


@pytest.mark.parametrize(
    ("method", "budget", "own"), [("kernel-shap", 40, GRID), ("smoothgrad", 6, {}), ("rise", 30, {})]
)
def test_the_first_repeat_is_what_explain_gives(method, budget, own):
    result = convergence(
        classifier(), picture(), method, [budget // 2, budget], repeats=2, settings=own, seed=5, device="cpu"
    )
    setting = METHODS[method].reads.budget
    plain = explain(classifier(), picture(), {"name": method, setting: budget, **own}, seed=5, device="cpu")[
        "net", method
    ]
    np.testing.assert_allclose(result.maps[0, -1], plain.values[0], atol=1e-6)
    assert not np.array_equal(result.maps[1, -1], result.maps[0, -1])
    assert result.target == tuple(plain.targets[0])
    assert result.box.as_tuple() == tuple(plain.boxes[0])


def test_one_run_stands_for_all_where_seeds_change_nothing(evaluations):
    result = convergence(classifier(), picture(), "integrated-gradients", [2, 8], repeats=3, device="cpu")
    assert result.deterministic
    assert result.maps.shape == (1, 2, 16, 16)
    assert result.seeds == (0,)
    assert 0 < result.error[0, 0] < 1
    assert np.isnan(result.error[0, 1])
    assert result.evaluations.tolist() == [[4, 10]]
    assert evaluations.total - PROBE == 2 * (1 + 3 + 9)  # no third seed


def test_budgets_that_are_too_small_are_left_out_with_the_reason(evaluations):
    result = convergence(classifier(), picture(), budgets=[10, 20], repeats=2, settings=GRID, device="cpu")
    ((budget, reason),) = result.skipped
    assert (budget, result.budgets) == (10, (20,))
    assert reason == "samples must be at least 18 for 9 segments, which are the unknowns"
    assert evaluations.total - PROBE == 2 * 20


def test_budgets_that_a_picture_is_too_rich_for_are_left_out(evaluations):
    # how many superpixels there are is known with the picture alone
    own = {"segmentation": "felzenszwalb", "min_size": 4, "scale": 2.0, "sigma": 0.0}
    result = convergence(classifier(), picture(), budgets=[10, 400], repeats=2, settings=own, device="cpu")
    ((budget, reason),) = result.skipped
    assert (budget, result.budgets) == (10, (400,))
    assert "10 samples are too few for" in reason
    assert evaluations.total - PROBE == 2 * 400
    with pytest.raises(ImageError, match="too few"):
        convergence(classifier(), picture(), budgets=[10, 12], settings=own, device="cpu")


def test_default_budgets_are_about_the_methods_own():
    assert default_budgets(METHODS["kernel-shap"]) == (64, 128, 256, 512)
    result = convergence(classifier(), picture(), "smoothgrad", repeats=1, device="cpu")
    assert result.budgets == (6, 12, 25, 50)
    # those that cannot be had were nobody's wish
    result = convergence(
        classifier(), picture(), repeats=1, settings={"segmentation": "grid", "segments": 100}, device="cpu"
    )
    assert (result.budgets, result.skipped) == ((256, 512), ())


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"method": "grad-cam"}, InputError, r"grad-cam has no budget.* rise \(masks\)"),
        ({"method": "grad-kam"}, InputError, "did you mean 'grad-cam'"),
        ({"settings": {"samples": 40}}, InputError, "samples cannot be a setting here"),
        ({"settings": {"tolerance": 0.1}}, InputError, "tolerance cannot be a setting here"),
        ({"settings": {"segmants": 40}}, InputError, "did you mean 'segments'"),
        ({"settings": {"fill": "purple"}}, StudyError, "fill"),
        ({"budgets": [4, 6]}, StudyError, "at least 18"),
        ({"target": "top:2"}, InputError, "one class is needed"),
        ({"target": "model:A"}, InputError, "one class is needed"),
        ({"target": "class:9"}, InputError, "no class '9'"),
        ({"target": "label"}, ImageError, "no class for this picture"),
        ({"repeats": 0}, InputError, "at least 1"),
        ({"picture": "nowhere.png"}, InputError, "nowhere.png"),
    ],
)
def test_mistakes_are_told_before_any_work(arguments, kind, message, evaluations):
    options = {"picture": picture(), "budgets": [20], "settings": {}} | arguments
    if options.get("method", "kernel-shap") == "kernel-shap":
        options["settings"] = GRID | options["settings"]
    with pytest.raises(kind, match=message):
        convergence(classifier(), options.pop("picture"), **options, device="cpu")
    assert evaluations.total <= PROBE + 1  # the untouched image may be needed to know


def test_one_picture_at_a_time(photos):
    with pytest.raises(InputError, match="of one picture, not of 7"):
        convergence(classifier(), photos, "rise", [4])


@pytest.mark.parametrize(("network", "what"), [(networks.nan(), "not finite"), (networks.blind(), "0 everywhere")])
def test_nothing_to_converge_to(network, what):
    with pytest.raises(ImageError, match=what):
        convergence(classifier(network), picture(), budgets=[20], repeats=2, settings=GRID, device="cpu")


def test_the_classifier_is_left_as_it_was():
    model = classifier()
    model.network.train()
    convergence(model, picture(), "rise", [4, 8], repeats=2, device="cpu")
    assert model.network.training
    assert model.device.type == "cpu"


@pytest.mark.parametrize("name", BUDGETED)
def test_evidence_with_a_budget_says_whether_it_is_nested(name):
    kind = METHODS[name].reads
    first = kind.Settings(**kind.quick)
    then = kind.extend(first)
    assert getattr(then, kind.budget) == 2 * getattr(first, kind.budget)
    batch = contract._batch().take([0])
    model = contract._classifier(contract._Convolutional)
    work = Gathering(model, replace(batch, inputs=batch.inputs.to(next(model.network.parameters()).dtype)))
    _ = work.logits
    work.get(kind, first, TargetPolicy())
    once = work.evaluations
    work.get(kind, then, TargetPolicy())
    again = work.evaluations - once
    assert (again < kind.evaluations(then)) == kind.nested


def test_a_budget_has_an_end():
    for name in BUDGETED:
        kind = METHODS[name].reads
        at, steps = kind.Settings(**kind.quick), 0
        while (closer := kind.extend(at)) is not None:
            at, steps = closer, steps + 1
            assert steps < 40, f"{name}: a tolerance that cannot be reached would never end"
    assert METHODS["grad-cam"].reads.extend(METHODS["grad-cam"].reads.Settings()) is None
