"""Groups of sets in figures: which colour and mark each has, beside rows and as a legend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from .lettering import INK, LABEL, measure, safe

#: colours that people with any colour vision can tell apart (Okabe and Ito, 2008), each with its own mark
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5c5c5c")
MARKS = "os^DvPX"


@dataclass(frozen=True)
class Look:
    """How a group is drawn.

    Attributes:
        colour: as in CSS.
        mark: Matplotlib's.
        number: of the group; marks and colours come again after the seventh.
    """

    colour: str
    mark: str
    number: int


def looks(groups: Iterable[str]) -> dict[str, Look]:
    """Colours and marks of groups, in the order in which they first stand."""
    names = dict.fromkeys(groups)
    return {name: Look(COLOURS[i % len(COLOURS)], MARKS[i % len(MARKS)], i) for i, name in enumerate(names)}


def draw_marks(axes: Axes, rows: Sequence[str], groups: Mapping[str, str], *, inches: float) -> None:
    """The mark of each row's group, beside the row.

    Args:
        axes: rows are at 0, 1, ... of the vertical axis.
        rows: the group of each row; one that is not among `groups` has no mark.
        groups: of all sets, by label; their order gives the colours.
        inches: distance from the axes' right side, or from its left side where negative.
    """
    found = looks(groups.values())
    side = axes.get_yaxis_transform() + ScaledTranslation(inches, 0, axes.figure.dpi_scale_trans)
    for at, group in enumerate(rows):
        if look := found.get(group):
            axes.plot(
                1.0 if inches > 0 else 0.0, at, marker=look.mark, markersize=5, color=look.colour, linestyle="none",
                markeredgecolor="white", markeredgewidth=0.5, clip_on=False, transform=side,
            )  # fmt: skip


def draw_legend(
    figure: Figure,
    groups: Iterable[str],
    left: float,
    middle: float,
    drawn: Sequence[tuple[str, str]] = (),
) -> None:
    """Groups in one line.

    Args:
        figure: in inches.
        groups: each may stand several times.
        left: where the line begins, inches from the left.
        middle: of the line, inches from the bottom.
        drawn: colour and mark of each group, where they are not those of `looks`.
    """
    width, height = figure.get_size_inches()
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.patch.set_alpha(0)
    x = left
    for name, look in looks(groups).items():
        colour, mark = drawn[look.number] if drawn else (look.colour, look.mark)
        axes.plot(
            x + 0.05, middle, marker=mark, markersize=6, color=colour,
            markeredgecolor="white", markeredgewidth=0.7, linestyle="none",
        )  # fmt: skip
        axes.text(x + 0.16, middle, safe(name), fontsize=LABEL, color=INK, va="center_baseline")
        x += 0.16 + measure(safe(name), LABEL) + 0.25
