"""Which of a classifier's classes the images' labels mean."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..core.classes import Classes
from .image_set import ImageSet


@dataclass(frozen=True)
class LabelMap:
    """The labels of a set in the terms of one classifier.

    Attributes:
        indices: class index of each image, in the order of the set; None where it has no label or the label
            means none of the classes.
        unmapped: labels that mean none of the classes, with the number of images that bear them.
    """

    indices: tuple[int | None, ...]
    unmapped: dict[str, int] = field(default_factory=dict)

    @property
    def mapped(self) -> int:
        """How many images have a class."""
        return sum(index is not None for index in self.indices)


def map_labels(images: ImageSet, classes: Classes) -> LabelMap:
    """Find the class that each image's label means.

    Args:
        images: with labels that are WordNet ids (also at the beginning: ``n01440764_tench``), class names,
            one of several synonyms, or class indices.
        classes: the classifier's.
    """
    found = {label: classes.find(label) for label in images.classes}
    indices = tuple(None if record.label is None else found[record.label] for record in images)
    unmapped = Counter(r.label for r in images if r.label is not None and found[r.label] is None)
    return LabelMap(indices, {label: unmapped[label] for label in found if found[label] is None})
