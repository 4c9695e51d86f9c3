"""Ways to cut the pixels of a picture into segments, and their settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from ..core.errors import ImageError

Algorithm = Literal["slic", "grid", "felzenszwalb", "quickshift"]

#: The seed of Quickshift's random ties: scikit-image's own, which the lime package leaves as it is.
TIES = 42


def read_by(*algorithms: Algorithm, default: Any) -> AfterValidator:
    """A check that a setting stays at its default where the chosen algorithm does not read it.

    It belongs to the field, not to the model, so that it goes wherever the field is copied to. Maps therefore
    never differ in a setting that changes nothing.

    Args:
        algorithms: those that read it.
        default: the field's default.
    """

    def check(value: Any, info: ValidationInfo) -> Any:
        chosen = info.data.get("segmentation", algorithms[0])
        if chosen in algorithms or value == default:
            return value
        raise PydanticCustomError(
            "unread_setting",
            "must be left out with segmentation {chosen}, which does not read it ({readers})",
            {"chosen": repr(chosen), "readers": " and ".join(algorithms) + (" do" if algorithms[1:] else " does")},
        )

    return AfterValidator(check)


class SegmentSettings(BaseModel):
    """How pictures are cut into superpixels. Evidence that needs them has these settings beside its own.

    A setting that the chosen algorithm does not read must be left at its default.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    segmentation: Algorithm = Field(
        "slic",
        description="how superpixels are made: slic, grid (rectangles), felzenszwalb, or quickshift (as the lime "
        "package does it; its own defaults)",
    )
    segments: Annotated[int, read_by("slic", "grid", default=50)] = Field(
        50, ge=1, le=20_000, description="slic, grid: superpixels wanted; how many there are may differ"
    )
    compactness: Annotated[float, read_by("slic", default=20.0)] = Field(
        20.0, gt=0, le=1e6, description="slic: the higher, the squarer the superpixels, the less they follow colours"
    )
    iterations: Annotated[int, read_by("slic", default=10)] = Field(
        10, ge=1, le=1000, description="slic: rounds of k-means"
    )
    sigma: Annotated[float, read_by("slic", "felzenszwalb", default=1.0)] = Field(
        1.0,
        ge=0,
        le=100,
        description="slic, felzenszwalb: pixels (a standard deviation) by which colours are smoothed first",
    )
    scale: Annotated[float, read_by("felzenszwalb", default=300.0)] = Field(
        300.0, gt=0, le=1e9, description="felzenszwalb: the higher, the larger the superpixels"
    )
    min_size: Annotated[int, read_by("felzenszwalb", default=100)] = Field(
        100, ge=1, le=1_000_000, description="felzenszwalb: pixels of the smallest superpixel"
    )
    kernel_size: Annotated[float, read_by("quickshift", default=4.0)] = Field(
        4.0, ge=1, le=100, description="quickshift: width in pixels of the density's kernel"
    )
    max_dist: Annotated[float, read_by("quickshift", default=200.0)] = Field(
        200.0, gt=0, le=1e6, description="quickshift: the longest link; the higher, the fewer the superpixels"
    )
    ratio: Annotated[float, read_by("quickshift", default=0.2)] = Field(
        0.2, ge=0, le=1, description="quickshift: the weight of colour against distance"
    )
    segment_input: bool = Field(
        False,
        description="cut up what each classifier sees of a picture, as other packages do, rather than the picture; "
        "classifiers then differ in their superpixels",
    )


_READ: Mapping[Algorithm, tuple[str, ...]] = {
    "slic": ("segments", "compactness", "iterations", "sigma"),
    "grid": ("segments",),
    "felzenszwalb": ("sigma", "scale", "min_size"),
    "quickshift": ("kernel_size", "max_dist", "ratio"),
}


def settings_read(settings: SegmentSettings) -> dict[str, Any]:
    """The settings that the chosen algorithm reads."""
    return {name: getattr(settings, name) for name in _READ[settings.segmentation]}


def segment(pixels: NDArray[np.uint8], settings: SegmentSettings, seed: int = TIES) -> NDArray[np.int64]:
    """Cut pixels into segments.

    Args:
        pixels: uint8 ``[h, w, 3]``, RGB.
        settings: the algorithm and its settings.
        seed: breaks ties of quickshift; the other algorithms draw nothing.

    Returns:
        ``[h, w]``, from 0, in the order of the algorithm; not every number need occur.

    Raises:
        ImageError: there are fewer pixels than segments wanted.

    Source: slic: Achanta et al. 2012; felzenszwalb: Felzenszwalb and Huttenlocher 2004, whose `scale` for small
        pictures is the default; quickshift: Vedaldi and Soatto 2008; all as scikit-image has them. Pixels go in as
        8-bit integers, as they mostly reach scikit-image through the lime package. Deviation: SLIC smooths colours
        by one pixel and is twice as compact as scikit-image by default, which without both finds as few as 4 of 50
        superpixels in textured photographs.
    """
    from skimage.segmentation import felzenszwalb, quickshift, slic

    height, width = pixels.shape[:2]
    if settings.segmentation in ("slic", "grid") and settings.segments > height * width:
        raise ImageError(
            f"{settings.segments:,} segments are wanted of {width} x {height} pixels; lower the setting 'segments'"
        )
    labels: NDArray[np.int64]
    match settings.segmentation:
        case "slic":
            labels = slic(
                pixels,
                n_segments=settings.segments,
                compactness=settings.compactness,
                max_num_iter=settings.iterations,
                sigma=settings.sigma,
                start_label=0,
                enforce_connectivity=True,
                channel_axis=-1,
            )
        case "grid":
            labels = _grid(height, width, settings.segments)
        case "felzenszwalb":
            labels = felzenszwalb(
                pixels, scale=settings.scale, sigma=settings.sigma, min_size=settings.min_size, channel_axis=-1
            )
        case "quickshift":
            labels = quickshift(
                pixels,
                kernel_size=settings.kernel_size,
                max_dist=settings.max_dist,
                ratio=settings.ratio,
                rng=seed,
                channel_axis=-1,
            )
    return labels


def grid_shape(height: int, width: int, segments: int) -> tuple[int, int]:
    """Rows and columns of a grid of about so many cells that are about square.

    Of all grids the one with the least ``2 |ln(cells / segments)| + |ln(cell width / cell height)|``: 7 x 7 for 50
    cells of a square, 6 x 8 of a 4:3 picture; exactly 48 of a 4:3 picture, or 1.

    Args:
        height: in pixels.
        width: in pixels.
        segments: cells wanted, no more than there are pixels.
    """
    rows = np.arange(1, min(height, segments) + 1)[:, None]
    # The cost is convex in the logarithm of the columns, and least where the number of cells is right.
    columns = np.clip(np.concatenate([segments // rows, -(-segments // rows)], axis=1), 1, width)
    cost = 2 * np.abs(np.log(rows * columns / segments)) + np.abs(np.log(width * rows / (columns * height)))
    row, column = np.unravel_index(np.argmin(np.round(cost, 12)), cost.shape)
    return int(rows[row, 0]), int(columns[row, column])


def _grid(height: int, width: int, segments: int) -> NDArray[np.int64]:
    rows, columns = grid_shape(height, width, segments)
    down = np.arange(height) * rows // height
    across = np.arange(width) * columns // width
    return down[:, None] * columns + across
