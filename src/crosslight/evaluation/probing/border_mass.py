"""Border mass: how much of a map lies at the edge of the picture."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor

from .metric import probe_metric
from .subject import Subject


@probe_metric("border-mass", group="complexity", better="lower", reference="no paper: a check for artefacts")
def border_mass(subject: Subject, *, width: Annotated[float, Field(gt=0, lt=0.5)] = 0.0625) -> Tensor:
    """The share of a map's magnitude that lies in the outer ring of the input.

    Args:
        subject: the maps.
        width: of the ring, as a share of the input's height and width; at least one pixel.

    Returns:
        float64 ``[b]`` in [0, 1]; NaN where a map is zero. A constant map has the ring's share of the area, which for
        the default width is .23.

    Source: none; objects are rarely at the very edge, and padding makes many networks' maps peak there.

    Cannot tell: an artefact from an object that does reach the edge. Read it beside the random and the centred map: a
        low value is no merit by itself, since a blob in the centre has the lowest.
    """
    values = subject.maps.abs()
    rows, columns = (max(1, round(width * size)) for size in values.shape[1:])
    inner = values[:, rows : values.shape[1] - rows, columns : values.shape[2] - columns]
    total = values.sum(dim=(1, 2))
    return (total - inner.sum(dim=(1, 2))).clamp_min(0) / total
