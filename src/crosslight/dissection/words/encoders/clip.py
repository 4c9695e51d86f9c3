"""CLIP models of open_clip, by name or from a file of weights."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ....core.devices import resolve_device
from ....core.errors import InputError, ModelError, suggestion
from .base import as_array

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from .base import Picture

#: names that say where a model lies, and that have a colon of their own
_SCHEMES = ("local-dir:", "hf-hub:")
_PICTURES, _TEXTS = 16, 64


@dataclass(frozen=True)
class Clip:
    """A CLIP model.

    Attributes:
        network: in evaluation mode.
        transform: a picture to the network's input.
        tokenizer: texts to numbers.
        name: as a user would write it.
        digest: of the weights and the transform.
        device: where it computes.
    """

    network: Any
    transform: Callable[[Any], Tensor]
    tokenizer: Callable[[list[str]], Tensor]
    name: str
    digest: str
    device: torch.device

    def encode_images(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """See `Encoder`."""
        import torch
        from PIL import Image

        if not len(pictures):
            raise InputError("there are no pictures to encode")
        parts = []
        with torch.inference_mode():
            for start in range(0, len(pictures), _PICTURES):
                chunk = [Image.fromarray(as_array(picture)) for picture in pictures[start : start + _PICTURES]]
                inputs = torch.stack([self.transform(picture) for picture in chunk]).to(self.device)
                parts.append(self.network.encode_image(inputs).float().cpu().numpy())
        return np.concatenate(parts)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Encoder`; a text that is too long is an error, for its end would be lost."""
        import torch

        if isinstance(texts, str) or not len(texts):
            raise InputError("give a list of texts to encode")
        parts = []
        with torch.inference_mode():
            for start in range(0, len(texts), _TEXTS):
                chunk = list(texts[start : start + _TEXTS])
                self._check(chunk)
                numbers = self.tokenizer(chunk).to(self.device)
                parts.append(self.network.encode_text(numbers).float().cpu().numpy())
        return np.concatenate(parts)

    def _check(self, texts: Sequence[str]) -> None:
        """Refuse texts that the tokenizer would cut; not every tokenizer tells how long they may be."""
        longest = getattr(self.tokenizer, "context_length", None)
        encode = getattr(self.tokenizer, "encode", None)
        if longest is None or encode is None:
            return
        for text in texts:
            if len(encode(text)) + 2 > longest:  # and a mark at either end
                raise InputError(f"{self.name} reads texts of up to {longest - 2} tokens, not {text!r}")


def clip_encoder(name: str, *, device: str = "cpu") -> Clip:
    """A CLIP model of open_clip.

    Args:
        name: ``NAME`` or ``NAME:PRETRAINED``; PRETRAINED is a tag that open_clip knows, ``openai`` or its first by
            default, or a file of weights. Also ``local-dir:FOLDER`` and ``hf-hub:OWNER/NAME``.
        device: where it computes.

    Raises:
        ModelError: open_clip is not installed, knows no such model, or cannot get its weights.
    """
    try:
        import open_clip
    except ImportError:
        raise ModelError(f"open_clip/{name} needs open_clip; install it with: pip install 'crosslight[clip]'") from None
    import torch

    where = resolve_device(device)
    model, weights = _parsed(name, open_clip)
    try:
        with torch.random.fork_rng(devices=[]):
            network, transform = open_clip.create_model_from_pretrained(
                model, weights, precision="fp32", device=where, weights_only=True
            )
        tokenizer = open_clip.get_tokenizer(model)
    except Exception as error:  # of open_clip, the hub's client, the file or the network: all mean the same here
        raise ModelError(_advice(name, model, weights, error)) from error
    network.eval().requires_grad_(False)
    return Clip(network, transform, tokenizer, f"open_clip/{name}", _digest(network, transform), where)


def _parsed(name: str, open_clip: Any) -> tuple[str, str | None]:
    """Model and weights."""
    if name.startswith(_SCHEMES):
        return name, None
    model, colon, weights = name.partition(":")
    known = open_clip.list_models()
    if model not in known:
        raise ModelError(f"open_clip has no model {model!r}{suggestion(model, known)}")
    tags = open_clip.list_pretrained_tags_by_model(model)
    if not colon:
        if not tags:
            raise ModelError(f"open_clip has no weights for {model}; give a file: open_clip/{model}:FILE.safetensors")
        return model, "openai" if "openai" in tags else str(tags[0])
    if weights not in tags and not Path(weights).is_file():
        kind = "no file" if re.search(r"[/\\.]", weights) else "neither a file nor one of its weights"
        raise ModelError(f"open_clip/{name}: {weights!r} is {kind}{suggestion(weights, tags)}")
    return model, weights


def _advice(name: str, model: str, weights: str | None, error: Exception) -> str:
    """What went wrong, and what a user can do."""
    said = (str(error).splitlines() or [""])[0] or type(error).__name__
    if weights is not None and Path(weights).is_file():
        return f"open_clip/{name}: {weights} does not hold the weights of {model}: {said}"
    return (
        f"open_clip/{name} could not be loaded: {said}. Weights are downloaded once, which needs a network; without "
        f"one, give a file: open_clip/{model.removeprefix('hf-hub:').removeprefix('local-dir:')}:FILE.safetensors, "
        "or features that were computed elsewhere"
    )


def _digest(network: Any, transform: Any) -> str:
    """A digest of all weights, by name, and of how pictures are prepared."""
    import torch

    found = hashlib.sha256(repr(transform).encode())
    for key, value in sorted(network.state_dict().items()):
        array = value.detach().cpu().contiguous().reshape(-1)
        found.update(f"{key} {tuple(value.shape)} {value.dtype}".encode())
        found.update(array.view(torch.uint8).numpy().data)
    return found.hexdigest()[:24]
