"""Pictures of the embedded world as images of a study: made when they are read, nothing on disk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ..core.errors import InputError, suggestion
from .image_set import Entry

#: pictures of one split that a study sees; a split itself has no end
COUNT = 1000


@dataclass(frozen=True)
class SceneContent:
    """A picture of the embedded world."""

    index: int
    split: str
    variant: str

    def read(self) -> bytes:
        """The picture as PPM: the same bytes, and so the same identity, whatever encoders are installed."""
        return _drawn(self.index, self.split, self.variant)


@lru_cache(maxsize=256)  # 7 MB: every classifier of a study reads the same pictures
def _drawn(index: int, split: str, variant: str) -> bytes:
    from ..scenes import scene
    from ..scenes.export import ppm

    return ppm(scene(index, split=split, variant=variant).image)


def list_scenes(source: str) -> list[Entry]:
    """The first thousand pictures of a split.

    Args:
        source: ``scenes``, ``scenes:SPLIT`` or ``scenes:SPLIT:VARIANT``; the split is ``test`` if not named.

    Raises:
        InputError: there is no such split or variant.
    """
    from ..scenes import CLASSES, SPLITS, VARIANTS, label_of

    parts = source.split(":")
    if len(parts) > 3:
        raise InputError(f"{source}: write scenes, scenes:SPLIT or scenes:SPLIT:VARIANT")
    split, variant = [*parts[1:], *("test", "clean")[len(parts) - 1 :]]
    for kind, name, known in (("split", split, SPLITS), ("variant", variant, VARIANTS)):
        if name not in known:
            raise InputError(f"{source}: there is no {kind} {name!r}{suggestion(name, known)}")
    return [
        Entry(f"{split}-{index:04}.ppm", CLASSES[label_of(index, split)], SceneContent(index, split, variant))
        for index in range(COUNT)
    ]
