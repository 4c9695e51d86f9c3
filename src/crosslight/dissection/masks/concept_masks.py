"""What labelled pixels are, wherever they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...store import ImageEntry


@dataclass(frozen=True)
class ImageLabels:
    """What is where in one picture.

    Attributes:
        size: rows and columns of the planes, whatever the picture's own size.
        planes: by category, integers ``[rows, columns]``: numbers of concepts, from 1; 0 is none. A category may have
            several planes, and a pixel then several concepts.
        whole: by category, numbers of the concepts that hold for the whole picture.
    """

    size: tuple[int, int]
    planes: Mapping[str, tuple[NDArray[np.integer], ...]] = field(default_factory=dict)
    whole: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def categories(self) -> frozenset[str]:
        """Those that the picture is annotated in, even if nothing of them is there."""
        return frozenset((*self.planes, *self.whole))


class ConceptMasks(Protocol):
    """Where the concepts of a set of pictures are."""

    @property
    def name(self) -> str:
        """In words, as it is recorded with a result."""

    @property
    def concepts(self) -> tuple[str, ...]:
        """What there is; the concept of number n is the n-th. One of two categories is there twice."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The category of each concept; empty words where they have none."""

    def labels(self, image: ImageEntry, size: tuple[int, int]) -> ImageLabels | None:
        """What is where in a picture; None where that is not known.

        Args:
            image: by its identity and name.
            size: height and width of the upright picture in pixels.

        Raises:
            InputError: its labels cannot be read, or belong to another picture.
        """
