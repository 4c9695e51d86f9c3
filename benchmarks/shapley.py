"""How close estimated Shapley values are to the exact ones, ours against peers at the same number of evaluations.

Pictures are cut into 4 x 4 superpixels, all 65,536 coalitions of each are measured and kept in a folder, and every
estimator reads its outcomes from that table. ``python -m benchmarks.shapley`` is this section with options of its own.
The untouched and the hidden image count as evaluations for all. The error is ``|found - exact|^2 / |exact|^2``,
averaged over images and seeds; coverage is the share of superpixels whose exact value lies within 1.96 standard errors.

shap runs with ``l1_reg=False``, without which it sets most values to 0, and captum as it is.
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from math import comb
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import torch
from numpy.typing import NDArray

from crosslight.core.seeds import digest, seed_for
from crosslight.evidence import make_fill, shapley_values
from crosslight.evidence.masking import hide_segments
from crosslight.evidence.shapley_design import shapley_design
from crosslight.images import SegmentSettings, make_batch, open_images, segments_of
from crosslight.models import Classifier, load_model

from .rows import Row, printed

Floats = NDArray[np.float64]

PLAYERS, ALL, BATCH = 16, 1 << 16, 64
PLACES = 1 << np.arange(PLAYERS)
SAMPLES = (64, 512)
OUTPUTS = ("logit", "probability")
#: how many times larger a peer's error should be at least, by output
TARGETS = {"captum": {"logit": 20.0, "probability": 4.0}, "shap": {"logit": 4.0, "probability": 1.4}}
#: what share of exact values the intervals should hold, by evaluations
COVERAGE = {64: ">= 0.92", 512: "0.92 to 0.98"}
COLUMNS = ("captum error", "shap error", "least squares error", "our error", "captum", "shap", "coverage")
MODELS = ("scenes/resnet", "scenes/mobilenet", "scenes/levit")
CACHE = Path(gettempdir()) / "crosslight-coalitions"


def table(classifier: Classifier, images: int, folder: Path) -> Floats:
    """Scores of all coalitions of each image, ``[image, output, coalition]``; the members make the number in binary."""
    pictures = open_images("scenes", limit=images, sample="first")
    weights = classifier.facts.weights_digest if classifier.facts is not None else ""
    path = folder / f"{digest([classifier.label, weights, [p.identity for p in pictures]])}.npy"
    if path.is_file():
        return np.load(path, allow_pickle=False)
    batch = make_batch([p.load() for p in pictures], classifier.preprocess, [p.identity for p in pictures])
    settings = SegmentSettings(segmentation="grid", segments=PLAYERS)
    found = np.empty((images, len(OUTPUTS), ALL))
    keep = torch.from_numpy((np.arange(ALL)[:, None] & PLACES) > 0)
    for row, image in enumerate(batch.inputs):
        print(f"{classifier.label}: all coalitions of image {row + 1} of {images}", file=sys.stderr, flush=True)
        labels = torch.from_numpy(segments_of(batch, row, settings)).long()
        fill = make_fill(image[None], None, "zero", classifier.preprocess)[0]
        with torch.inference_mode(), classifier.evaluating():
            top = int(classifier.logits(image[None]).argmax())
            out = torch.empty((BATCH, *image.shape))
            for start in range(0, ALL, BATCH):
                hide_segments(image, fill, labels, keep[start : start + BATCH], out)
                logits = classifier.logits(out).double()
                found[row, 0, start : start + BATCH] = logits[:, top].numpy()
                found[row, 1, start : start + BATCH] = logits.softmax(1)[:, top].numpy()
    folder.mkdir(parents=True, exist_ok=True)
    np.save(path, found)
    return found


def exact(scores: Floats) -> Floats:
    """Shapley values by definition: weighted mean contributions over all coalitions."""
    members = (np.arange(ALL)[:, None] & PLACES) > 0
    sizes = members.sum(axis=1)
    joined = np.array([1 / (PLAYERS * comb(PLAYERS - 1, size - 1)) if size else 0 for size in range(PLAYERS + 1)])
    without = np.append(joined[1:], 0.0)
    return (joined[sizes] * scores) @ members - (without[sizes] * scores) @ ~members


def ours(scores: Floats, samples: int, seed: int, interactions: bool = True) -> tuple[Floats, Floats]:
    design = shapley_design(PLAYERS, samples // 2 - 1, seed_for(0, str(seed), "coalitions"))
    outcomes = scores[design.coalitions(range(len(design))) @ PLACES]
    return shapley_values(design, outcomes, float(scores[-1]), float(scores[0]), interactions=interactions)


def captum(scores: Floats, samples: int, seed: int) -> Floats:
    from captum.attr import KernelShap

    torch.manual_seed(seed)
    known, places = torch.from_numpy(scores), torch.from_numpy(PLACES)
    method = KernelShap(lambda rows: known[rows.round().long() @ places])
    whole = torch.ones(1, PLAYERS)
    return method.attribute(whole, baselines=0 * whole, n_samples=samples, perturbations_per_eval=samples)[0].numpy()


def shap(scores: Floats, samples: int, seed: int) -> Floats:
    import shap as package

    np.random.seed(seed)  # noqa: NPY002 - it draws from the global generator
    explainer = package.KernelExplainer(
        lambda rows: scores[rows.round().astype(int) @ PLACES], np.zeros((1, PLAYERS)), silent=True
    )
    return explainer.shap_values(np.ones((1, PLAYERS)), nsamples=samples - 2, l1_reg=False, silent=True)[0]


def compare(label: str, tables: Floats, output: int, samples: int, seeds: int) -> Row:
    """All estimators on all images and seeds."""
    errors: dict[str, list[float]] = {}
    inside: list[float] = []
    estimators: dict[str, Callable[[Floats, int, int], Floats]] = {
        "captum": captum,
        "shap": shap,
        "least squares": lambda scores, samples, seed: ours(scores, samples, seed, interactions=False)[0],
    }
    for image, scores in enumerate(tables[:, output]):
        truth = exact(scores)
        scale = float((truth**2).sum())
        for number in range(seeds):
            seed = number * len(tables) + image
            found, error = ours(scores, samples, seed)
            errors.setdefault("ours", []).append(float(((found - truth) ** 2).sum()) / scale)
            inside.append(float((np.abs(found - truth) <= 1.96 * error).mean()))
            for name, estimate in estimators.items():
                found = estimate(scores, samples, seed)
                errors.setdefault(name, []).append(float(((found - truth) ** 2).sum()) / scale)
    mean = {name: float(np.mean(values)) for name, values in errors.items()}
    kind = OUTPUTS[output]
    targets = {name: f">= {TARGETS[name][kind]:g}" for name in TARGETS}
    return Row(
        label,
        f"{kind}, {samples}",
        {
            "captum error": mean["captum"],
            "shap error": mean["shap"],
            "least squares error": mean["least squares"],
            "our error": mean["ours"],
            "captum": mean["captum"] / mean["ours"],
            "shap": mean["shap"] / mean["ours"],
            "coverage": float(np.mean(inside)),
        },
        targets | ({"coverage": COVERAGE[samples]} if samples in COVERAGE else {}),
    )


def shapley_rows(
    folder: Path = CACHE,
    models: Sequence[str] = MODELS,
    images: int = 6,
    seeds: int = 20,
    samples: Sequence[int] = SAMPLES,
) -> Iterator[Row]:
    """A row for each network, output and number of evaluations."""
    logging.getLogger("shap").setLevel(logging.ERROR)
    for name in models:
        tables = table(load_model(name), images, folder)
        for output in range(len(OUTPUTS)):
            for count in samples:
                yield compare(name, tables, output, count, seeds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--images", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--samples", type=int, nargs="+", default=list(SAMPLES))
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    rows = shapley_rows(options.cache, options.models, options.images, options.seeds, options.samples)
    for line in printed(COLUMNS, rows):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
