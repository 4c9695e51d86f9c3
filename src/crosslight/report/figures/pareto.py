"""The front of a search: score against time of the defaults and of what was found."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from ...core.errors import InputError
from ...evaluation.tuning import Tuned
from ...evaluation.tuning.tuned import BEST, DEFAULT, FRONT
from .legend import COLOURS
from .lettering import EDGE, INK, LABEL, LINE, QUIET, TITLE, measure, page, safe, wrap

#: how each kind of point is drawn: colour, mark, words
_KINDS = {
    FRONT: (COLOURS[0], "o", "front"),
    DEFAULT: (QUIET, "s", "default settings"),
    BEST: (COLOURS[1], "D", "proposed"),
}
_ACROSS, _UP = 4.8, 2.7  # inches of the plot
_SMALL = 7.5  # points


def pareto_figure(found: Tuned, *, title: str = "", caption: str = "") -> Figure:
    """Draw the points of a search on the images that they were judged on, and all trials behind them.

    Args:
        found: the result of a search.
        title: on top, in place of one that names method and objective.
        caption: below, in place of one that says what is drawn.

    Returns:
        A figure with its own canvas. Across are evaluations per image, which are the same on every machine; bars are
        95 % bootstrap intervals over images.

    Raises:
        InputError: there is no point to draw.
    """
    if not found.points:
        raise InputError("there are no points to draw")
    title = safe(title or f"{found.method}: {found.objective} against evaluations")
    left = EDGE + 0.55
    width = max(left + _ACROSS + EDGE, measure(title, TITLE, bold=True) + 2 * EDGE)
    lines = wrap(safe(caption or _caption(found)), width - 2 * EDGE)
    below = LINE * len(lines) + 0.62
    height = below + _UP + 0.66
    figure = page(width, height, title, lines)
    axes = figure.add_axes((left / width, below / height, _ACROSS / width, _UP / height))
    _draw(axes, found)
    _frame(axes, found)
    return figure


def _draw(axes: Axes, found: Tuned) -> None:
    tried = [trial for trial in found.trials if trial.state == "done" and not trial.part]
    if tried:
        axes.plot(
            [trial.evaluations for trial in tried], [trial.score for trial in tried], ".", markersize=3.5,
            color="#c4c4c4", markeredgewidth=0, label="trials, on the images searched", zorder=1,
        )  # fmt: skip
    score, evaluations = found.estimates("scores"), found.estimates("evaluations").mean
    kinds = [point.label for point in found.points]
    for kind, (colour, mark, words) in _KINDS.items():
        rows = np.array([at for at, one in enumerate(kinds) if one == kind], np.intp)
        if not len(rows):
            continue
        means = score.mean[rows]
        reach = np.abs(np.stack([means - score.low[rows], score.high[rows] - means]))
        axes.errorbar(
            evaluations[rows], means, np.where(np.isfinite(reach), reach, 0), fmt=mark, markersize=5.5, color=colour,
            markeredgecolor="white", markeredgewidth=0.6, elinewidth=0.9, capsize=2, label=words, zorder=3,
        )  # fmt: skip


def _frame(axes: Axes, found: Tuned) -> None:
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    if high < 4 * low:  # one cost for all, as of a method that always takes one pass
        axes.set_xlim(low / 2, high * 2)
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:,.4g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("evaluations per image", fontsize=8, color=QUIET, labelpad=3)
    less = "" if found.better == "higher" else ", less is better"
    axes.set_ylabel(safe(f"{found.objective}{less}"), fontsize=8, color=QUIET, labelpad=3)
    axes.tick_params(labelsize=_SMALL, length=3, colors=QUIET)
    axes.tick_params(which="minor", length=1.5, colors=QUIET)
    axes.spines[["right", "top"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, fontsize=LABEL - 1, handletextpad=0.3,
        columnspacing=1, borderpad=0, labelcolor=INK,
    )  # fmt: skip


def _caption(found: Tuned) -> str:
    judged = f"{len(found.judged)} images"
    where = (
        f"Means over {judged} that the search did not see, with 95 % bootstrap intervals over images"
        if found.held_out
        else f"Means over {judged} on which the settings were chosen, with other samples; intervals over images"
    )
    return (
        f"{where}. Classifiers: {', '.join(found.models)}. {len(found.trials)} trials on {len(found.searched)} images."
    )
