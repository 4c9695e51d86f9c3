"""How studies, stores, maps, explanations and agreements show themselves in a notebook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache, singledispatch

import numpy as np
from PIL import Image

from ..agreement import Agreement
from ..agreement.aggregate import describe_count
from ..core.errors import CrosslightError, ImageError
from ..core.finish import finish_named
from ..core.maps import Maps, Status
from ..images import ImageSet, map_labels, open_images
from ..store import Store
from ..store.pictures import Pictures
from ..study import Study
from ..study.api import Explanations
from .cards import card, numbers, of_figure, of_strip
from .figures import Shot, Tile, matrix_figure, overlay_grid
from .figures.plots import Plots
from .figures.shots import said_of
from .figures.tiles import window_of
from .overlay import colourise, is_signed, limit_of_map, overlay_map

#: pictures in a strip, models in a grid, columns and photographs of an explanation
STRIP, MODELS, COLUMNS, PHOTOGRAPHS = 6, 6, 8, 3
#: sets whose matrix can be read
SETS = 24
#: images of a store that are looked up to lay maps over their photographs
LOOKED_UP = 1000


@singledispatch
def notebook_html(thing: object) -> str:
    """A card for a notebook: a picture with its table, under 300 kB, all text escaped.

    Args:
        thing: a `Study`, a `Store`, `Maps`, `Explanations` or an `Agreement`.

    Raises:
        TypeError: it is something else.
    """
    raise TypeError(f"a {type(thing).__name__} has no picture")


@notebook_html.register
def _of_study(study: Study) -> str:
    spec = study.spec
    rows = [
        ("models", _listed([model.label or model.name for model in spec.models])),
        ("methods", _listed([task.label for task in spec.tasks])),
        ("images", f"{spec.images.source}" + (f", {spec.images.limit:,} of them" if spec.images.limit else "")),
        ("target", spec.study.target),
        ("results", str(study.results.path) if study.results is not None else "not run yet"),
    ]
    return card(f"Study {study.name}", rows, of_strip(_first_pictures(study), "The first photographs of the study"))


@notebook_html.register
def _of_store(store: Store) -> str:
    sets, models = store.map_sets(), store.models()
    done = sum(len(one.done) for one in sets)
    blocks = sum(one.blocks for one in sets)
    failed = [failure for failure in store.failures() if not failure.left_out]
    rows = [
        ("models", _listed(models)),
        ("methods", _listed(list(dict.fromkeys(one.label for one in sets)))),
        ("images", f"{len(store.manifest.images):,}"),
        ("maps", f"{len(sets):,} sets" + ("" if done == blocks else f", {100 * done / max(blocks, 1):.0f} % done")),
        ("failures", f"{len(failed):,}" if failed else ""),
        ("folder", str(store.path)),
    ]
    picture = None
    if len(store.manifest.images) <= LOOKED_UP:
        try:
            figure = Plots(store, models=models[:MODELS]).overlays(limit=2)
            picture = of_figure(figure, "Maps of the first photographs", photographs=True)
        except CrosslightError:  # the photographs are gone, or nothing is stored yet: the table says enough
            picture = None
    return card(f"Results of {store.manifest.name}", rows, picture)


@notebook_html.register
def _of_maps(maps: Maps) -> str:
    attributes = maps.attributes
    counts = Counter(Status(int(status)).name.lower().replace("_", " ") for status in maps.status)
    settings = attributes.get("settings") or {}
    name = " / ".join(str(attributes[key]) for key in ("model", "label") if key in attributes)
    height, width = maps.values.shape[1:]
    rows = [
        ("maps", f"{len(maps):,} of {height} x {width} cells"),
        ("status", ", ".join(f"{number:,} {status}" for status, number in counts.items())),
        ("method", str(attributes.get("method", ""))),
        ("settings", ", ".join(f"{key} {value}" for key, value in list(settings.items())[:8])),
        ("target", str(attributes.get("target", ""))),
        ("final step", str(attributes.get("finish", ""))),
    ]
    shown = [row for row in range(len(maps)) if maps.status[row] == Status.OK][:STRIP]
    pictures = [_one_map(maps, row) for row in shown]
    return card(f"Maps {name}".strip(), rows, of_strip(pictures, f"The first maps of {name}"))


@notebook_html.register
def _of_explanations(found: Explanations) -> str:
    wanted = list(found.maps)[:COLUMNS]
    one_model, one_method = (len({pair[i] for pair in wanted}) == 1 for i in (0, 1))
    truths = {
        label: map_labels(found.images, classifier.classes).indices if classifier.classes is not None else None
        for label, classifier in found.classifiers.items()
    }
    shots: list[Shot] = []
    for row, record in enumerate(found.images):
        if len(shots) == PHOTOGRAPHS:
            break
        try:
            photograph = record.load()
        except ImageError:
            continue
        said = {}
        for label, table in found.predictions.items():
            known = truths.get(label)
            said[label] = said_of(table, row, known[row] if known is not None else None)
        tiles = [Tile(found.maps[pair], row, None if one_model else said.get(pair[0])) for pair in wanted]
        own = said.get(wanted[0][0]) if one_model and wanted else None
        shots.append(Shot(photograph, tiles, name=record.name.rsplit("/", 1)[-1], said=own))
    picture = None
    if shots and wanted:
        heads = [model if one_method and not one_model else method for model, method in wanted]
        groups = [] if one_model or one_method else [model for model, _ in wanted]
        figure = overlay_grid(shots, heads, groups=groups, title="Explanations")
        picture = of_figure(figure, "Maps over photographs, with predictions", photographs=True)
    rows = [
        ("models", _listed(found.models)),
        ("methods", _listed(found.methods)),
        ("images", f"{len(found.images):,}"),
        ("failures", _listed([f"{failure.stage} {failure.model}: {failure.reason}" for failure in found.failures], 3)),
        ("notes", _listed(found.notes, 3)),
    ]
    return card("Explanations", rows, picture)


@notebook_html.register
def _of_agreement(found: Agreement) -> str:
    picture = None
    if 0 < len(found.sets) <= SETS:
        what = f"Mean {found.measure_label} of every two {found.across}"
        picture = of_figure(matrix_figure(found), what)
    cells = [
        (label, [f"{_short(mean)} ({_short(floor)})" for mean, floor in zip(means, floors, strict=True)])
        for label, means, floors in zip(found.sets, found.mean, found.floor, strict=True)
    ]
    rows = [
        ("images", describe_count(found)),
        ("measure", found.measure_label),
        ("steps", ", ".join(f"{key} {value}" for key, value in found.steps.items())),
        ("unusable", ", ".join(found.unusable)),
    ]
    table = numbers(f"mean {found.measure_label} (floor from different images)", found.sets, cells)
    return card(f"Agreement of {found.across}" + (f": {found.label}" if found.label else ""), rows, picture, table)


def _first_pictures(study: Study) -> list[Image.Image]:
    """The first photographs of a study that lie on this machine; none where they would have to be fetched."""
    images = study.spec.images
    if study.results is None and images.source.startswith("hf:"):
        return []
    try:
        if study.results is not None:
            pictures = _pictures(str(study.results.path))
            wanted: Sequence[str] = [image.identity for image in study.results.manifest.images[:STRIP]]
            return _loaded(pictures, wanted)
        found: ImageSet = open_images(images.source, limit=STRIP, sample="first", base=study.spec.base)
    except CrosslightError:  # the source is not there: the table names it
        return []
    return _loaded(Pictures({record.identity: record for record in found}), [record.identity for record in found])


def _loaded(pictures: Pictures, identities: Sequence[str]) -> list[Image.Image]:
    found = []
    for identity in identities:
        try:
            found.append(pictures.load(identity))
        except ImageError:  # one bad file leaves a gap, no more
            continue
    return found


@lru_cache(maxsize=4)
def _pictures(path: str) -> Pictures:
    """The photographs of a store; none of one so large that looking them up would take long."""
    store = Store.open(path)
    return Pictures.of(store) if len(store.manifest.images) <= LOOKED_UP else Pictures({}, "there are too many")


def _one_map(maps: Maps, row: int) -> Image.Image:
    """A map over the part of the photograph that it covers, or on grey where the photograph is not known."""
    try:
        if maps.origin:
            picture = _pictures(maps.origin).load(maps.images[row])
            return overlay_map(picture, maps, row).crop(window_of([maps.boxes[row]], picture.size))
    except CrosslightError:  # it is not there any more
        pass
    values = finish_named(maps.attributes.get("finish", "none"))(maps.values[row])
    rgba = colourise(values, signed=is_signed(maps), limit=limit_of_map(maps, row)).astype(np.float32)
    share = rgba[..., 3:] / 255
    pixels = np.rint(share * rgba[..., :3] + (1 - share) * 236).astype(np.uint8)
    return Image.fromarray(pixels).resize((224, 224), Image.Resampling.NEAREST)


def _listed(names: Sequence[str], most: int = 16) -> str:
    """Names with commas, and how many more there are."""
    shown = ", ".join(map(str, names[:most]))
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def _short(value: float) -> str:
    return "\N{EN DASH}" if np.isnan(value) else f"{value:.2f}"
