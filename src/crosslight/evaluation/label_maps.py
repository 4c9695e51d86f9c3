"""Masks that are some classes of label maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.finding import files_of
from ..images.label_maps import Legend, find_classes, find_legend, label_map_problem, read_label_map, read_legend
from ..store import ImageEntry

__all__ = ["LabelMaps", "Legend", "find_classes", "find_legend", "read_label_maps", "read_legend"]


@dataclass(frozen=True)
class LabelMaps:
    """Masks that are some classes of label maps.

    Attributes:
        name: the folder and the classes.
        files: by the image's identity.
        legend: what the pixels mean.
        classes: those that are inside.
    """

    name: str
    files: Mapping[str, Path]
    legend: Legend
    classes: tuple[str, ...]

    def has(self, image: ImageEntry) -> bool:
        """Whether there is a label map of it."""
        return image.identity in self.files

    def problem(self, image: ImageEntry, size: tuple[int, int]) -> str:
        """Whether the file is no picture, or has another size; pixels are not read."""
        return label_map_problem(self.files[image.identity], self.legend, size)

    def read(self, image: ImageEntry, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Which pixels are of one of the classes.

        Raises:
            InputError: the file is damaged.
        """
        numbers = dict.fromkeys(self.classes, 1)
        return read_label_map(self.files[image.identity], self.legend, numbers) > 0


def read_label_maps(folder: Path, images: Sequence[ImageEntry], classes: Sequence[str], legend: Legend) -> LabelMaps:
    """The label maps in a folder, named like the images with or without their extension and folders.

    Args:
        folder: PNG files with numbers, a palette, or colours.
        images: of the study.
        classes: which classes are inside; names are found without regard to case.
        legend: what the pixels mean.

    Raises:
        UnknownNameError: the legend has no such class.
        InputError: no file belongs to an image, or it is in doubt to which.
    """
    return LabelMaps(
        f"{', '.join(classes)} of {folder}", files_of(folder, images), legend, find_classes(classes, legend.classes)
    )
