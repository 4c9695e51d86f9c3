"""Measures of similarity against scipy, scikit-learn and scikit-image, one pair of maps at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, pearsonr, spearmanr
from skimage.metrics import structural_similarity
from sklearn.metrics import cohen_kappa_score, jaccard_score
from sklearn.metrics.pairwise import cosine_similarity, rbf_kernel

from crosslight.agreement.measures import Cells, find_measure

SETS, IMAGES, SIDE = 4, 3, 24


def smooth(seed, signed=True):
    """Maps that have something in common; one is clipped below, so that half of its cells tie."""
    random = np.random.default_rng(seed)
    common = random.normal(size=(1, IMAGES, SIDE, SIDE))
    values = common + random.normal(size=(SETS, IMAGES, SIDE, SIDE))
    values = (values + np.roll(values, 1, axis=-1) + np.roll(values, 1, axis=-2)) / 3
    values[0] = np.maximum(values[0], 0)
    return values if signed else np.abs(values) / np.abs(values).max(axis=(-2, -1), keepdims=True)


def stretched(a):
    return (a - a.min()) / (a.max() - a.min())


def top(a, share):
    """The top share of the cells of a map in which the largest cells do not tie."""
    chosen = np.zeros(a.size, int)
    chosen[np.argsort(a)[a.size - round(share * a.size) :]] = 1
    return chosen


def classes(a, cuts):
    return np.digitize(stretched(a), cuts)


ORACLES = {
    "cosine": lambda a, b: cosine_similarity(a[None], b[None])[0, 0],
    "pearson": lambda a, b: pearsonr(a, b)[0],
    "spearman": lambda a, b: spearmanr(a, b)[0],
    "rbf:sigma=10,norm=none": lambda a, b: rbf_kernel(a[None], b[None], gamma=1 / 200)[0, 0],
    "iou": lambda a, b: jaccard_score(top(a, 0.1), top(b, 0.1)),
    "iou:share=0.25": lambda a, b: jaccard_score(top(a, 0.25), top(b, 0.25)),
    "iou-above": lambda a, b: jaccard_score(stretched(a) > 0.5, stretched(b) > 0.5),
    "kappa": lambda a, b: cohen_kappa_score(top(a, 0.1), top(b, 0.1)),
    "kappa:cuts=0.5": lambda a, b: cohen_kappa_score(classes(a, [0.5]), classes(b, [0.5])),
    "kappa:cuts=0.4/0.7": lambda a, b: cohen_kappa_score(classes(a, [0.4, 0.7]), classes(b, [0.4, 0.7])),
    "kappa:cuts=0.2/0.4/0.7": lambda a, b: cohen_kappa_score(classes(a, [0.2, 0.4, 0.7]), classes(b, [0.2, 0.4, 0.7])),
    "kendall:side=24": lambda a, b: kendalltau(np.abs(a), np.abs(b))[0],
    "rank-correlation:side=24": lambda a, b: spearmanr(np.abs(a), np.abs(b))[0],
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("text", ORACLES)
def test_every_pair(text, dtype):
    values = smooth(0).reshape(SETS, IMAGES, -1).astype(dtype)
    found = find_measure(text)(Cells(values, np.ones(SIDE**2), (SIDE, SIDE)))
    for image in range(IMAGES):
        for a in range(SETS):
            for b in range(SETS):
                wanted = ORACLES[text](values[a, image].astype(float), values[b, image].astype(float))
                assert found[image, a, b] == pytest.approx(wanted, abs=1e-10 if dtype is np.float64 else 1e-5)


@pytest.mark.parametrize("limit", [1.0, 2.0])
@pytest.mark.parametrize("signed", [True, False])
def test_ssim(limit, signed):
    values = smooth(1, signed)
    cells = Cells(values.reshape(SETS, IMAGES, -1), np.ones(SIDE**2), (SIDE, SIDE))
    found = find_measure(f"ssim:norm=none,range={limit}")(cells)
    for image in range(IMAGES):
        for a in range(SETS):
            for b in range(SETS):
                wanted = structural_similarity(
                    values[a, image],
                    values[b, image],
                    gaussian_weights=True,
                    use_sample_covariance=False,
                    sigma=1.5,
                    data_range=limit,
                )
                assert found[image, a, b] == pytest.approx(wanted, abs=1e-10)
