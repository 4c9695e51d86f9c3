"""Loading a file of weights into a network: tensors only, and errors that name what does not fit."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..core.devices import is_out_of_memory
from ..core.errors import ModelError, suggestion

#: Keys under which training scripts keep the state dict within a checkpoint.
WRAPPERS = ("state_dict", "model", "model_state_dict")
#: Prefixes that training wrappers put before every name.
PREFIXES = ("module.", "_orig_mod.", "model.")
#: tensors that a head has at most: a weight and a bias, twice in distilled transformers
_HEAD = 4
TORCH_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt")


def load_weights(network: nn.Module, path: str | Path) -> None:
    """Load a file of weights into a network, cast to the network's own dtypes.

    Every tensor of the network must be in the file with its shape, and nothing else; only counters that a
    forward pass never reads (``num_batches_tracked``) may be absent.

    Args:
        network: built as the file needs it; untouched where the file does not fit.
        path: a ``.safetensors`` file, or ``.pt``, ``.pth``, ``.bin`` or ``.ckpt`` as `torch.save` writes it.
            The state dict may stand under ``state_dict``, ``model`` or ``model_state_dict``.

    Raises:
        ModelError: one line that names the file and what is wrong with it.
    """
    path = Path(path)
    found = read_tensors(path)
    expected = {name: value for name, value in network.state_dict().items() if isinstance(value, Tensor)}
    found = _without_prefix(found, expected)
    _check_names(path, expected, found)
    _check_shapes(path, expected, found)
    network.load_state_dict(found, strict=False)


def other_classes(network: nn.Module, path: Path) -> int | None:
    """The number of classes in a file of weights, where that is all in which its head differs from the network's.

    Args:
        network: which the file does not fit.
        path: the file.
    """
    expected = network.state_dict()
    found = _without_prefix(read_tensors(path), expected)
    heads = [name for name, value in found.items() if name in expected and value.shape != expected[name].shape]
    shapes = {(found[name].shape[:1], expected[name].shape[:1]) for name in heads}
    rest = all(found[name].shape[1:] == expected[name].shape[1:] for name in heads)
    return int(found[heads[0]].shape[0]) if rest and len(shapes) == 1 and len(heads) <= _HEAD else None


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The named tensors of a file of weights, on the CPU.

    Nothing but tensors is ever read: `torch.load` runs with ``weights_only``, so that no file can run code.

    Raises:
        ModelError: the file is missing, damaged, of an unknown kind, or holds something else than tensors.
    """
    if not path.is_file():
        where = f"there is no file of weights {path}"
        if path.is_dir():
            raise ModelError(f"{path} is a folder; name the file of weights in it")
        if not path.parent.is_dir():
            raise ModelError(f"{where}: there is no folder {path.parent}")
        near = suggestion(path.name, [p.name for p in path.parent.iterdir() if p.is_file()])
        raise ModelError(where + (near if near.startswith("; did") else ""))
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    if path.suffix in TORCH_SUFFIXES:
        return _unwrap(path, _read_torch(path))
    raise ModelError(f"{path}: files of weights end in .safetensors, {', '.join(TORCH_SUFFIXES)}")


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path, device="cpu")
    except SafetensorError as error:
        raise ModelError(f"{path} is damaged or no safetensors file ({_first_line(error)})") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({_first_line(error)})") from error


def _read_torch(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what torch would warn of is an error below
            return torch.load(path, map_location="cpu", weights_only=True)
    except (
        pickle.UnpicklingError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        zipfile.BadZipFile,
    ) as error:
        if is_out_of_memory(error):
            raise
        text = str(error)
        if "TorchScript" in text:
            reason = "is a TorchScript program; save its state_dict() as safetensors instead"
        elif "Unsupported global" in text or "Unsupported class" in text or "not an allowed global" in text:
            reason = "holds objects rather than tensors; save the network's state_dict() as safetensors instead"
        else:
            reason = f"is damaged or no file of weights ({type(error).__name__}: {_first_line(error)})"
        raise ModelError(f"{path} {reason}") from error


def _unwrap(path: Path, loaded: Any) -> dict[str, Tensor]:
    while isinstance(loaded, Mapping):
        inner = next((loaded[key] for key in WRAPPERS if isinstance(loaded.get(key), Mapping)), None)
        if inner is None:
            break
        loaded = inner
    if not isinstance(loaded, Mapping):
        raise ModelError(f"{path} holds a {type(loaded).__name__} rather than named tensors (a state dict)")
    others = [key for key, value in loaded.items() if not isinstance(value, Tensor)]
    if others:
        kind = type(loaded[others[0]]).__name__
        raise ModelError(
            f"{path} holds objects rather than tensors: {others[0]!r} is a {kind}"
            f"{_more(others)}; a state dict is looked for under {', '.join(WRAPPERS)}"
        )
    return {str(key): value for key, value in loaded.items()}


def _without_prefix(found: dict[str, Tensor], expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take off what training wrappers put before every name, unless the network has such names itself."""
    while found:
        prefix = next((p for p in PREFIXES if all(name.startswith(p) for name in found)), None)
        if prefix is None or any(name.startswith(prefix) for name in expected):
            break
        found = {name.removeprefix(prefix): value for name, value in found.items()}
    return found


def _check_names(path: Path, expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    missing = [n for n in expected if n not in found and not n.endswith("num_batches_tracked")]
    unexpected = [n for n in found if n not in expected]
    parts = []
    if missing:
        parts.append(f"lacks {len(missing)} of the network's {len(expected)} tensors ({_listed(missing)})")
    if unexpected:
        parts.append(f"has {len(unexpected)} that the network lacks ({_listed(unexpected)})")
    if parts:
        raise ModelError(f"{path} does not fit the network: it {' and '.join(parts)}")


def _check_shapes(path: Path, expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    wrong = [name for name, value in found.items() if value.shape != expected[name].shape]
    if wrong:
        name = wrong[0]
        raise ModelError(
            f"{path} does not fit the network: {name} should be {list(expected[name].shape)} "
            f"and is {list(found[name].shape)}{_more(wrong)}"
        )
    wrong = [n for n, v in found.items() if expected[n].is_floating_point() and not v.is_floating_point()]
    if wrong:
        kind = str(found[wrong[0]].dtype).removeprefix("torch.")
        raise ModelError(
            f"{path} does not fit the network: {wrong[0]} is {kind}, not a floating-point type{_more(wrong)}; "
            "quantised files must be converted first"
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _more(names: Sequence[str]) -> str:
    return f" (and {len(names) - 1} more like it)" if len(names) > 1 else ""


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:160]
