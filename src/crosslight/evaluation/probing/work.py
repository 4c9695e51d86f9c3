"""What stays the same for all blocks of a model while its maps are probed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import CrosslightError
from ...store import MapSet, Store
from ...store.pictures import Pictures
from .asked import Asked
from .kept import Kept, read_kept

if TYPE_CHECKING:
    from ...core.geometry import Preprocess
    from ...models import Classifier


@dataclass(frozen=True)
class Work:
    """What stays the same for all blocks of a model.

    Attributes:
        store: whose maps.
        model: label of the model.
        sets: of maps of this model.
        asked: the metrics.
        load: gives the classifier on its device; called when something has to be measured.
        pictures: of the store.
        draws: random maps for each image.
        seed: of the evaluation.
        batch_size: most images that go through the network at once.
        base: folder that relative paths of a user's methods start from.
        tell: told of every map that is done.
    """

    store: Store
    model: str
    sets: tuple[MapSet, ...]
    asked: tuple[Asked, ...]
    load: Callable[[], Classifier]
    pictures: Pictures
    draws: int
    seed: int
    batch_size: int
    base: Path | None = None
    tell: Callable[[int], None] = lambda maps: None

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """What the store says of the model; nothing of maps made elsewhere."""
        try:
            return dict(self.store.predictions(self.model, slice(0, 0)).attributes)
        except CrosslightError:
            return {}

    @cached_property
    def preprocess(self) -> Preprocess | None:
        """How the model's inputs were made, as the store says."""
        from ...core.geometry import Preprocess

        try:
            stored: dict[str, Any] = self.attributes["preprocess"]
            given: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in stored.items()}
            return Preprocess(**given)
        except (KeyError, TypeError, ValueError):
            return None

    def said(self, asked: Asked) -> dict[str, Any]:
        """What values depend on beside the maps."""
        return {
            "metric": asked.name,
            "model": self.model,
            "digest": str(self.attributes.get("digest", "")),
            "settings": asked.written,
            "draws": self.draws if asked.with_baselines else 0,
            "seed": self.seed,
            "study_seed": self.store.manifest.seed,
        }

    def kept(self, asked: Asked, block: int) -> Kept:
        """What is on disk."""
        return read_kept(self.store.path, self.model, asked.name, self.said(asked), block)
