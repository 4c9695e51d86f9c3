"""The pictures that a study was made of, found again by their identity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from PIL import Image

from ..core.errors import CrosslightError, ImageError
from ..images import ImageRecord, open_images
from .store import Store

#: decoded pixels that are kept for the next map of the same picture
KEEP_PIXELS = 64_000_000


@dataclass
class Pictures:
    """Pictures by identity, decoded when asked for.

    Attributes:
        records: where each is found.
        gone: why none can be had, or nothing.
    """

    records: Mapping[str, ImageRecord]
    gone: str = ""
    _kept: dict[str, Image.Image] = field(default_factory=dict, repr=False)
    _missing: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, store: Store) -> Pictures:
        """The pictures of a store, where its source is still there."""
        facts = store.manifest.facts.get("images", {})
        if not facts.get("source"):
            return cls({}, "the store does not say where its pictures are")
        try:
            # The same choice as the study's, so that no more files are read than it used.
            images = open_images(
                facts["source"],
                limit=facts.get("limit"),
                sample=facts.get("sample", "random"),
                seed=store.manifest.seed,
                profiles=facts.get("profiles", True),
            )
            records = {record.identity: record for record in images}
        except CrosslightError as error:
            return cls({}, str(error))
        return cls(records)

    def load(self, identity: str) -> Image.Image:
        """A picture, upright RGB.

        Raises:
            ImageError: it is not there any more, or cannot be read.
        """
        if identity not in self._kept:
            try:
                if identity not in self.records:
                    raise ImageError(self.gone or "no picture of the source has the bytes it had")
                picture = self.records[identity].load()
            except ImageError as error:
                self._missing[identity] = str(error)
                raise
            if sum(p.width * p.height for p in self._kept.values()) > KEEP_PIXELS:
                self._kept.clear()
            self._kept[identity] = picture
        return self._kept[identity]

    def forget(self) -> None:
        """Drop decoded pictures."""
        self._kept.clear()

    def notes(self) -> Iterator[str]:
        """One line about the pictures that were asked for in vain, if there were any."""
        if self.gone and self._missing:
            yield f"no overlays: the pictures are not there any more ({self.gone})"
        elif self._missing:
            reason = next(iter(self._missing.values()))
            yield f"no overlays of {len(self._missing)} pictures, such as: {reason}"
