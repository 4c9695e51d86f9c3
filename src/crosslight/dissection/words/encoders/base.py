"""What an encoder is, and how a user names one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ....core.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from PIL import Image

    Picture = Image.Image | NDArray[np.uint8]

#: how encoders are named
KNOWN = ("scenes", "open_clip/NAME", "open_clip/NAME:PRETRAINED")


class Encoder(Protocol):
    """Puts images and texts into one space, in which a cosine says how well they fit."""

    @property
    def name(self) -> str:
        """As a user would write it."""

    @property
    def digest(self) -> str:
        """Of everything that decides on features: weights, sizes, preprocessing; the key of stored features."""

    def encode_images(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """Features of pictures, of any length.

        Args:
            pictures: PIL images or uint8 arrays ``[height, width, 3]``, sRGB, each of its own size.

        Returns:
            ``[pictures, dimensions]``.
        """

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Features of texts, of any length.

        Returns:
            ``[texts, dimensions]``.

        Raises:
            InputError: the encoder cannot read one of them.
        """


def find_encoder(name: str | Encoder, *, device: str = "cpu") -> Encoder:
    """The encoder that a user named.

    Args:
        name: ``scenes``, ``open_clip/NAME`` or ``open_clip/NAME:PRETRAINED``, such as
            ``open_clip/ViT-B-16:openai``; PRETRAINED may be a file of weights. An encoder is given back as it is.
        device: where it computes, see `core.devices.resolve_device`.

    Raises:
        UnknownNameError: there is no encoder of that name.
        ModelError: it cannot be loaded; the message says what to do.
    """
    if not isinstance(name, str):
        return name
    if name == "scenes":
        from .scenes import scene_encoder

        return scene_encoder(device=device)
    kind, slash, rest = name.partition("/")
    if kind == "open_clip" and slash:
        if not rest:
            raise InputError("open_clip/ is followed by the name of a model, such as open_clip/ViT-B-16:openai")
        from .clip import clip_encoder

        return clip_encoder(rest, device=device)
    raise UnknownNameError("encoder", name, KNOWN)


def as_array(picture: Picture) -> NDArray[np.uint8]:
    """A picture as uint8 ``[height, width, 3]``.

    Raises:
        InputError: it is something else.
    """
    if not isinstance(picture, np.ndarray):
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise InputError(f"pictures are uint8 [height, width, 3], not {picture.dtype} {picture.shape}")
    return picture
