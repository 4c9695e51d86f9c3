"""Each method states what it needs; a model without it is told so before any work, and the others go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from crosslight.core.errors import ModelError, StudyError
from crosslight.methods import METHODS
from crosslight.models import Classifier, load_model
from crosslight.store import Failure
from crosslight.study import Study, explain
from crosslight.study.fit import check_fit, fitting_methods, naming_others, why_nowhere
from crosslight.study.spec import check_methods

SIZE = {"size": 16, "resize": 16}
ROLLOUT = "attention-rollout"
#: by what their evidence needs
ATTENTION = {ROLLOUT, "gradient-attention-rollout"}
GRADIENT = {"saliency", "input-x-gradient", "smoothgrad", "integrated-gradients"}
FEATURES = {"grad-cam", "grad-cam-plus-plus", "hires-cam", "xgrad-cam", "layer-cam", "eigen-cam"}
FEATURES |= {"score-cam", "ablation-cam"}
NOTHING = {"lime", "kernel-shap", "occlusion", "rise"}


class Convolutional(nn.Module):
    """One layer with rows and columns, that is no block among others; no attention."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.head = nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(self.convolution(inputs).tanh().mean((-2, -1)))


class Attentive(nn.Module):
    """Patches that look at each other once."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.qkv, self.head = nn.Conv2d(3, 8, 4, stride=4), nn.Linear(8, 24), nn.Linear(8, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        x = self.patch(inputs).flatten(2).transpose(1, 2)
        q, k, v = self.qkv(x)[:, None].chunk(3, dim=-1)
        return self.head((x + nn.functional.scaled_dot_product_attention(q, k, v)[:, 0]).mean(1))


class Detached(Convolutional):
    """No gradient at the pixels."""

    def forward(self, inputs: Tensor) -> Tensor:
        with torch.no_grad():
            return super().forward(inputs)


def convolutional() -> nn.Module:
    return Convolutional()


def attentive() -> nn.Module:
    return Attentive()


def detached() -> nn.Module:
    return Detached()


def pixels() -> nn.Module:
    """No layer with rows and columns."""
    return nn.Sequential(nn.Flatten(), nn.Linear(768, 8), nn.Tanh(), nn.Linear(8, 3))


MAKERS = {maker.__name__: maker for maker in (convolutional, attentive, detached, pixels)}
FITTING = {
    "convolutional": FEATURES | GRADIENT | NOTHING,
    "attentive": FEATURES | GRADIENT | NOTHING | ATTENTION,
    "detached": NOTHING,
    "pixels": GRADIENT | NOTHING,
}


def classifiers(*names: str) -> list[Classifier]:
    return [load_model(MAKERS[name](), label=name, preprocess=SIZE) for name in names]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for seed in range(2):
        pixels = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{seed}.png")
    return tmp_path / "photos"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Labels of the models in the order in which batches of images went through them."""
    batches: list[str] = []
    logits = Classifier.logits

    def counting(self: Classifier, inputs: Tensor) -> Tensor:
        if inputs.any():  # zeros are asked once, for the number of classes
            batches.append(self.label)
        return logits(self, inputs)

    monkeypatch.setattr(Classifier, "logits", counting)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    return batches


def study(photos: Path, models: list[str], methods: list[Any]) -> Study:
    return Study.from_dict(
        {
            "study": {"name": "needs", "device": "cpu", "threads": 1},
            "images": {"source": str(photos)},
            "models": [{"name": f"python:{__file__}:{name}", "label": name, "preprocess": SIZE} for name in models],
            "methods": [{"name": method} if isinstance(method, str) else method for method in methods],
        }
    )


def test_the_four_kinds_of_need_cover_the_methods_of_the_package() -> None:
    own = {name for name, spec in METHODS.items() if spec.function.__module__.startswith("crosslight.")}
    assert own <= ATTENTION | GRADIENT | FEATURES | NOTHING


@pytest.mark.parametrize("name", MAKERS)
def test_every_method_on_every_model_either_applies_or_says_what_it_needs(name: str, work: list[str]) -> None:
    (classifier,) = classifiers(name)
    known = sorted(ATTENTION | GRADIENT | FEATURES | NOTHING)
    for task in check_methods([{"name": method} for method in known]):
        if task.label in FITTING[name]:
            check_fit(task, classifier)
            continue
        with pytest.raises(ModelError, match=r"^does not apply: .+ \(it needs .+\)$"):
            check_fit(task, classifier)
    assert set(fitting_methods(classifier)) & set(known) == FITTING[name]
    assert work == []  # no image went through


def test_methods_that_apply_to_each_of_several() -> None:
    both = set(fitting_methods(*classifiers("pixels", "attentive")))
    assert both & (ATTENTION | GRADIENT | FEATURES | NOTHING) == GRADIENT | NOTHING


def test_a_study_leaves_out_what_a_model_lacks_and_names_those_that_have_it(
    photos: Path, tmp_path: Path, work: list[str]
) -> None:
    methods = [ROLLOUT, "grad-cam", "saliency"]
    plan = study(photos, ["convolutional", "attentive", "pixels", "detached"], methods).plan()
    assert work == []
    rollout = {f.model: f.reason for f in plan.failures if f.stage == f"method:{ROLLOUT}"}
    assert set(rollout) == {"convolutional", "pixels", "detached"}
    assert all(reason.endswith("; it can be done on attentive") for reason in rollout.values())
    assert "no attention matrices (it needs attention between all patches" in rollout["convolutional"]
    cam = {f.model: f.reason for f in plan.failures if f.stage == "method:grad-cam"}
    assert set(cam) == {"pixels", "detached"}
    assert "returns spatial features" in cam["pixels"]
    assert all(reason.endswith("; it can be done on convolutional, attentive") for reason in cam.values())
    saliency = {f.model: f.reason for f in plan.failures if f.stage == "method:saliency"}
    assert set(saliency) == {"detached"}
    assert "(it needs a path of differentiable operations from the pixels to the logits)" in saliency["detached"]
    assert all(failure.left_out for failure in plan.failures)
    assert any(line.startswith(f"{ROLLOUT} on convolutional: does not apply") for line in plan.problems)

    store = study(photos, ["convolutional", "attentive", "pixels", "detached"], methods).run(tmp_path / "out")
    assert {(one.model, one.label) for one in store.map_sets()} == {
        *(("attentive", method) for method in methods),
        *(("convolutional", method) for method in methods[1:]),
        ("pixels", "saliency"),
    }
    assert {(f.model, f.stage, f.reason) for f in store.failures()} == {
        (f.model, f.stage, f.reason) for f in plan.failures
    }
    assert set(store.models()) == set(MAKERS)  # of the one that nothing applies to there are predictions


def test_what_no_model_of_a_study_has_stops_it_before_work_with_every_model_named(
    photos: Path, tmp_path: Path, work: list[str]
) -> None:
    with pytest.raises(StudyError) as caught:
        study(photos, ["pixels", "convolutional", "detached"], ["lime", ROLLOUT]).run(tmp_path / "out")
    (problem,) = caught.value.problems
    assert problem.where == f"methods ({ROLLOUT})"
    assert problem.what.startswith("no model can do this: ")
    assert "convolutional: does not apply: it computes no attention matrices" in problem.what
    assert "detached: does not apply: the logits do not depend on the image" in problem.what
    assert "pixels: does not apply: no module of this network returns spatial features" in problem.what
    assert work == []
    assert not (tmp_path / "out").exists()


def test_explain_names_the_methods_that_apply_instead(photos: Path, work: list[str]) -> None:
    with pytest.raises(StudyError) as caught:
        explain(classifiers("pixels"), photos, ["saliency", ROLLOUT])
    (problem,) = caught.value.problems
    reason, _, instead = problem.what.partition("; these methods apply: ")
    assert reason.startswith("no model can do this: pixels: does not apply: ")
    listed = set(instead.split(", "))
    assert listed >= GRADIENT | NOTHING
    assert not listed & (FEATURES | ATTENTION)
    assert work == []


def test_explain_goes_on_with_the_models_that_have_it(photos: Path, work: list[str]) -> None:
    found = explain(classifiers("detached", "convolutional"), photos, ["saliency", "grad-cam"])
    assert set(found.maps) == {("convolutional", "saliency"), ("convolutional", "grad-cam")}
    assert {(f.model, f.stage) for f in found.failures} == {
        ("detached", "method:saliency"),
        ("detached", "method:grad-cam"),
    }
    assert all(f.reason.endswith("; it can be done on convolutional") for f in found.failures)
    assert set(found.predictions) == {"detached", "convolutional"}


def test_a_depth_in_blocks_on_a_network_without_any_does_not_stop_the_others(photos: Path) -> None:
    blocks = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(3)))
    repeated = nn.Sequential(blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 3))
    models = [*classifiers("convolutional"), load_model(repeated, label="repeated", preprocess=SIZE)]
    found = explain(models, photos, {"name": "grad-cam", "depth": 0.5, "depth_unit": "blocks"})
    assert set(found.maps) == {("repeated", "grad-cam")}
    (failure,) = found.failures
    assert failure.reason.startswith("does not apply: this network has no blocks to count")
    assert failure.reason.endswith("it can be done on repeated")


def test_long_lists_of_models_are_cut() -> None:
    failure = Failure("", "A", "method:one", "no eyes")
    (named,) = naming_others([failure], {"one": [f"M{i}" for i in range(9)]})
    assert named.reason == "no eyes; it can be done on M0, M1, M2, M3, M4, M5 and 3 more"
    others = [Failure("photo", "A", "method:one", "went wrong"), Failure("", "B", "load", "no file")]
    assert naming_others(others, {"one": ["C"], "load": ["C"]}) == others
    assert why_nowhere("one", [failure, Failure("", "B", "method:one", "no eyes"), *others]) == (
        "no model can do this: A, B: no eyes"
    )
