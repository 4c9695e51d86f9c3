"""How alike two sets are on each image: the distribution over images of every pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

from ...agreement.aggregate import Agreement, common_images, describe_count
from ...agreement.relations import RELATIONS, Kinship
from ...core.errors import InputError
from .legend import COLOURS
from .lettering import EDGE, INK, LINE, QUIET, TITLE, measure, page, safe, wrap
from .words import UNKNOWN, title_of

MOST = 36  # pairs that are drawn
_ROW, _HEAD = 0.19, 0.3  # inches of a pair, and of the name of a relation
_ACROSS = 3.6  # inches of the scale
_NAMES = 7.0  # points
_FEW = 16  # images below which they are drawn one by one, not as a density


@dataclass(frozen=True)
class _Pair:
    name: str
    relation: str
    values: NDArray[np.float64]
    mean: float
    low: float
    high: float
    floor: float
    ceiling: float


def pair_distributions(
    agreement: Agreement, kin: Kinship | None = None, *, most: int = MOST, title: str = "", caption: str = ""
) -> Figure:
    """Each pair's similarity over the images, the most alike on top, pairs of one relation together.

    Args:
        agreement: with its similarities per image.
        kin: what the sets are; without it all pairs stand in one group.
        most: pairs that are drawn; of more, of each relation the most and the least alike, as many as its share.
        title: on top, in place of one that names the result.
        caption: in place of one that names images, interval, floor and ceiling.

    Returns:
        A figure with its own canvas. A ridge is the density over images (Gaussian kernel, Scott's bandwidth, cut at the
        lowest and the highest image), every ridge of the same height; under sixteen images each is a dot.

    Raises:
        InputError: no pair has an image.
    """
    if kin is not None and tuple(kin.sets) != tuple(agreement.sets):
        raise InputError("the relations are not of the sets that were compared")
    pairs = _pairs(agreement, kin)
    if not pairs:
        raise InputError("no two sets have maps of the same images")
    present = [name for name in (*RELATIONS, "") if any(pair.relation == name for pair in pairs)]
    shown = {name: _some([pair for pair in pairs if pair.relation == name], most / len(pairs)) for name in present}
    drawn = [pair for own in shown.values() for pair in own]
    heads = len(present) > 1 or present[0] != ""
    names = max(measure(safe(pair.name), _NAMES) for pair in drawn)
    left = EDGE + names + 0.1
    title = safe(title) or title_of(agreement, "every pair of")
    width = max(left + _ACROSS + 0.15 + EDGE, measure(title, TITLE, bold=True) + 2 * EDGE)
    lines = wrap(safe(caption or _caption(agreement, pairs, drawn)), width - 2 * EDGE)
    below, up = LINE * len(lines) + 0.62, _ROW * len(drawn) + _HEAD * len(present) * heads + 0.12
    height = below + up + 0.42
    figure = page(width, height, title, lines)
    axes = figure.add_axes((left / width, below / height, _ACROSS / width, up / height))
    low, high = _limits(drawn)
    axes.set_xlim(low, high)
    axes.set_ylim(up, 0)
    y, ticks = 0.12, []
    for name, own in shown.items():
        colour = COLOURS[RELATIONS.index(name)] if name else COLOURS[-1]
        if heads:
            words = f"{relation_words(name, kin.by if kin else '')} ({_number(pairs, name)})"
            axes.text(
                -(left - EDGE) / _ACROSS, y + 0.62 * _HEAD, safe(words), fontsize=_NAMES + 0.6, weight="bold",
                color=colour, transform=axes.get_yaxis_transform(), va="center", ha="left", zorder=8,
                path_effects=[withStroke(linewidth=3, foreground="white")],
            )  # fmt: skip
            y += _HEAD
        for pair in own:
            _draw(axes, pair, y + 0.75 * _ROW, colour)
            ticks.append(y + 0.55 * _ROW)
            y += _ROW
    axes.set_yticks(ticks, [safe(pair.name) for pair in drawn])
    _frame(axes, agreement)
    return figure


def relation_words(relation: str, by: str) -> str:
    """A relation of two sets, as a head.

    Args:
        relation: one of `crosslight.agreement.relations.RELATIONS`, or nothing where it is not known.
        by: what the groups are, such as ``family``.
    """
    group = "group" if by in ("", "groups") else by
    several = "families" if group == "family" else f"{group}s"
    words = {
        "another seed": "two seeds of one network",
        "one lineage": "one lineage",
        "one group": f"one {group}",
        "different groups": f"different {several}",
    }
    return words.get(relation, f"{group} not known")


def _pairs(agreement: Agreement, kin: Kinship | None) -> list[_Pair]:
    used = common_images(agreement.per_image) if agreement.subset == "common" else slice(None)
    per_image = agreement.per_image[used]
    found = []
    for i, j in zip(*np.triu_indices(len(agreement.sets), 1), strict=True):
        values = per_image[:, i, j]
        values = values[np.isfinite(values)]
        if not len(values) or not np.isfinite(agreement.mean[i, j]):
            continue
        relation = (kin.relation(int(i), int(j)) or "") if kin is not None else ""
        numbers = (float(getattr(agreement, name)[i, j]) for name in ("mean", "low", "high", "floor", "ceiling"))
        found.append(_Pair(f"{agreement.sets[i]} \N{EN DASH} {agreement.sets[j]}", relation, values, *numbers))
    return sorted(found, key=lambda pair: -pair.mean)


def _some(pairs: Sequence[_Pair], share: float) -> list[_Pair]:
    """The most and the least alike, at least two where there are two."""
    number = len(pairs) if share >= 1 else max(2, round(share * len(pairs)))
    if number >= len(pairs):
        return list(pairs)
    top = (number + 1) // 2
    return [*pairs[:top], *pairs[len(pairs) - (number - top) :]]


def _number(pairs: Sequence[_Pair], relation: str) -> str:
    count = sum(pair.relation == relation for pair in pairs)
    return f"{count} pair{'s' if count != 1 else ''}"


def _limits(pairs: Sequence[_Pair]) -> tuple[float, float]:
    known = np.concatenate([pair.values for pair in pairs] + [[pair.floor for pair in pairs]])
    known = known[np.isfinite(known)]
    low, high = float(known.min()), float(known.max())
    room = max(0.03 * (high - low), 0.01)
    return low - room, high + room


def _draw(axes: Axes, pair: _Pair, y: float, colour: str) -> None:
    values = pair.values
    if len(values) >= _FEW and np.ptp(values) > 1e-9:
        at = np.linspace(values.min(), values.max(), 120)
        density = gaussian_kde(values)(at)
        ridge = y - 0.92 * _ROW * density / density.max()
        axes.fill_between(at, y, ridge, color=colour, alpha=0.28, linewidth=0, zorder=2)
        axes.plot(at, ridge, color=colour, linewidth=0.6, zorder=3)
    else:
        axes.plot(values, np.full(len(values), y - 0.06), "|", color=colour, markersize=4, alpha=0.8, zorder=2)
    for value, inside in ((pair.floor, INK), (pair.ceiling, "white")):
        if np.isfinite(value):
            axes.plot(
                value, y - 0.012, marker="^", markersize=3.0, color=inside, markeredgecolor=INK, markeredgewidth=0.5,
                zorder=7, linestyle="none", clip_on=False,
            )  # fmt: skip
    if np.isfinite(pair.low) and np.isfinite(pair.high):
        axes.plot([pair.low, pair.high], [y - 0.07] * 2, color=INK, linewidth=1.3, solid_capstyle="butt", zorder=5)
    axes.plot(
        pair.mean, y - 0.07, "o", markersize=3.4, color=INK, markeredgecolor="white", markeredgewidth=0.5, zorder=6
    )


def _frame(axes: Axes, agreement: Agreement) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.tick_params(axis="y", length=0, labelsize=_NAMES, pad=4, colors=INK)
    axes.tick_params(axis="x", labelsize=7.5, length=3, colors=QUIET)
    axes.set_xlabel(f"{safe(agreement.measure_label)} on one image", fontsize=8, color=QUIET, labelpad=3)
    axes.grid(axis="x", color=UNKNOWN, linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)


def _caption(agreement: Agreement, pairs: Sequence[_Pair], drawn: Sequence[_Pair]) -> str:
    level = 100 * agreement.bootstrap.get("level", 0.95)
    few = max(len(pair.values) for pair in pairs) < _FEW
    parts = [
        f"Each {'stroke' if few else 'ridge'}: " + ("one image" if few else "density over images, all of one height")
    ]
    parts[0] += f"; {describe_count(agreement)}"
    parts.append(f"Dot and line: mean and its {level:.0f} % interval over images")
    if any(np.isfinite(pair.floor) for pair in drawn):
        parts.append("Filled triangle: chance floor (mean over maps of different images)")
    if any(np.isfinite(pair.ceiling) for pair in drawn):
        parts.append("Hollow triangle: ceiling (what repeats reach)")
    if left := len(pairs) - len(drawn):
        parts.append(
            f"Of each relation the most and the least alike; {left} of {len(pairs)} pairs between are left out"
        )
    return ". ".join(parts) + "."
