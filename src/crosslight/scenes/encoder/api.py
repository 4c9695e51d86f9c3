"""The encoder as other rooms use it: pictures and texts to unit vectors of one space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...core.devices import resolve_device
from ...core.errors import InputError
from .files import WEIGHTS, read
from .words import Vocabulary

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from .network import Towers

#: pictures or texts at a time
_CHUNK = 64


@dataclass(frozen=True)
class SceneEncoder:
    """A frozen encoder of pictures and texts of scenes.

    Attributes:
        towers: the network.
        vocabulary: the words that texts may have.
        facts: ``recipe``, ``digest``, ``licence`` and the ``torch`` it was trained with.
        device: where it computes.
    """

    towers: Towers
    vocabulary: Vocabulary
    facts: Mapping[str, Any]
    device: torch.device

    @property
    def dimensions(self) -> int:
        """Of the common space."""
        return int(self.facts["recipe"]["shape"]["space"])

    def encode_images(self, images: NDArray[np.uint8] | Tensor) -> NDArray[np.float32]:
        """Pictures as unit vectors; a cosine is a dot product.

        Args:
            images: uint8 ``[n, height, width, 3]``, an array or a tensor; or a floating tensor
                ``[n, 3, height, width]`` in [0, 1]. sRGB, not normalised. Other sizes than 96 x 96 are resized with
                antialiasing (bicubic) until the shorter side fits, and the middle is taken.

        Returns:
            ``[n, dimensions]``.

        Raises:
            InputError: shape, type or range is another.
        """
        import torch

        pictures = _as_tensor(images)
        with torch.inference_mode():
            parts = [
                self.towers.encode_pictures(_fitted(_in_bytes(chunk.to(self.device)))).cpu()
                for chunk in pictures.split(_CHUNK)
            ]
        return _stacked(parts, self.dimensions)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts as unit vectors.

        Args:
            texts: captions, phrases or names of concepts, of known words.

        Returns:
            ``[len(texts), dimensions]``.

        Raises:
            InputError: a text has a word that the encoder does not know; see `unknown_words`.
        """
        import torch

        numbers = torch.from_numpy(self.vocabulary.encode(texts))
        with torch.inference_mode():
            parts = [self.towers.encode_numbers(chunk.to(self.device)).cpu() for chunk in numbers.split(_CHUNK)]
        return _stacked(parts, self.dimensions)

    def unknown_words(self, texts: Iterable[str]) -> tuple[str, ...]:
        """The words that keep texts from being encoded, each once."""
        return self.vocabulary.unknown(texts)


def load_encoder(path: str | Path | None = None, *, device: str = "cpu") -> SceneEncoder:
    """The encoder of scenes that came with the package, or one trained since.

    Args:
        path: a file that ``python -m crosslight.scenes.encoder.training`` wrote; the package's own by default.
        device: where it computes, see `core.devices.resolve_device`.

    Raises:
        ModelError: the file is not there, or is not the file of an encoder.
    """
    where = resolve_device(device)
    stored = read(Path(path) if path is not None else WEIGHTS)
    return SceneEncoder(stored.towers.to(where), stored.vocabulary, stored.facts, where)


def _as_tensor(images: NDArray[np.uint8] | Tensor) -> Tensor:
    """A tensor ``[n, 3, height, width]``: uint8, or floating in [0, 1]."""
    import torch

    given = torch.from_numpy(np.ascontiguousarray(images)) if isinstance(images, np.ndarray) else images
    wanted = "give uint8 [n, height, width, 3], or a floating tensor [n, 3, height, width] in [0, 1]"
    shape = tuple(given.shape)
    if given.ndim != 4 or 0 in shape[1:]:
        raise InputError(f"pictures of shape {shape}; {wanted}")
    if given.dtype == torch.uint8 and shape[3] == 3:
        return given.permute(0, 3, 1, 2)
    if not given.is_floating_point() or shape[1] != 3:
        raise InputError(f"pictures of shape {shape} and type {str(given.dtype).removeprefix('torch.')}; {wanted}")
    low, high = (float(value) for value in given.aminmax()) if len(given) else (0.0, 0.0)
    if not (low >= 0 and high <= 1):  # not a number is neither
        raise InputError(f"floating pictures have values in [0, 1], not {low:.3g} to {high:.3g}; do not normalise them")
    return given


def _in_bytes(pictures: Tensor) -> Tensor:
    """Float32 in [0, 255]."""
    return pictures.float() * 255 if pictures.is_floating_point() else pictures.float()


def _fitted(pictures: Tensor) -> Tensor:
    """The middle ``[n, 3, 96, 96]`` of the resized pictures."""
    from torch.nn import functional

    from .network import SIZE

    height, width = pictures.shape[2:]
    if (height, width) == (SIZE, SIZE):
        return pictures
    shorter = min(height, width)
    size = [max(round(side * SIZE / shorter), SIZE) for side in (height, width)]
    resized = functional.interpolate(pictures, size, mode="bicubic", antialias=True, align_corners=False)
    top, left = ((side - SIZE) // 2 for side in size)
    return resized[:, :, top : top + SIZE, left : left + SIZE].clamp(0, 255)


def _stacked(parts: Sequence[Tensor], dimensions: int) -> NDArray[np.float32]:
    if not parts or not len(parts[0]):
        return np.zeros((0, dimensions), np.float32)
    return np.concatenate([part.numpy() for part in parts])
