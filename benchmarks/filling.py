"""Filling in removed pixels for ROAD, against the sparse solve of Quantus."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from crosslight.core.geometry import Preprocess
from crosslight.evaluation.baselines import edge_map
from crosslight.evaluation.probing.imputation import impute
from crosslight.images import make_batch, open_images

from .networks import PHOTOGRAPHS
from .rows import Row
from .timing import interleaved

COLUMNS = ("peer ms", "ours ms", "faster", "mean error", "worst error")
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
TARGETS = {"faster": ">= 10", "mean error": "<= 0.001"}


def filling_rows(rounds: int, quick: bool) -> Iterator[Row]:
    """One row for each kind of map over all shares of pixels removed, and one for all of them."""
    picture = _picture(96 if quick else 224)
    spent, errors = [], []
    for kind, values in _maps(picture).items():
        own = [_measured(picture, values, share, rounds) for share in SHARES]
        spent += [seconds for seconds, _ in own]
        errors += [error for _, error in own]
        yield _row(kind, [seconds for seconds, _ in own], [error for _, error in own])
    yield _row("all", spent, errors, TARGETS)


def _picture(side: int) -> NDArray[np.float64]:
    source = PHOTOGRAPHS if PHOTOGRAPHS.is_dir() else "scenes"
    image = next(iter(open_images(source, limit=1, sample="first")))
    preprocess = Preprocess(size=(side, side), resize=None, mean=(0.0,) * 3, std=(1.0,) * 3)
    return make_batch([image.load()], preprocess).inputs[0].double().numpy()


def _maps(picture: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Maps as they come: smooth as a CAM's, grained as a gradient's, and noise, none with ties."""
    rng, side = np.random.default_rng(0), picture.shape[-1]
    edges = edge_map((255 * picture).astype(np.uint8).transpose(1, 2, 0))
    noise = rng.random((side, side))
    return {
        "smooth": zoom(rng.random((7, 7)), side / 7, order=3) + 1e-6 * noise,
        "grained": edges + noise,
        "noise": noise,
    }


def _measured(
    picture: NDArray[np.float64], values: NDArray[np.float64], share: float, rounds: int
) -> tuple[tuple[float, float], float]:
    """Median seconds of Quantus and ours, and the mean error as a share of the picture's range."""
    from quantus.functions.perturb_func import noisy_linear_imputation

    places = np.argsort(-values, axis=None)[: int(share * values.size)]
    removed = np.zeros(values.size, bool)
    removed[places] = True
    removed = removed.reshape(values.shape)
    ways: dict[str, Callable[[], NDArray[np.float64]]] = {
        "peer": lambda: noisy_linear_imputation(picture, places, noise=0.0),
        "ours": lambda: impute(picture, removed),
    }
    seconds = interleaved(ways, rounds)
    error = np.abs(ways["ours"]() - ways["peer"]())[:, removed].mean() / np.ptp(picture)
    return (statistics.median(seconds["peer"]), statistics.median(seconds["ours"])), float(error)


def _row(
    kind: str, spent: list[tuple[float, float]], errors: list[float], targets: dict[str, str] | None = None
) -> Row:
    peer, ours = (1e3 * sum(one) / len(spent) for one in zip(*spent, strict=True))
    found = {"peer ms": peer, "ours ms": ours, "faster": peer / ours}
    found |= {"mean error": float(np.mean(errors)), "worst error": max(errors)}
    return Row(kind, f"{len(spent)} fillings", found, targets or {})
