"""What a measure of similarity is: how a map is represented, and how two representations are compared."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from string import Formatter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError, suggestion

Array = NDArray[Any]
#: what was made once and serves several measures, by what it is
Kept = dict[Any, Array]
#: under which `Cells.kept` has ``[set, image, 2]``: smallest and largest cell of each map
EXTREMES = "extremes"


@dataclass(frozen=True)
class Cells:
    """Maps as vectors that can be compared: the cells of one grid, or coordinates that keep their products.

    Attributes:
        values: ``[set, image, k]``, floating; NaN throughout where a set has no usable map of an image.
        one: ``[k]``: the map that is 1 in every cell. All ones for the cells of a grid; in the orthonormal coordinates
            of `crosslight.agreement.native`, what that map's coordinates are.
        grid: rows and columns of the grid; None where `values` are coordinates, in which single cells are not known.
        kept: what was made of these maps and several measures can use: `EXTREMES`, masks of their top cells.
    """

    values: Array
    one: Array
    grid: tuple[int, int] | None
    kept: Kept = field(default_factory=dict, compare=False, repr=False)


#: from cells to one representation per map, ``[set, image, r]``; NaN in rows that have none
Represent = Callable[..., Array]
#: from two stacks of representations, ``[a, image, r]`` and ``[b, image, r]``, to ``[image, a, b]``; it may take
#: a third argument called ``kept``, for what measures with the same representations need to make but once
Compare = Callable[..., Array]


@dataclass(frozen=True)
class Measure:
    """One measure of similarity with its settings.

    A map is represented once, and representations are compared with those of every other set, of the same image
    (agreement) or of another one (the chance floor).

    Attributes:
        name: as registered, such as ``iou``.
        represent: makes representations; its keyword-only parameters are settings.
        compare: compares two stacks of them; its keyword-only parameters are settings, too.
        linear: whether it needs products of maps with one another and with the constant map alone, so that it can be
            computed in native coordinates.
        low, high: the range of values.
        identical: the similarity of a map with itself; NaN where it depends on the map.
        title: as shown in figures and tables; may use settings, as in ``IoU of the top {share:.0%}``.
        reference: paper or definition.
        settings: by name.
    """

    name: str
    represent: Represent
    compare: Compare
    linear: bool
    low: float
    high: float
    identical: float
    title: str
    reference: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What the measure is called in words, with the settings that the title does not name and that were changed."""
        shown = {name for _, name, _, _ in Formatter().parse(self.title)}
        rest = ", ".join(f"{name} {_text(value)}" for name, value in self._changed().items() if name not in shown)
        named = self.title.format(**self.settings).replace(".0%", "%").replace("%", " %")
        return named + (f" ({rest})" if rest else "")

    @property
    def key(self) -> str:
        """What a user writes for it: ``iou``, or ``iou:share=0.2`` where settings differ from the defaults."""
        changed = ",".join(f"{name}={_text(value)}" for name, value in self._changed().items())
        return f"{self.name}:{changed}" if changed else self.name

    def with_settings(self, **changes: Any) -> Measure:
        """The same measure with other settings.

        Raises:
            InputError: it has no such setting.
        """
        for name in changes:
            if name not in self.settings:
                known = suggestion(name, self.settings) if self.settings else "; it has none"
                raise InputError(f"the measure {self.name!r} has no setting {name!r}{known}")
        return Measure(**{**self.__dict__, "settings": {**self.settings, **changes}})

    def representations(self, cells: Cells) -> Array:
        """``[set, image, r]``: `represent` with the settings it takes."""
        return self.represent(cells, **_chosen(self.represent, self.settings))

    def compared(self, first: Array, second: Array, kept: Kept | None = None) -> Array:
        """``[image, a, b]``: `compare` with the settings it takes.

        Args:
            first: ``[a, image, r]``.
            second: ``[b, image, r]``.
            kept: what was made of representations, none of which may have changed or gone since.
        """
        shared = {"kept": kept} if kept is not None and _takes_kept(self.compare) else {}
        return self.compare(first, second, **shared, **_chosen(self.compare, self.settings))

    def _changed(self) -> dict[str, Any]:
        usual = keywords(self.represent) | keywords(self.compare)
        return {name: value for name, value in self.settings.items() if value != usual[name]}

    def __call__(self, cells: Cells) -> Array:
        """``[image, set, set]``: every set against every other one, NaN where one has no representation."""
        made = self.representations(cells)
        return self.compared(made, made)


def keywords(function: Callable[..., Any]) -> dict[str, Any]:
    """The keyword-only parameters of a function and their defaults: its settings."""
    found = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in found if p.kind is inspect.Parameter.KEYWORD_ONLY}


@cache
def _takes_kept(compare: Compare) -> bool:
    return "kept" in inspect.signature(compare).parameters


def _chosen(function: Callable[..., Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: settings[name] for name in keywords(function)}


def _text(value: Any) -> str:
    return "/".join(map(str, value)) if isinstance(value, tuple) else str(value)


def products(first: Array, second: Array) -> Array:
    """Products of all pairs of vectors of one image: ``[a, image, r]``, ``[b, image, r]`` to ``[image, a, b]``."""
    return np.matmul(first.transpose(1, 0, 2), second.transpose(1, 2, 0))
