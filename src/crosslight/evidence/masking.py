"""Hiding parts of an image, written in place."""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError
from torch import Tensor

from .fills import check_fill


def check_whole_fill(fill: str) -> str:
    """A fill for masks that know no superpixels, in its one valid spelling.

    Args:
        fill: as `fills.check_fill` describes it.

    Raises:
        ValueError: it is no fill, or ``segment-mean``.
    """
    if (text := check_fill(fill)) == "segment-mean":
        raise PydanticCustomError("fill", "cannot be segment-mean: nothing here is cut into superpixels")
    return text


#: The type of a setting that names a fill which needs no superpixels.
WholeFill = Annotated[str, AfterValidator(check_whole_fill)]


def hide_segments(image: Tensor, hidden: Tensor, labels: Tensor, keep: Tensor, out: Tensor) -> None:
    """Show some segments of an image and hide the others.

    Args:
        image: ``[c, h, w]``.
        hidden: ``[c, h, w]``, or anything that broadcasts to it: what is seen where a segment is hidden.
        labels: int64 ``[h, w]``: the segment of each pixel, -1 for those that belong to none and stay.
        keep: bool ``[n, m]``: which of the m segments each variant shows.
        out: ``[n, c, h, w]``, written to.
    """
    # The last column is for pixels of no segment. Gathering numbers and interpolating by 0 or 1, which is exact, takes
    # a fifth of the time that indexing and choosing by truth values does.
    count = keep.shape[1]
    weights = torch.cat([keep, keep.new_ones((len(keep), 1))], dim=1).to(out.dtype)
    where = torch.where(labels < 0, count, labels).flatten()
    shown = weights.gather(1, where.expand(len(keep), -1)).view(len(keep), 1, *labels.shape)
    torch.lerp(hidden.expand_as(image), image, shown, out=out)


def blend(image: Tensor, hidden: Tensor, masks: Tensor, out: Tensor) -> None:
    """Show an image through soft masks.

    Args:
        image: ``[c, h, w]``.
        hidden: as in `hide_segments`.
        masks: ``[n, h, w]``: 1 shows the image, 0 what hides it.
        out: ``[n, c, h, w]``, written to.
    """
    torch.lerp(hidden.expand_as(image), image, masks[:, None], out=out)
