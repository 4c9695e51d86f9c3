"""Cells that are known to be wrong, such as a corner that is always bright, replaced before maps are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError, suggestion
from ..core.maps import Maps, Status, judge

#: what takes the place of a cell: the mean of all other cells of the map, or of those around it
Fill = Literal["mean", "neighbours"]

Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]

KEYS = ("corner", "cell", "fill")
EXAMPLE = "'EfficientNet-B4/Grad-CAM:corner=bottom-right' or 'EfficientNet-B4/Grad-CAM:cell=6,6:fill=neighbours'"


@dataclass(frozen=True)
class Repair:
    """One cell of every map of one set, and what takes its place.

    Attributes:
        sets: the set, ``MODEL/METHOD`` by their labels; ``MODEL/*`` means all methods of a model.
        corner: which corner, or None where `cell` says which cell.
        cell: row and column from the top left, from 0; None where `corner` is given.
        fill: ``mean`` of all other cells of the map, or of the up to eight ``neighbours``.
    """

    sets: str
    corner: Corner | None = None
    cell: tuple[int, int] | None = None
    fill: Fill = "mean"

    def __post_init__(self) -> None:
        if (self.corner is None) == (self.cell is None):
            raise InputError("a repair needs a corner or a cell, and not both")
        if self.corner is not None and self.corner not in get_args(Corner):
            raise InputError(f"there is no corner {self.corner!r}{suggestion(self.corner, get_args(Corner))}")
        if self.fill not in get_args(Fill):
            raise InputError(f"a cell cannot be filled with {self.fill!r}{suggestion(self.fill, get_args(Fill))}")
        if self.cell is not None and min(self.cell) < 0:
            raise InputError(f"rows and columns are counted from 0 at the top left: {self.cell} is none of them")

    def __str__(self) -> str:
        where = f"corner={self.corner}" if self.corner else "cell={},{}".format(*(self.cell or ()))
        return f"{self.sets}:{where}:fill={self.fill}"

    def applies_to(self, model: str, label: str) -> bool:
        """Whether the maps of a method, by its label, on a model are to be repaired."""
        return self.sets in (f"{model}/{label}", f"{model}/*")

    def place(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Row and column in maps of that height and width.

        Raises:
            InputError: the maps have no such cell.
        """
        height, width = shape
        if self.corner is not None:
            vertical, horizontal = self.corner.split("-")
            return (0 if vertical == "top" else height - 1), (0 if horizontal == "left" else width - 1)
        row, column = self.cell or (0, 0)
        if row >= height or column >= width:
            raise InputError(
                f"the maps of {self.sets!r} have {height} rows and {width} columns, counted from 0: "
                f"there is no cell {row},{column}"
            )
        return row, column


def parse_repair(text: str) -> Repair:
    """A repair as it is written on the command line.

    Args:
        text: ``MODEL/METHOD:corner=NAME`` or ``MODEL/METHOD:cell=ROW,COLUMN``, where ``:fill=neighbours`` may follow.
            Labels may themselves hold colons and slashes.

    Returns:
        The repair.

    Raises:
        InputError: the text says something else; the message says what it should be.
    """
    options: list[tuple[str, str]] = []
    rest = text.strip()
    while found := re.fullmatch(r"(.*):\s*([a-z]+)\s*=\s*([^:=]*)", rest, re.DOTALL):
        if found[2] not in KEYS and any(key in ("corner", "cell") for key, _ in options):
            break  # part of a label
        rest = found[1]
        options.append((found[2], found[3].strip()))
    given: dict[str, str] = {}
    for key, value in reversed(options):
        if key not in KEYS:
            hint = suggestion(key, KEYS)
            raise InputError(f"repair {text!r}: there is no option {key!r}{hint}; write {EXAMPLE}")
        if key in given:
            raise InputError(f"repair {text!r}: {key} stands there twice")
        given[key] = value
    if not ({"corner", "cell"} & set(given)):
        raise InputError(f"repair {text!r} does not say which cell: write {EXAMPLE}")
    if "/" not in rest.strip("/"):
        raise InputError(f"repair {text!r} needs MODEL/METHOD before the colon: write {EXAMPLE}")
    cell = None
    if "cell" in given:
        numbers = re.fullmatch(r"(\d+)\s*,\s*(\d+)", given["cell"])
        if numbers is None:
            raise InputError(
                f"repair {text!r}: a cell is ROW,COLUMN from the top left, counted from 0, such as cell=6,6"
            )
        cell = (int(numbers[1]), int(numbers[2]))
    corner: Any = given.get("corner")
    fill: Any = given.get("fill", "mean")
    try:
        return Repair(rest.strip(), corner, cell, fill)
    except InputError as error:
        raise InputError(f"repair {text!r}: {error}") from None


def repair_cell(maps: Maps, cell: tuple[int, int], *, fill: Fill = "mean") -> Maps:
    """Replace one cell of every map by the mean of others; nothing else changes.

    Args:
        maps: raw maps, of more than one cell; those without values stay as they are.
        cell: row and column from the top left, from 0.
        fill: ``mean`` of all other cells of the map, or of the up to eight ``neighbours``.

    Returns:
        New maps with their status judged again, because a map may be constant without that cell, or finite. What was
        done is added to the list ``attributes["repair"]``.

    Raises:
        InputError: there is no such cell, or no other one.

    Source:
        The reference thesis on CNN against transformer explanations, which so replaces the bright corner of
        EfficientNet-B4. Deviation: the raw map is repaired, before the final step, so that a ReLU acts on the mean.
    """
    return _repaired(maps, Repair("", None, cell, fill))


def apply_repairs(maps: Maps, repairs: Iterable[Repair]) -> Maps:
    """A block of maps with all repairs that are meant for its set, one after the other.

    Args:
        maps: with ``model`` and ``label`` in their attributes.
        repairs: those meant for other sets are passed over.

    Returns:
        New maps, or the same where nothing is to be done.

    Raises:
        InputError: the maps have no such cell.
    """
    for repair in repairs:
        if repair.applies_to(str(maps.attributes.get("model", "")), str(maps.attributes.get("label", ""))):
            maps = _repaired(maps, repair)
    return maps


def repaired_blocks(blocks: Iterable[Maps], repairs: Sequence[Repair]) -> Iterator[Maps]:
    """`apply_repairs` on block after block, as they come."""
    return (apply_repairs(block, repairs) for block in blocks)


def check_repairs(repairs: Iterable[Repair], sets: Iterable[tuple[str, str]]) -> None:
    """Refuse a repair that no set of maps is meant by, before any work.

    Args:
        repairs: as asked for.
        sets: model and method label of each set of maps there is.

    Raises:
        InputError: a repair names no set; the message names the nearest one.
    """
    known = list(sets)
    for repair in repairs:
        if not any(repair.applies_to(model, label) for model, label in known):
            hint = suggestion(repair.sets, [f"{model}/{label}" for model, label in known])
            raise InputError(f"there are no maps of {repair.sets!r} to repair{hint}")


def _repaired(maps: Maps, repair: Repair) -> Maps:
    shape = (maps.values.shape[1], maps.values.shape[2])
    row, column = repair.place(shape)
    if shape[0] * shape[1] < 2:
        raise InputError("a map of one cell has no other cell to repair it from")
    values = maps.values.copy()
    values[:, row, column] = _others(maps.values.astype(np.float64), row, column, repair.fill)
    status = maps.status.copy()
    there = np.isin(status, [each for each in Status if each.has_map])
    status[there] = judge(values[there])
    done = {"cell": [row, column], "fill": repair.fill, "corner": repair.corner}
    attributes = {**maps.attributes, "repair": [*maps.attributes.get("repair", ()), done]}
    return replace(maps, values=values, status=status, attributes=attributes)


def _others(values: NDArray[np.float64], row: int, column: int, fill: Fill) -> NDArray[np.float64]:
    mask = np.ones(values.shape[1:], bool)
    if fill == "neighbours":
        mask[:] = False
        mask[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = True
    mask[row, column] = False
    return np.asarray(values[:, mask].mean(axis=1))
