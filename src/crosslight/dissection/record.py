"""Recording the units of a classifier: how they answer to images, in one pass."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..__about__ import __version__
from ..core.errors import InputError, StoreError
from ..core.progress import Progress, Silent
from ..core.seeds import digest
from ..store import durable
from ..store.layout import plain
from .blocks import BLOCKS, Blocks
from .gather import check_pooling, finish, gather, view_of
from .layers import choose_sites
from .quantile import SHARE, check_share
from .records import Dissection
from .regions import Regions, open_regions, save_geometry
from .saved import LAYERS, PARTIAL, folders_of, has_dissection, open_dissection, save_dissection

if TYPE_CHECKING:
    from ..images import ImageSet
    from ..models import Classifier
    from ..models.taps import Site

#: images that go through the network at once, and images of a block on disk
BATCH, BLOCK = 16, 64
#: another number where what is computed of the same settings is another thing
_METHOD = 1


@dataclass(frozen=True)
class Recorded:
    """Units, with the regions that masks are compared with.

    Attributes:
        dissection: without labellings, or with those that were there.
        regions: of each layer, by its name.
    """

    dissection: Dissection
    regions: Mapping[str, Regions]


def record(
    model: Classifier | str,
    images: ImageSet | str | os.PathLike[str] | Sequence[Any],
    layers: Sequence[str | float] | str | float | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    pooling: str = "mean",
    view: str = "model",
    share: float = SHARE,
    batch_size: int = BATCH,
    block: int = BLOCK,
    progress: Progress | None = None,
) -> Recorded:
    """As `crosslight.dissection.record_units`, with the regions of each layer."""
    from ..images import ImageSet, open_images
    from ..models import Classifier, load_model

    if batch_size < 1 or block < 1:
        raise InputError(f"a batch and a block have at least one image, not {batch_size} and {block}")
    classifier = model if isinstance(model, Classifier) else load_model(model)
    chosen = images if isinstance(images, ImageSet) else open_images(images)
    sites = choose_sites(classifier, layers)
    pooled, preprocess = check_pooling(sites, pooling), view_of(classifier.preprocess, view)
    settings = _settings(classifier, sites) | {
        "pooling": pooled,
        "view": view,
        "preprocess": plain(preprocess),
        "share": check_share(share),
        "batch_size": batch_size,
        "block": block,
    }
    key = digest([_METHOD, plain(settings), list(chosen.identities)])
    if out is not None and has_dissection(out):
        return _found(Path(out), key)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="crosslight-") as scratch:
        folder = Path(scratch if out is None else out)
        blocks = Blocks(folder / BLOCKS, key, chosen.identities, block, len(sites))
        recorders = gather(
            classifier,
            chosen.records,
            sites,
            blocks,
            pooling=pooled,
            preprocess=preprocess,
            share=share,
            batch_size=batch_size,
            progress=progress or Silent(),
        )
        folders = None
        if out is not None:
            folders = {name: folder / LAYERS / one for name, one in folders_of(s.name for s in sites).items()}
            for one in (*folders.values(), folder / PARTIAL):
                durable.make_folder(one)
        found = finish(recorders, blocks, folders, folder / PARTIAL)
        facts = {
            "key": key,
            "settings": settings,
            "source": chosen.source,
            "seconds": round(time.perf_counter() - start, 3),
            "versions": _versions(),
        }
        dissection = Dissection(
            classifier.label,
            tuple(one.name for one in chosen.records),
            chosen.identities,
            found.layers,
            (),
            found.failures,
            facts,
        )
        if out is not None:
            first = next(iter(found.regions.values()))
            save_geometry(folder, first.boxes, first.sizes)
            save_dissection(dissection, folder)
            blocks.remove()
        return Recorded(dissection, found.regions)


def _found(folder: Path, key: str) -> Recorded:
    """What an earlier run with the same settings has finished.

    Raises:
        StoreError: the settings were others.
    """
    dissection = open_dissection(folder)
    if dissection.facts.get("key") != key:
        raise StoreError(
            f"{folder} holds a dissection of {dissection.model} with other images, layers or settings: "
            "choose another folder, or remove this one"
        )
    return Recorded(dissection, {layer.name: open_regions(folder, layer.name) for layer in dissection.layers})


def _settings(classifier: Classifier, sites: Sequence[Site]) -> dict[str, Any]:
    """What activations depend on, but for the images."""
    from ..models.facts import weights_digest

    facts = classifier.facts
    return {
        "model": facts.name if facts is not None else classifier.label,
        "weights": facts.weights_digest if facts is not None else weights_digest(classifier.network),
        "layers": [{"name": site.name, "layout": plain(site.layout), "kind": site.kind} for site in sites],
        "precision": classifier.precision,
        "device": classifier.device.type,
    }


def _versions() -> dict[str, str]:
    import numpy
    import torch

    return {
        "crosslight": __version__,
        "torch": str(torch.__version__),
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }
