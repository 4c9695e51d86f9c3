"""Taking a classifier apart: the whole in one call, and its steps."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..core.progress import Progress, Silent
from .quantile import SHARE
from .records import Dissection, Labelling

if TYPE_CHECKING:
    from ..images import ImageSet
    from ..models import Classifier
    from .masks import ConceptMasks
    from .regions import Regions


def record_units(
    model: Classifier | str,
    images: ImageSet | str | os.PathLike[str] | Sequence[Any],
    layers: Sequence[str | float] | str | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    pooling: str = "mean",
    view: str = "model",
    share: float = SHARE,
    batch_size: int = 16,
    block: int = 64,
    progress: Progress | None = None,
) -> Dissection:
    """See `gather`."""
    raise NotImplementedError


def label_by_masks(
    dissection: Dissection,
    layer: str,
    masks: ConceptMasks,
    regions: Regions,
    *,
    units: Sequence[int] | None = None,
    threshold: float = 0.04,
    level: float | None = 0.01,
    permutations: int = 199,
    seed: int = 0,
    progress: Progress | None = None,
) -> Labelling:
    """See `masks.label`."""
    raise NotImplementedError


def dissect(
    model: Classifier | str,
    images: ImageSet | str | os.PathLike[str] | Sequence[Any],
    layers: Sequence[str | float] | str | None = None,
    *,
    masks: ConceptMasks | str | os.PathLike[str] | None = None,
    legend: str | os.PathLike[str] | None = None,
    concepts: Sequence[str] | str | os.PathLike[str] | None = None,
    encoder: str | None = None,
    score: str = "soft-wpmi",
    out: str | os.PathLike[str] | None = None,
    pooling: str = "mean",
    view: str = "model",
    share: float = SHARE,
    threshold: float = 0.04,
    batch_size: int = 16,
    block: int = 64,
    seed: int = 0,
    mask_settings: dict[str, Any] | None = None,
    word_settings: dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> Dissection:
    """Record the units, then label them by masks, by words, or both; saved in `out` if given."""
    raise NotImplementedError
