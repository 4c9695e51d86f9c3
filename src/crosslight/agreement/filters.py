"""Which images a comparison is restricted to: by predictions, by class, or by any mask; per pair of sets if need be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.errors import InputError


@dataclass(frozen=True)
class Filter:
    """Some of the images, for all pairs of sets or for each by itself.

    Attributes:
        name: as recorded with a result, such as ``same prediction``.
        mask: bool ``[image]`` or ``[image, set, set]``: what stays.
    """

    name: str
    mask: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.mask.dtype != bool or self.mask.ndim not in (1, 3):
            raise InputError(f"the filter {self.name!r} needs a mask of true and false, [image] or [image, set, set]")

    def __and__(self, other: Filter) -> Filter:
        """What both leave."""
        masks = [self.mask, other.mask]
        if {mask.ndim for mask in masks} == {1, 3}:
            masks = [mask.reshape(len(mask), *(mask.shape[1:] or (1, 1))) for mask in masks]
        return Filter(f"{self.name} and {other.name}", masks[0] & masks[1])

    def pairs(self, sets: int) -> NDArray[np.bool_]:
        """The mask for every pair, ``[image, set, set]``.

        Raises:
            InputError: the mask is one of another number of sets.
        """
        mask = self.mask if self.mask.ndim == 3 else self.mask[:, None, None]
        if mask.shape[1:] not in ((1, 1), (sets, sets)):
            raise InputError(f"the filter {self.name!r} is for {mask.shape[1]} sets, not for {sets}")
        return np.broadcast_to(mask, (len(mask), sets, sets))


def same_prediction(predicted: ArrayLike) -> Filter:
    """For each pair of models the images on which both predict the same class.

    Args:
        predicted: integers ``[set, image]``: top-1 class of each set's model in one list of classes; negative where
            there is no prediction, which equals no other.
    """
    own = np.asarray(predicted).T
    known = own >= 0
    same = (own[:, :, None] == own[:, None, :]) & known[:, :, None] & known[:, None, :]
    return Filter("same prediction", same)


def all_correct(predicted: ArrayLike, labels: ArrayLike) -> Filter:
    """The images that all models classify correctly.

    Args:
        predicted: integers ``[set, image]``, negative where there is no prediction.
        labels: integers ``[image]`` in the same list of classes; negative where there is no label.
    """
    truth = np.asarray(labels)
    return Filter("all models correct", ((np.asarray(predicted) == truth) & (truth >= 0)).all(axis=0))


def one_class(labels: Sequence[object], wanted: object) -> Filter:
    """The images of one class.

    Args:
        labels: ``[image]``: of any type.
        wanted: the label to keep.

    Raises:
        InputError: no image has that label.
    """
    mask = np.array([label == wanted for label in labels], bool)
    if not mask.any():
        raise InputError(f"no image is of the class {wanted!r}")
    return Filter(f"class {wanted}", mask)
