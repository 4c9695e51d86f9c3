"""Images: where they come from, how they are decoded, and what a classifier sees of them."""

from __future__ import annotations

from .batch import Batch, make_batch
from .decode import decode
from .image_set import ImageRecord, ImageSet
from .labels import LabelMap, map_labels
from .segmenters import SegmentSettings
from .sources import open_images
from .subset import choose
from .superpixels import Superpixels, segments_of, superpixels, superpixels_of, through_crop
from .transforms import prepare, to_picture

__all__ = [
    "Batch",
    "ImageRecord",
    "ImageSet",
    "LabelMap",
    "SegmentSettings",
    "Superpixels",
    "choose",
    "decode",
    "make_batch",
    "map_labels",
    "open_images",
    "prepare",
    "segments_of",
    "superpixels",
    "superpixels_of",
    "through_crop",
    "to_picture",
]
