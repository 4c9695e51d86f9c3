"""LIME equals the lime package on the same superpixels, samples and network; and captum's on the same samples."""

from __future__ import annotations

import json
import logging
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from crosslight.core.geometry import Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering, NeighbourhoodOutcomes
from crosslight.evidence.local_models import distances, kernel_weights, local_model
from crosslight.evidence.neighbourhood import draw
from crosslight.images import make_batch, open_images
from crosslight.methods import METHODS, attribute
from crosslight.models import Classifier
from crosslight.study import check_study
from crosslight.study.parameters import settings_of

lime_base = pytest.importorskip("lime.lime_base")
lime_image = pytest.importorskip("lime.lime_image")
SPEC = METHODS["lime"]
OWN = TargetPolicy()
CLOSE = 1e-6
SIZE = 24


class Smooth(nn.Module):
    """A small convolutional network without kinks."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(4)
        self.first = nn.Parameter(torch.randn((6, 3, 5, 5), generator=generator) / 5)
        self.head = nn.Parameter(torch.randn((4, 6, SIZE // 2 - 2, SIZE // 2 - 2), generator=generator) / 4)

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("bchw,kchw->bk", torch.tanh(nn.functional.conv2d(x, self.first, stride=2)), self.head)


def gathering() -> Gathering:
    preprocess = Preprocess(size=(SIZE, SIZE), resize=None, mean=(0.5,) * 3, std=(0.25,) * 3)
    rng = np.random.default_rng(0)
    coarse = (rng.integers(0, 256, (6, 6, 3), np.uint8) for _ in range(2))
    pictures = [Image.fromarray(part).resize((SIZE, SIZE), Image.Resampling.BICUBIC) for part in coarse]
    batch = make_batch(pictures, preprocess, ["a", "b"])
    batch = type(batch)(**{**vars(batch), "inputs": batch.inputs.double()})
    return Gathering(Classifier(Smooth().double(), preprocess), batch, batch_size=64)


def game(count: int, features: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples, and scores with interactions."""
    rng = np.random.default_rng(seed)
    rows = draw(count, features, seed)
    first, second = rng.standard_normal((2, features))
    return rows, 1 / (1 + np.exp(-np.tanh(rows @ first / 2) - 0.5 * np.sin(rows @ second)))


def theirs(rows, scores, metric, width, **options) -> np.ndarray:
    """Coefficients of lime's own regression."""
    from sklearn.metrics import pairwise_distances

    base = lime_base.LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / width**2)), random_state=0)
    data = rows.astype(int)
    far = pairwise_distances(data, data[:1], metric=metric).ravel()
    _, found, score, _ = base.explain_instance_with_data(data, scores[:, None], far, 0, **options)
    values = np.zeros(rows.shape[1])
    for feature, value in found:
        values[feature] = value
    return np.append(values, score)


def ours(rows, scores, metric, width, **options) -> np.ndarray:
    model = local_model(rows, scores, kernel_weights(distances(rows, metric), width), **options)
    return np.append(model.coefficients, model.score)


METRICS = ("cosine", "euclidean", "cityblock", "hamming")
SELECTIONS = ("auto", "forward_selection", "highest_weights", "lasso_path", "none")


@pytest.mark.parametrize("metric", METRICS)
def test_the_same_regression(metric: str) -> None:
    rows, scores = game(150, 20, 0)
    usual = float(distances(rows, metric).mean())
    for num_features, width in product((1, 4, 6, 9, 100_000), (0.4 * usual, 0.9 * usual, 5 * usual)):
        options = {"num_features": num_features, "feature_selection": "auto"}
        expected = theirs(rows, scores, metric, width, **options)
        assert ours(rows, scores, metric, width, **options) == pytest.approx(expected, abs=CLOSE), (num_features, width)


@pytest.mark.parametrize("how", SELECTIONS)
@pytest.mark.parametrize("num_features", [1, 3, 12])
def test_the_same_features(how: str, num_features: int) -> None:
    for seed in range(4):
        rows, scores = game(90, 16, seed)
        options = {"num_features": num_features, "feature_selection": how}
        expected = theirs(rows, scores, "cosine", 0.25, **options)
        assert ours(rows, scores, "cosine", 0.25, **options) == pytest.approx(expected, abs=CLOSE)


@pytest.mark.parametrize("regressor", ["linear", "lasso"])
def test_the_same_regressors(regressor: str) -> None:
    from sklearn.linear_model import Lasso, LinearRegression

    rows, scores = game(200, 12, 0)
    model = LinearRegression() if regressor == "linear" else Lasso(alpha=0.003, tol=1e-12, max_iter=100_000)
    expected = theirs(rows, scores, "cosine", 0.25, num_features=50, feature_selection="none", model_regressor=model)
    penalty = None if regressor == "linear" else 0.003
    found = ours(
        rows, scores, "cosine", 0.25, num_features=50, feature_selection="none", regressor=regressor, penalty=penalty
    )
    assert found == pytest.approx(expected, abs=CLOSE)
    assert regressor == "linear" or 0 < (found[:-1] == 0).sum() < 12


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("num_features", [3, 100_000])
@pytest.mark.parametrize("hide_color", [None, 0.0])
def test_the_whole_package(metric: str, num_features: int, hide_color: float | None) -> None:
    """`LimeImageExplainer` on the normalised input, with our superpixels, from segmenting to coefficients."""
    work = gathering()
    cut = {"segmentation": "grid", "segments": 16, "num_samples": 120, "random_seed": 7}
    cut["hide_color"] = hide_color if hide_color is None else "zero"
    width = 0.25 if metric == "cosine" else 3.0
    settings = SPEC.settings(**cut, num_features=num_features, distance_metric=metric, kernel_width=width)
    maps = attribute(work, SPEC, settings, OWN).maps
    labels = work.get(NeighbourhoodOutcomes, SPEC.evidence_settings(settings), OWN).labels.numpy()

    def classify(images: np.ndarray) -> np.ndarray:
        return work.classifier.logits(torch.from_numpy(images).permute(0, 3, 1, 2)).softmax(1).detach().numpy()

    for row, image in enumerate(work.inputs.permute(0, 2, 3, 1).numpy()):
        target = int(work.targets(OWN).classes[row])
        explainer = lime_image.LimeImageExplainer(kernel_width=width, random_state=7)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lime_image, "tqdm", lambda rows: rows)
            found = explainer.explain_instance(
                image, classify, labels=[target], top_labels=None, hide_color=hide_color, num_features=num_features,
                num_samples=120, segmentation_fn=lambda _, row=row: labels[row], distance_metric=metric, random_seed=0,
            )  # fmt: skip
        values = np.zeros(16)
        for feature, value in found.local_exp[target]:
            values[feature] = value
        assert maps[row].numpy() == pytest.approx(values[labels[row]], abs=CLOSE)
        assert np.abs(values).max() > 0.01, "or the comparison says nothing"


def test_captum() -> None:
    """Their LIME given our samples one after the other, our weights, and ridge."""
    attr = pytest.importorskip("captum.attr")
    linear = pytest.importorskip("captum._utils.models.linear_model")
    logging.getLogger("captum").setLevel(logging.ERROR)
    work = gathering()
    settings = SPEC.settings(segmentation="grid", segments=16, num_samples=120, hide_color="zero")
    evidence = work.get(NeighbourhoodOutcomes, SPEC.evidence_settings(settings), OWN)
    maps = attribute(work, SPEC, settings, OWN).maps
    for row in range(2):
        rows = iter(torch.from_numpy(evidence.samples[row]).double()[:, None])

        def near(_original: Tensor, _perturbed: Tensor, sample: Tensor, **_options) -> Tensor:
            weight = kernel_weights(distances(sample.bool().numpy(), "cosine"), 0.25)
            return torch.tensor(float(weight[0]), dtype=torch.double)

        explainer = attr.Lime(
            lambda inputs: work.classifier.logits(inputs).softmax(1),
            interpretable_model=linear.SkLearnRidge(alpha=1.0, fit_intercept=True),
            similarity_func=near,
            perturb_func=lambda _, rows=rows, **_options: next(rows),
        )
        theirs = explainer.attribute(
            work.inputs[[row]], target=int(work.targets(OWN).classes[row]), feature_mask=evidence.labels[row],
            baselines=0.0, n_samples=120,
        )  # fmt: skip
        assert maps[row].numpy() == pytest.approx(theirs[0, 0].detach().numpy(), abs=CLOSE)


FILES = ("group21/lime_params.json", "group27/lime_params_default.json", "group27/lime_params_tuned.json")


@pytest.mark.parametrize("file", FILES)
def test_published_parameters_can_be_read(shared: Path, file: str) -> None:
    """Of ten photographs each, as students of a course tuned them for the lime package."""
    path = shared / "reference/assignment" / file
    if not path.is_file():
        pytest.skip("the published parameters are not here")
    given = json.loads(path.read_text(encoding="utf-8"))
    tables = {
        "images": {"source": str(shared / "data/imagenet-sample")},
        "models": [{"name": "timm/resnet18", "weights": "none"}],
        "methods": [{"name": "lime", "parameters": str(path)}],
    }
    (task,) = check_study(tables).tasks
    images = [record.name for record in open_images(shared / "data/imagenet-sample")]
    named = {name: image for image in images if (name := task.parameters.named(image)) is not None}
    assert named.keys() == given.keys(), "ImageNet's file names begin with a number, which the files leave out"
    assert len(named) == 10 < len(images)
    for name, image in named.items():
        settings = settings_of(task, image)
        assert settings.segmentation == "quickshift"
        assert settings.num_samples == given[name]["num_samples"]
        assert settings.num_features == given[name]["num_features"]
        colour = given[name]["hide_color"]
        levels = {None: "segment-mean", 0: "#000000"}.get(colour) if not isinstance(colour, list) else None
        assert settings.hide_color == (levels or "#{:02x}{:02x}{:02x}".format(*colour))
