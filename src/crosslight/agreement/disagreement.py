"""Images ranked by how much models, or methods, disagree on them: the data of a disagreement browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..core.means import known_mean
from ..core.plain import Plain
from .aggregate import Agreement
from .covariates import image_agreement


@dataclass(frozen=True)
class Disagreement(Plain):
    """How much the sets of one agreement disagree on one image.

    Attributes:
        image: identity.
        index: position among all images.
        mean: mean similarity over pairs, with what single pairs miss made up for; see `image_agreement`.
        share: share of the images on which they agree less.
        lowest: the two sets that are least alike on it.
        value: their similarity.
        loner: the set whose maps differ most from those of all others on it.
        usual: how alike the loner is to the others on average over all images, less how alike it is here.
        same: whether all sets with a prediction predict one class; None where nothing is known of it.
    """

    image: str
    index: int
    mean: float
    share: float
    lowest: tuple[str, str]
    value: float
    loner: str
    usual: float
    same: bool | None = None


def rank_disagreement(agreement: Agreement, same: Mapping[str, bool] | None = None) -> tuple[Disagreement, ...]:
    """The images, those first on which the sets agree least.

    Args:
        agreement: of two sets or more.
        same: by image identity, whether all predict one class.

    Returns:
        One for every image with a known pair, and the same order whatever the order of the sets.
    """
    per_image = agreement.per_image
    if not len(per_image) or len(agreement.sets) < 2:
        return ()
    means = image_agreement(per_image)
    rows, columns = np.triu_indices(len(agreement.sets), 1)
    pairs = per_image[:, rows, columns]
    others = np.where(np.eye(len(agreement.sets), dtype=bool), np.nan, per_image)
    to_others = known_mean(others, -1)
    usual = known_mean(to_others, 0)
    known = np.flatnonzero(np.isfinite(means))
    ranked = known[np.argsort(means[known], kind="stable")]
    found = []
    for place, index in enumerate(ranked.tolist()):
        lowest = int(np.nanargmin(pairs[index]))
        gap = usual - to_others[index]
        loner = int(np.nanargmax(gap))
        image = agreement.images[index]
        found.append(
            Disagreement(
                image=image,
                index=index,
                mean=float(means[index]),
                share=place / len(ranked),
                lowest=(agreement.sets[rows[lowest]], agreement.sets[columns[lowest]]),
                value=float(pairs[index, lowest]),
                loner=agreement.sets[loner],
                usual=float(gap[loner]),
                same=None if same is None else same.get(image),
            )
        )
    return tuple(found)
