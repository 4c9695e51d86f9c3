"""Cross-testing a store: regions of every model's maps, shown to every model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError
from torch import Tensor

from ...core.devices import resolve_device
from ...core.errors import ImageError, InputError, UnknownNameError
from ...core.geometry import Box
from ...core.maps import Maps
from ...core.progress import Progress, Silent
from ...core.seeds import seed_for
from ...core.targets import parse_target
from ...evidence import Gathering
from ...evidence.fills import make_fill
from ...evidence.masking import blend, check_whole_fill
from ...evidence.outcomes import score_of
from ...images import make_batch
from ...store import MapSet, Store
from ...store.pictures import Pictures
from .classifiers import check_same, load_again, stored_attributes
from .regions import BASELINES, COARSE, GRID, as_seen, cells_kept, common_box, regions
from .result import CrossTest, summarised

if TYPE_CHECKING:
    from ...models import Classifier

#: images whose maps and pictures are held at a time
IMAGES = 8
#: resamples of the images
RESAMPLES = 2000

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Shown:
    """What is shown of one picture.

    Attributes:
        identity: of the image.
        box: over which the grid of the regions lies.
        packed: uint8 ``[model + baseline, cell / 8]``: the cells that are kept, eight in one number.
    """

    identity: str
    box: Box
    packed: NDArray[np.uint8]

    def regions(self, wanted: slice) -> Tensor:
        """Some of the regions, float32 ``[n, grid, grid]``."""
        cells = np.unpackbits(self.packed[wanted], axis=1).reshape(-1, GRID, GRID)
        return torch.from_numpy(cells.astype(np.float32))


def cross_test(
    store: Store,
    method_label: str,
    *,
    models: Sequence[str] | Mapping[str, Classifier] | None = None,
    share: float = 0.3,
    fill: str = "blur",
    images: Sequence[str] | None = None,
    limit: int | None = 64,
    seed: int = 0,
    resamples: int = RESAMPLES,
    batch_size: int | None = None,
    device: str = "auto",
    base: Path | None = None,
    progress: Progress | None = None,
) -> CrossTest:
    """Show every model what every other one finds important, and measure what is kept of its confidence.

    Regions are the top share of each map, of the part of the picture that all models see, so that every region is of
    one size and nothing that is kept is cut off by anyone's crop. It takes ``images x models x (models + 3)`` passes of
    one image; one model is held at a time.

    Args:
        store: where the maps are; its pictures must still be where the study found them.
        method_label: of the maps.
        models: labels of two models or more, or the classifiers themselves by these labels; by default all with maps
            of the method, loaded again as the study loaded them.
        share: what is shown, in (0, 1).
        fill: what is seen instead of the rest, as `crosslight.evidence.masking.check_whole_fill` describes it; made of
            the input of the model that looks.
        images: identities; by default all of the store.
        limit: how many of them are used at most, drawn at random.
        seed: of the draws, of random regions and of the bootstrap.
        resamples: of the images, for the intervals.
        batch_size: most images in one pass; by default 8 on a CPU and 32 on a GPU.
        device: where to run.
        base: folder that relative paths of the study start from; by default the current one.
        progress: who listens.

    Raises:
        UnknownNameError: there is no such method, model or image.
        InputError: fewer than two models, or no image has a picture and usable maps of all of them; a value is out of
            range, or a model cannot be loaded again.
    """
    count = cells_kept(share)
    try:
        fill = check_whole_fill(fill)
    except PydanticCustomError as error:
        raise InputError(f"fill {fill!r} {error.message()}") from None
    if resamples < 1 or (limit is not None and limit < 1) or (batch_size is not None and batch_size < 1):
        raise InputError(f"limit, resamples and batch_size must be positive, not {limit}, {resamples}, {batch_size}")
    place = resolve_device(device)
    sets = _sets(store, method_label, models)
    keys = {label: one.key for label, one in sets.items()}
    loaders = {label: _loader(store, label, models, base) for label in sets}
    rows = _rows(store, list(sets.values()), images, limit, seed)
    pictures, skipped = Pictures.of(store), Counter[str]()
    shown = [
        one
        for start in range(0, len(rows), IMAGES)
        for one in _regions(store, keys, rows[start : start + IMAGES], pictures, count, seed, skipped)
    ]
    if not shown:
        raise InputError(_nothing(method_label, list(sets), skipped, pictures))
    listener, size = progress or Silent(), batch_size or (8 if place.type == "cpu" else 32)
    listener.start(len(shown) * len(sets) * (len(sets) + len(BASELINES) + 1), "cross-testing")
    found: list[tuple[Matrix, Matrix]] = []
    try:
        for label, load in loaders.items():
            classifier = load()
            home = classifier.device
            classifier.to(place)
            try:
                advance = partial(listener.advance, what=label)
                found.append(_looked(classifier, shown, pictures, fill, size, advance))
            finally:
                classifier.to(home)
            del classifier  # before the next one is loaded
    finally:
        listener.finish()
    values, confidence = (np.stack(one, axis=-1) for one in zip(*found, strict=True))
    known = np.isfinite(values).all(axis=(1, 2))
    if not known.all():
        skipped["output is not finite"] += int((~known).sum())
    if not known.any():
        raise InputError("the models' outputs are not finite on any image")
    values, models_of = values[known], len(sets)
    kept, baseline = values[:, :models_of], values[:, models_of:]
    return CrossTest(
        models=tuple(sets),
        method=method_label,
        share=share,
        fill=fill,
        images=tuple(one.identity for one, good in zip(shown, known, strict=True) if good),
        kept=kept,
        baselines=BASELINES,
        baseline=baseline,
        confidence=confidence[known],
        skipped=dict(skipped),
        settings={"seed": seed, "resamples": resamples, "grid": GRID, "coarse": COARSE},
        **summarised(kept, baseline, resamples, seed),
    )


def _sets(
    store: Store, method_label: str, models: Sequence[str] | Mapping[str, Classifier] | None
) -> dict[str, MapSet]:
    """Each model's maps."""
    every = store.map_sets()
    mine = [one for one in every if one.label == method_label]
    if not mine:
        raise UnknownNameError("method label", method_label, dict.fromkeys(one.label for one in every))
    times = Counter(one.model for one in mine)
    wanted = list(dict.fromkeys(times if models is None else models))
    for label in wanted:
        if label not in times:
            raise UnknownNameError("model", label, times)
        if times[label] > 1:
            raise InputError(
                f"{label!r} has maps of {method_label!r} with several settings: use a store with one of them"
            )
    if len(wanted) < 2:
        raise InputError(f"two models with maps of {method_label!r} are needed, not {len(wanted)}")
    by_model = {one.model: one for one in mine}
    return {label: by_model[label] for label in wanted}


def _loader(
    store: Store, label: str, models: Sequence[str] | Mapping[str, Classifier] | None, base: Path | None
) -> Callable[[], Classifier]:
    if not isinstance(models, Mapping):
        return lambda: load_again(store, label, base)
    check_same(models[label], stored_attributes(store, label), label)
    return lambda: models[label]


def _rows(
    store: Store, sets: Sequence[MapSet], images: Sequence[str] | None, limit: int | None, seed: int
) -> list[int]:
    """Positions of the images to use, in the order of the store."""
    places = {image.identity: row for row, image in enumerate(store.manifest.images)}
    if images is not None:
        for identity in images:
            if identity not in places:
                raise UnknownNameError("image", identity, places)
        places = {identity: places[identity] for identity in images}
    else:  # those that every set has been made for
        done = set.intersection(*(set(one.done) for one in sets))
        end = min([len(places), *(most for one in sets if (most := one.attributes.get("limit")) is not None)])
        places = {who: row for who, row in places.items() if row < end and row // store.manifest.block in done}
    drawn = sorted(places, key=lambda identity: seed_for(seed, identity, "cross-testing", "image"))
    return sorted(places[identity] for identity in drawn[:limit])


def _regions(
    store: Store,
    sets: Mapping[str, str],
    rows: Sequence[int],
    pictures: Pictures,
    count: int,
    seed: int,
    skipped: Counter[str],
) -> Iterator[Shown]:
    maps: list[Maps] = [store.maps(label, key, np.asarray(rows)) for label, key in sets.items()]
    for row, identity in enumerate(maps[0].images):
        if not all(one.usable[row] for one in maps):
            skipped["no usable map of some model"] += 1
            continue
        try:
            picture = pictures.load(identity)
        except ImageError:
            skipped["no picture"] += 1
            continue
        box = common_box(np.stack([one.boxes[row] for one in maps]), picture.width, picture.height)
        if box is None:
            skipped["no part that all models see"] += 1
            continue
        kept = regions(maps, row, box, count, seed=seed)
        yield Shown(identity, box, np.packbits(kept.reshape(len(kept), -1), axis=1))


def _looked(
    classifier: Classifier,
    shown: Sequence[Shown],
    pictures: Pictures,
    fill: str,
    batch_size: int,
    advance: Callable[[int], None],
) -> tuple[Matrix, Matrix]:
    """What is kept of one model's confidence, ``[image, region]``, and that confidence, ``[image]``."""
    kept, confidence = [], []
    for start in range(0, len(shown), IMAGES):
        part = shown[start : start + IMAGES]
        loaded = [pictures.load(one.identity) for one in part]
        batch = make_batch(loaded, classifier.preprocess, [one.identity for one in part])
        gathering = Gathering(classifier, batch, batch_size=batch_size, advance=advance)
        hidden = make_fill(gathering.inputs, None, fill, classifier.preprocess)
        (own,) = parse_target("own")
        targets = gathering.targets(own)
        write = partial(_write, part, gathering, hidden)
        outcomes = gathering.outcomes("cross-testing", [len(one.packed) for one in part], write, own)
        whole = score_of(gathering.logits, targets, "probability")
        scores = torch.stack(outcomes.scores(targets, "probability"))
        kept.append((scores / whole[:, None].to(scores)).cpu().numpy())
        confidence.append(whole.cpu().numpy())
    return np.concatenate(kept), np.concatenate(confidence)


def _write(
    part: Sequence[Shown], gathering: Gathering, hidden: Tensor, image: int, variants: range, out: Tensor
) -> None:
    one = part[image]
    height, width = out.shape[2:]
    kept = one.regions(slice(variants.start, variants.stop))
    seen = as_seen(kept, one.box, gathering.batch.boxes[image], (height, width))
    blend(gathering.inputs[image], hidden[image], seen.to(out), out)


def _nothing(method: str, models: Sequence[str], skipped: Mapping[str, int], pictures: Pictures) -> str:
    reasons = ", ".join(f"{what} ({number})" for what, number in skipped.items())
    where = f"; {pictures.gone}" if pictures.gone else ""
    return f"no image can be used for {method!r} on {', '.join(models)}: {reasons}{where}"
