"""The encoder of scenes as one that units are labelled with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .base import as_array

if TYPE_CHECKING:
    from ....scenes.encoder import SceneEncoder
    from .base import Picture


@dataclass(frozen=True)
class Scenes:
    """The encoder of scenes, which knows only the words of scenes.

    Attributes:
        encoder: the trained one.
        name: as a user would write it.
        digest: of its weights.
    """

    encoder: SceneEncoder
    name: str
    digest: str

    def encode_images(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """See `Encoder`."""
        arrays = [as_array(picture) for picture in pictures]
        found = np.empty((len(arrays), self.encoder.dimensions), np.float32)
        for shape in dict.fromkeys(array.shape for array in arrays):
            rows = [row for row, array in enumerate(arrays) if array.shape == shape]
            found[rows] = self.encoder.encode_images(np.stack([arrays[row] for row in rows]))
        return found

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Encoder`."""
        return self.encoder.encode_texts(texts)


def scene_encoder(path: str | Path | None = None, *, device: str = "cpu") -> Scenes:
    """The encoder of scenes.

    Args:
        path: a file of weights; the package's own by default.
        device: where it computes.

    Raises:
        ModelError: the file is not there, or holds something else.
    """
    from ....scenes.encoder import load_encoder
    from ....scenes.encoder.files import WEIGHTS

    encoder = load_encoder(path, device=device)
    content = Path(path if path is not None else WEIGHTS).read_bytes()
    return Scenes(encoder, "scenes" if path is None else f"scenes:{path}", hashlib.sha256(content).hexdigest()[:24])
