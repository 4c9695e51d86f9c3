"""The files of the encoder: its weights with its vocabulary, and the state of a training that goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import ModelError
from .recipe import Recipe, Shape
from .words import Vocabulary

if TYPE_CHECKING:
    from .network import Towers

#: the encoder that came with the package
WEIGHTS = Path(__file__).parent / "weights" / "encoder.safetensors"
#: counters that only training reads
_LEFT_OUT = "num_batches_tracked"


@dataclass(frozen=True)
class Stored:
    """What a file of weights holds.

    Attributes:
        towers: the network, float32, in evaluation mode.
        vocabulary: its words.
        facts: ``recipe``, ``digest``, ``licence``, ``torch``.
    """

    towers: Towers
    vocabulary: Vocabulary
    facts: Mapping[str, Any]


def save(towers: Towers, vocabulary: Vocabulary, recipe: Recipe, path: Path) -> None:
    """Write weights as float16, with everything that is needed to use them."""
    import torch
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().cpu().contiguous() for name, value in towers.state_dict().items()}
    halves = {name: value.to(torch.float16) for name, value in state.items() if not name.endswith(_LEFT_OUT)}
    part = path.with_suffix(".part")
    metadata = {
        "digest": recipe.digest,
        "recipe": json.dumps(recipe.facts, sort_keys=True),
        "vocabulary": " ".join(vocabulary.words),
        "torch": str(torch.__version__),
        "licence": "Apache-2.0",
    }
    save_file(halves, part, metadata=metadata)
    with open(part, "rb") as file:
        os.fsync(file.fileno())
    part.replace(path)


def read(path: Path = WEIGHTS) -> Stored:
    """Read a file that `save` wrote.

    Raises:
        ModelError: there is no such file, or it is not the file of an encoder.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    from .network import Towers

    if not path.is_file():
        raise ModelError(f"{path} is not there; python -m crosslight.scenes.encoder.training makes it")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        recipe = json.loads(metadata["recipe"])
        vocabulary = Vocabulary(tuple(metadata["vocabulary"].split()))
        shape = _shape(recipe["shape"])
        with torch.random.fork_rng(devices=[]):
            towers = Towers(shape, len(vocabulary.words))
        counters = {name: value for name, value in towers.state_dict().items() if name.endswith(_LEFT_OUT)}
        towers.load_state_dict(state | counters)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path} does not hold an encoder of scenes: {error}") from error
    facts = {"recipe": recipe, **{name: metadata.get(name, "") for name in ("digest", "licence", "torch")}}
    return Stored(towers.eval().requires_grad_(False), vocabulary, facts)


def _shape(facts: Mapping[str, Any]) -> Shape:
    """The shape of plain values, in which tuples have become lists."""
    values: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in facts.items()}
    return Shape(**values)
