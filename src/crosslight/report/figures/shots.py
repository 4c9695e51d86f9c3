"""Rows of an overlay grid from a store: photographs, maps and what the models predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.errors import ImageError, InputError, StoreError, UnknownNameError
from ...store import PredictionTable, Store
from ...store.pictures import Pictures
from .overlays import Said, Shot, Tile

#: columns of maps that one page holds
MOST = 12


@dataclass(frozen=True)
class Grid:
    """What `overlay_grid` is given.

    Attributes:
        shots: the rows.
        columns: heads of the columns.
        groups: what each column belongs to; empty where heads say all.
        title: names what all columns share.
    """

    shots: tuple[Shot, ...]
    columns: tuple[str, ...]
    groups: tuple[str, ...]
    title: str


def grid_of(
    store: Store,
    pictures: Pictures,
    models: Sequence[str],
    methods: Sequence[str],
    images: Sequence[str] = (),
    limit: int = 4,
) -> Grid:
    """Photographs x models x methods.

    Args:
        store: where the maps are.
        pictures: of the store.
        models: labels.
        methods: labels.
        images: names of the photographs; the first `limit` if empty.
        limit: photographs at most, where none is named.

    Raises:
        UnknownNameError: no photograph has that name.
        InputError: the photographs are not there any more, there is no map, or too many columns.
    """
    rows = _rows(store, images, limit)
    wanted = [(model, method) for model in models for method in methods]
    held = {(one.model, one.label) for one in store.map_sets()}
    wanted = [pair for pair in wanted if pair in held]
    if not wanted:
        raise InputError(f"{store.path} holds no maps of these models and methods: crosslight run makes them")
    if len(wanted) > MOST:
        raise InputError(
            f"{len(wanted)} columns of maps do not fit on a page, at most {MOST} do: name fewer models (--model) or "
            "methods (--method)"
        )
    maps = {pair: store.maps(*pair, rows) for pair in wanted}
    tables = {model: table for model in models if (table := _predictions(store, model, rows)) is not None}
    one_model = len({model for model, _ in wanted}) == 1
    one_method = len({method for _, method in wanted}) == 1
    shots = []
    for at, row in enumerate(rows):
        entry = store.manifest.images[row]
        try:
            picture = pictures.load(entry.identity)
        except ImageError as error:
            raise InputError(
                f"the photograph {entry.name} is not there: {error}. Put it back to draw overlays"
            ) from None
        said = {model: said_of(table, at, _truth(table, row)) for model, table in tables.items()}
        first = {
            model: next(pair for pair in wanted if pair[0] == model) for model in dict.fromkeys(m for m, _ in wanted)
        }
        own = said.get(wanted[0][0]) if one_model else None
        shots.append(
            Shot(
                picture,
                [
                    Tile(maps[pair], at, said.get(pair[0]) if not one_model and first[pair[0]] == pair else None)
                    for pair in wanted
                ],
                name="" if own is not None and own.right else name_of(tables, entry.name, row),
                said=own,
            )
        )
    if one_method and not one_model:
        return Grid(
            tuple(shots), tuple(model for model, _ in wanted), (), f"{wanted[0][1]}: {_count(shots[0], 'model')}"
        )
    if one_model:
        return Grid(
            tuple(shots), tuple(method for _, method in wanted), (), f"{wanted[0][0]}: {_count(shots[0], 'method')}"
        )
    return Grid(tuple(shots), tuple(x for _, x in wanted), tuple(m for m, _ in wanted), "Models and methods")


def _count(shot: Shot, what: str) -> str:
    return f"{len(shot.tiles)} {what}{'s' if len(shot.tiles) != 1 else ''}"


def said_of(table: PredictionTable, row: int, truth: int | None) -> Said | None:
    """What a model predicts for an image, None where it predicts nothing.

    Args:
        table: of the model.
        row: of the image in the table.
        truth: index of the labelled class, None where it is not known.
    """
    top = int(table.top1[row])
    if top < 0:
        return None
    share = float(table.probabilities[row, top])
    return Said(_short(table.classes[top]), share, None if truth is None else top == truth)


def name_of(tables: Mapping[str, PredictionTable], name: str, row: int) -> str:
    """The label of an image in words where a model knows it, else the file's name.

    Args:
        tables: whose classes have names.
        name: of the file.
        row: of the image in the study.
    """
    for table in tables.values():
        truth = _truth(table, row)
        if truth is not None:
            return _short(table.classes[truth])
    return name.rsplit("/", 1)[-1]


def _short(name: str) -> str:
    """The first synonym of a class."""
    return name.split(",")[0].strip() or name


def _truth(table: PredictionTable, row: int) -> int | None:
    labels = table.attributes.get("labels") or []
    return None if row >= len(labels) or labels[row] is None else int(labels[row])


def _predictions(store: Store, model: str, rows: Sequence[int]) -> PredictionTable | None:
    try:
        return store.predictions(model, rows)
    except StoreError:  # maps made elsewhere have none
        return None


def _rows(store: Store, images: Sequence[str], limit: int) -> list[int]:
    names = [image.name for image in store.manifest.images]
    if not images:
        return list(range(min(limit, len(names))))
    found = []
    for name in images:
        same = [i for i, own in enumerate(names) if name in (own, own.rsplit("/", 1)[-1])]
        if not same:
            raise UnknownNameError("image", name, names)
        found += [i for i in same if i not in found]
    return found
