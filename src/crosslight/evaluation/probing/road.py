"""ROAD: what the classifier says when pixels are removed so that their removal gives nothing away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ...core.seeds import seed_for
from .imputation import impute
from .metric import probe_metric
from .ranking import ranks
from .subject import Subject

_REFERENCE = "Rong et al. 2022, ROAD, arXiv:2202.00449"

#: which pixels are removed: the highest of a map, or the lowest
Order = Literal["morf", "lerf"]

#: shares of the pixels
Shares = Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=1)]

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)


@probe_metric("road", group="faithfulness", better="higher", reference=_REFERENCE)
def road(
    subject: Subject,
    *,
    shares: Shares = SHARES,
    noise: Annotated[float, Field(ge=0)] = 0.01,
    tolerance: Annotated[float, Field(gt=0)] = 2e-4,
) -> Tensor:
    """Half the probability without the lowest pixels less that without the highest, averaged over shares removed.

    Removed pixels are filled in from those around them, with a little noise, so that neither their shape nor a colour
    of their own tells the classifier what was there.

    Args:
        subject: the maps.
        shares: of the pixels, how many are removed.
        noise: standard deviation of what is added to filled-in pixels, in normalised units.
        tolerance: of the filling, see `imputation.impute`.

    Returns:
        float64 ``[b]`` in [-0.5, 0.5]; about 0 for a map that knows nothing.

    Source: Rong et al. 2022, section 4; both orders in one number as in pytorch-grad-cam's ``ROADCombined``. Deviation:
        the probability in place of the share of right predictions, which needs many images; `road_curve` gives
        either.

    Cannot tell: whether the classifier would have used the filled-in pixels as it did had it been trained on such
        pictures. Smooth fillings favour maps whose high pixels lie together.
    """
    lowest = road_curve(subject, shares, "lerf", noise=noise, tolerance=tolerance)
    highest = road_curve(subject, shares, "morf", noise=noise, tolerance=tolerance)
    return (lowest - highest).mean(dim=1) / 2


@probe_metric("road-morf", group="faithfulness", better="lower", reference=_REFERENCE)
def road_morf(
    subject: Subject,
    *,
    shares: Shares = SHARES,
    noise: Annotated[float, Field(ge=0)] = 0.01,
    tolerance: Annotated[float, Field(gt=0)] = 2e-4,
) -> Tensor:
    """Probability without the map's highest pixels, averaged over shares removed.

    Args:
        subject: as for `road`.
        shares: as for `road`.
        noise: as for `road`.
        tolerance: as for `road`.

    Returns:
        float64 ``[b]`` in [0, 1].

    Source: Rong et al. 2022, "most relevant first".

    Cannot tell: what `road` cannot. Classifiers that are sure of nothing have low values under every map.
    """
    return road_curve(subject, shares, "morf", noise=noise, tolerance=tolerance).mean(dim=1)


@probe_metric("road-lerf", group="faithfulness", better="higher", reference=_REFERENCE)
def road_lerf(
    subject: Subject,
    *,
    shares: Shares = SHARES,
    noise: Annotated[float, Field(ge=0)] = 0.01,
    tolerance: Annotated[float, Field(gt=0)] = 2e-4,
) -> Tensor:
    """Probability without the map's lowest pixels, averaged over shares removed.

    Args:
        subject: as for `road`.
        shares: as for `road`.
        noise: as for `road`.
        tolerance: as for `road`.

    Returns:
        float64 ``[b]`` in [0, 1].

    Source: Rong et al. 2022, "least relevant first".

    Cannot tell: what `road` cannot.
    """
    return road_curve(subject, shares, "lerf", noise=noise, tolerance=tolerance).mean(dim=1)


def road_curve(
    subject: Subject,
    shares: Sequence[float],
    order: Order,
    *,
    output: Literal["probability", "logit", "kept"] = "probability",
    noise: float = 0.01,
    tolerance: float = 2e-4,
) -> Tensor:
    """The output with shares of the pixels removed and filled in.

    The noise is the same for all maps of an image.

    Args:
        subject: the maps.
        shares: of the pixels, in (0, 1); rounded down to whole pixels, as the authors do.
        order: the highest pixels first (``morf``), or the lowest (``lerf``).
        output: of the class explained: its probability, its logit, or 1 where it is still the first class, else 0.
        noise: see `road`.
        tolerance: see `road`.

    Returns:
        float64 ``[b, share]``, NaN for images without a class.
    """
    inputs = subject.inputs
    maps = -subject.maps if order == "lerf" else subject.maps
    places = ranks(maps, subject.identities, subject.seed).cpu().numpy()
    counts = [int(places[0].size * share) for share in shares] if len(places) else []

    def write(row: int, variants: range, out: Tensor) -> None:
        picture = inputs[row].cpu().numpy()
        for slot, variant in zip(out, variants, strict=True):
            removed = places[row] < counts[variant]
            filled = impute(picture, removed, tolerance=tolerance)
            filled[:, removed] += noise * _noise(subject, row, filled.shape)[:, removed]
            slot.copy_(torch.from_numpy(filled))

    each = [len(counts)] * len(subject)
    values = subject.kept(each, write) if output == "kept" else subject.scores(each, write, output)
    known = subject.targets.valid.cpu()[:, None]
    return torch.where(known, torch.stack(values).cpu(), torch.nan) if each else torch.empty(0, len(counts))


def _noise(subject: Subject, row: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed_for(subject.seed, subject.identities[row], "road")).standard_normal(shape)
