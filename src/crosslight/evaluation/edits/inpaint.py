"""Biharmonic inpainting: what is removed goes on as its surroundings do, in value and in slope."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from .edit import Cut, edit
from .harmonic import fill

#: pixels around the region that are solved with it; the equations reach two
_RIM = 4


@edit("inpaint", does="the {} removed", redraw="without")
def inpaint(cut: Cut, *, unknowns: int = 1000) -> NDArray[np.float64]:
    """Fill the region in smoothly from its surroundings, gradients included.

    No texture is made up: a large region becomes a smooth patch. What is left of the object, such as its shadow, can
    still be seen.

    Args:
        cut: the picture.
        unknowns: most pixels that are solved for; a larger region is filled in at a lower resolution, and then made to
            fit its rim at the full one. More of them follow the rim's texture, whose slopes then run far into the
            region and overshoot.

    Returns:
        float64 ``[h, w, 3]``; where all is removed, the mean colour.

    Raises:
        InputError: fewer than 100 unknowns.

    Source: Damelin and Hoang 2018, "On surface completion and image inpainting by biharmonic functions", as implemented
        by scikit-image (``inpaint_biharmonic``). Deviation: at a lower resolution where the region is large; the
        difference at the rim is spread over the region by Laplace's equation.
    """
    from skimage.restoration import inpaint_biharmonic

    if unknowns < 100:
        raise InputError(f"unknowns are 100 or more, not {unknowns}")
    if cut.removed.all():
        return fill(cut.picture, cut.removed)
    rows, columns = np.flatnonzero(cut.removed.any(axis=1)), np.flatnonzero(cut.removed.any(axis=0))
    part = (
        slice(max(0, rows[0] - _RIM), rows[-1] + _RIM + 1),
        slice(max(0, columns[0] - _RIM), columns[-1] + _RIM + 1),
    )
    picture, removed = cut.picture[part], cut.removed[part]
    out = cut.picture.copy()
    count = int(removed.sum())
    if count <= unknowns:
        out[part] = 255 * inpaint_biharmonic(picture / 255, removed, channel_axis=-1)
        return out
    # Removed pixels must not shine through into the small picture, so they are filled in roughly before.
    rough = fill(picture, removed)
    factor = (unknowns / count) ** 0.5
    size = [max(8, round(side * factor)) for side in removed.shape]
    small = _resized(rough, size)
    gone = _resized(removed[..., None].astype(np.float64), size)[..., 0] > 1e-3
    if gone.all():
        out[part] = rough
        return out
    smooth = _resized(255 * inpaint_biharmonic(small / 255, gone, channel_axis=-1), removed.shape)
    out[part] = np.clip(smooth + fill(picture - smooth, removed, bounded=False), 0, 255)
    return out


def _resized(values: NDArray[np.float64], size: tuple[int, ...] | list[int]) -> NDArray[np.float64]:
    """Another resolution: the mean of the pixels under each where it is lower, interpolated where it is higher."""
    from PIL import Image

    lower = size[0] <= values.shape[0]
    kind = Image.Resampling.BOX if lower else Image.Resampling.BICUBIC
    layers = [
        Image.fromarray(values[..., channel].astype(np.float32)).resize((size[1], size[0]), kind)
        for channel in range(values.shape[2])
    ]
    return np.stack([np.asarray(layer, np.float64) for layer in layers], axis=-1)
