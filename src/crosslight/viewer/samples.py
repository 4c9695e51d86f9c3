"""Pictures to try the viewer with: those of the study, else of the embedded world."""

from __future__ import annotations

import threading
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..core.errors import ImageError
from .refusal import Refused

if TYPE_CHECKING:
    from ..store import Store
    from ..store.pictures import Pictures

#: how many are offered
COUNT = 24


class Samples:
    """Pictures that can be taken without having one at hand.

    Args:
        store: the study's, or None for pictures of the embedded world.
    """

    def __init__(self, store: Store | None):
        self._store, self._lock = store, threading.Lock()
        self._pictures: Pictures | None = None
        if store is not None:
            chosen = store.manifest.images[:COUNT]
            self._names = {image.identity: PurePosixPath(image.name).name for image in chosen}
        else:
            from ..scenes import CLASSES, label_of

            self._names = {f"scene-{index}": f"{CLASSES[label_of(index, 'test')]} {index}" for index in range(COUNT)}

    def describe(self) -> list[dict[str, str]]:
        """What there is."""
        return [{"id": identity, "name": name} for identity, name in self._names.items()]

    def read(self, identity: str) -> tuple[bytes, str]:
        """A picture's bytes, and its name.

        Raises:
            Refused: there is none, or its file is not there any more.
        """
        if identity not in self._names:
            raise Refused(404, "there is no such picture", "take one of those that the page lists")
        try:
            return self._bytes(identity), self._names[identity]
        except ImageError as error:
            raise Refused(404, f"{self._names[identity]}: {error}", "drop the photograph itself") from None

    def _bytes(self, identity: str) -> bytes:
        if self._store is None:
            from ..images.embedded import SceneContent

            return SceneContent(int(identity.removeprefix("scene-")), "test", "clean").read()
        with self._lock:
            if self._pictures is None:
                from ..store.pictures import Pictures

                self._pictures = Pictures.of(self._store)
        record = self._pictures.records.get(identity)
        if record is None:
            raise ImageError("the study's pictures are not where they were")
        return record.bytes()
