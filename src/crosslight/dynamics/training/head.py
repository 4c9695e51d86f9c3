"""The last layer of a classifier: finding it, and giving it another number of classes."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from ...core.errors import ModelError


def head_modules(network: nn.Module, outputs: int) -> tuple[nn.Module, ...]:
    """The layers that turn features into classes.

    Networks of timm name theirs by ``get_classifier``. Of others it is the last weighted layer, and those right
    before it, as long as they have as many outputs as there are classes.

    Args:
        network: a classifier's.
        outputs: number of its classes.

    Raises:
        ModelError: there is no such layer.
    """
    named = getattr(network, "get_classifier", None)
    if callable(named):
        found = named()
        modules = tuple(found) if isinstance(found, tuple | list) else (found,)
        modules = tuple(m for m in modules if isinstance(m, nn.Module) and any(True for _ in m.parameters()))
        if modules:
            return modules
    return tuple(module for _, module in _last_layers(network, outputs))


def head_parameters(network: nn.Module, outputs: int) -> frozenset[str]:
    """Names of the parameters of the last layers, see `head_modules`."""
    own = {id(p) for module in head_modules(network, outputs) for p in module.parameters()}
    return frozenset(name for name, parameter in network.named_parameters() if id(parameter) in own)


def folded_normalisations(network: nn.Module, outputs: int) -> frozenset[str]:
    """Names of batch normalisations whose statistics were folded into the weights before them: mean 0, variance 1.

    In training they would divide by the batch's own statistics again, which undoes what trained weights have learned.
    Only of use for a network with trained weights: a new one starts like this.

    Args:
        network: with trained weights.
        outputs: number of its classes; normalisations of a new head do not count.
    """
    new = {id(module) for head in head_modules(network, outputs) for module in head.modules()}
    return frozenset(
        name
        for name, module in network.named_modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm)
        and id(module) not in new
        and module.running_mean is not None
        and module.running_var is not None
        and not module.running_mean.any()
        and bool((module.running_var == 1).all())
    )


def replace_head(network: nn.Module, outputs: int, classes: int) -> None:
    """Give a network another number of classes, in place: a new last layer with random weights.

    Args:
        network: a classifier's.
        outputs: number of its classes.
        classes: number of the new ones.

    Raises:
        ModelError: there is no last layer that could be replaced.
    """
    reset = getattr(network, "reset_classifier", None)
    if callable(reset):
        reset(classes)
        return
    for name, layer in _last_layers(network, outputs):
        owner_name, _, attribute = name.rpartition(".")
        setattr(network.get_submodule(owner_name), attribute, _resized(layer, classes))
    for holder in (network, getattr(network, "config", None)):
        for key in ("num_classes", "num_labels"):
            if isinstance(getattr(holder, key, None), int):
                setattr(holder, key, classes)


def _last_layers(network: nn.Module, outputs: int) -> list[tuple[str, nn.Module]]:
    found: list[tuple[str, nn.Module]] = []
    for name, layer in reversed(list(_weighted(network))):
        if _outputs_of(layer) != outputs or not name:
            break
        found.append((name, layer))
    if not found:
        raise ModelError(
            f"the last layer of {type(network).__name__} has not {outputs} outputs, so that it cannot be told which "
            "layer is the head; return a network with as many outputs as there are classes"
        )
    return found[::-1]


def _weighted(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            yield name, module


def _outputs_of(layer: nn.Module) -> int:
    if isinstance(layer, nn.Conv2d):
        return layer.out_channels if set(layer.kernel_size) == {1} else -1
    return layer.out_features if isinstance(layer, nn.Linear) else -1


def _resized(layer: nn.Module, classes: int) -> nn.Module:
    if isinstance(layer, nn.Conv2d):
        return nn.Conv2d(layer.in_channels, classes, 1, bias=layer.bias is not None)
    assert isinstance(layer, nn.Linear)
    return nn.Linear(layer.in_features, classes, bias=layer.bias is not None)
