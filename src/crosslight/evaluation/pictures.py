"""The pictures of a study and their sizes, as far as scoring needs them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import ImageError
from ..store import ImageEntry, Store, StoreError
from .masks import MaskSource, SceneMasks, has_own_masks, scene_masks

#: gives a picture as uint8 ``[h, w, 3]``, or None where it cannot be had
Picture = Callable[[ImageEntry], NDArray[np.uint8] | None]


def picture_sizes(store: Store) -> NDArray[np.int32]:
    """Height and width of each upright picture, -1 where no model knows it: int32 ``[image, 2]``."""
    sizes = np.full((len(store.manifest.images), 2), -1, np.int32)
    for number in range(store.blocks):
        rows = store.block_slice(number)
        for model in store.models():
            if (sizes[rows] > 0).all():
                break
            try:
                known = store.predictions(model, rows).sizes
            except StoreError:  # maps from elsewhere
                continue
            sizes[rows] = np.where(sizes[rows] > 0, sizes[rows], known)
    return sizes


def pictures_of(store: Store, masks: MaskSource) -> Picture:
    """How to get at the pictures of a store: scenes are made, others are looked for where the study found them.

    Args:
        store: whose pictures.
        masks: of them; scenes that were made for their masks are not made again.
    """
    if isinstance(masks, SceneMasks) or has_own_masks(store):
        scenes = masks if isinstance(masks, SceneMasks) else scene_masks(store)
        return lambda image: scenes.scene(image).image

    @cache
    def found() -> Any:
        from ..store.pictures import Pictures  # PyTorch comes with it

        return Pictures.of(store)

    def read(image: ImageEntry) -> NDArray[np.uint8] | None:
        try:
            return np.asarray(found().load(image.identity))
        except ImageError:
            return None

    return read
