"""Choosing the layers of a classifier whose units are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from ..models import Classifier
    from ..models.taps import Site, Sites

#: what stands for every block
BLOCKS = "blocks"


def choose_sites(classifier: Classifier, layers: Sequence[str | float] | str | float | None = None) -> tuple[Site, ...]:
    """The sites that names and depths stand for, in execution order, each once.

    Args:
        classifier: whose.
        layers: names (``layer2,layer3`` or a list) of sites, or of modules, whose output is meant; depths in (0, 1],
            see `crosslight.models.taps.Sites.at`; ``blocks`` for what every block returns. None means the last site
            with spatial features.

    Raises:
        UnknownNameError: there is no such layer, with the nearest names.
        InputError: nothing is asked for, a depth is out of range, or the network has no blocks.
    """
    sites = classifier.sites
    chosen = [site for asked in _asked(layers) for site in _meant(sites, asked)]
    if not chosen:
        raise InputError("name at least one layer, such as layer4, a depth such as 0.5, or blocks for all of them")
    # A module's name and that of the site at its end may both be given.
    return tuple(sorted({site.name: site for site in chosen}.values(), key=lambda site: site.order))


def layer_names(sites: Sites) -> tuple[str, ...]:
    """Everything that names a layer: sites, and the modules that return them."""
    modules = {part for site in sites.sites for part in _modules_above(site.module)}
    return tuple(dict.fromkeys((*(site.name for site in sites.sites), *sorted(modules))))


def _asked(layers: Sequence[str | float] | str | float | None) -> list[str | float]:
    if layers is None:
        return [1.0]
    if isinstance(layers, float | int):
        return [float(layers)]
    given = layers.split(",") if isinstance(layers, str) else layers
    return [one.strip() if isinstance(one, str) else float(one) for one in given if one != ""]


def _meant(sites: Sites, asked: str | float) -> list[Site]:
    if isinstance(asked, str):
        for site in sites.sites:
            if site.name == asked:
                return [site]
        if asked == BLOCKS:
            return _blocks(sites)
        if (depth := _number(asked)) is not None:
            return [sites.at(depth)]
        return [_at_the_end_of(asked, sites)]
    return [sites.at(asked)]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _blocks(sites: Sites) -> list[Site]:
    blocks = [site for site in sites.sites if site.block]
    if not blocks:
        raise InputError("this network has no blocks; name its layers, or give depths such as 0.5,1")
    return blocks


def _at_the_end_of(module: str, sites: Sites) -> Site:
    """What a module returns: the last tensor within it that every path runs through, or the last at all."""
    within = [site for site in sites.sites if f"{site.module}.".startswith(f"{module}.")]
    if not within or not module:
        raise UnknownNameError("layer", module, layer_names(sites))
    return [site for site in within if site.cut][-1] if any(site.cut for site in within) else within[-1]


def _modules_above(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)] if module else []
