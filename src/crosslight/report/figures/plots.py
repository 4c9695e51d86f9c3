"""Every figure of a study by name: ``store.plot.matrix("Grad-CAM")``, and what ``crosslight figure`` draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from matplotlib.figure import Figure

from ...agreement import Agreement, Steps
from ...agreement.analysis.method import MethodAnalysis, analyse_method
from ...agreement.analysis.request import Request
from ...agreement.measures import find_measure
from ...agreement.predictions import Predictions, read_predictions
from ...agreement.relations import Kinship
from ...agreement.structure import community_support, without_gaps
from ...core.errors import InputError, UnknownNameError
from ...dynamics import History
from ...evaluation.saved import is_current, saved_scores
from ...store import MapSet, Store
from ...store.pictures import Pictures
from ..learning.store import FOLDER as RUNS
from ..learning.store import open_runs
from .communities import community_graph
from .comparison import comparison_figure
from .curve import curve_figure
from .dendrogram import dendrogram_figure
from .learning import learning_figure
from .matrix import matrix_figure
from .overlays import overlay_grid
from .pairs import pair_distributions
from .points import map_figure
from .scorecard import scorecard_figure
from .shots import grid_of

#: what a matrix is of, unless something else is asked for
MEASURE = "cosine"
#: what methods are compared under
MEASURES = ("cosine", "ssim")
#: resamples of the images for the support of branches, ellipses and communities
RESAMPLES = 200


class Plots:
    """The figures of one store. What is compared for one of them is kept for the others.

    Args:
        store: whose maps.
        models: labels of the models to draw; all if empty.
        steps: what is done to maps before they are compared.
        resamples: of the images, for the support of branches, ellipses and communities.
        seed: of everything drawn.

    Raises:
        UnknownNameError: there is no such model.

    Example:
        >>> store.plot.matrix("Grad-CAM").savefig("matrix.svg")  # doctest: +SKIP
        >>> Plots(store, models=["ResNet-18", "ViT"]).pairs()     # doctest: +SKIP
    """

    def __init__(
        self,
        store: Store,
        *,
        models: Sequence[str] = (),
        steps: Steps | None = None,
        resamples: int = RESAMPLES,
        seed: int = 0,
    ):
        for model in models:
            if model not in store.models():
                raise UnknownNameError("model", model, store.models())
        self.store, self._steps, self._resamples, self._seed = store, steps or Steps(), resamples, seed
        self.models = tuple(models) or store.models()
        self._kept: dict[tuple[str, tuple[str, ...], bool], MethodAnalysis] = {}

    def __repr__(self) -> str:
        return f"<Plots of {self.store.manifest.name}: {', '.join(KINDS)}>"

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """Labels of the methods that have maps of these models."""
        return tuple(dict.fromkeys(one.label for one in self._sets()))

    @cached_property
    def runs(self) -> Mapping[str, History]:
        """The recorded training runs by label."""
        return open_runs(self.store)

    @cached_property
    def pictures(self) -> Pictures:
        """The photographs, as far as they can be found."""
        return Pictures.of(self.store)

    # --- agreement

    def analysis(
        self, method: str = "", measures: Sequence[str] = (MEASURE,), *, every_choice: bool = False
    ) -> MethodAnalysis:
        """What is known about the models under one method; computed once.

        Args:
            method: its label; the first one with maps of two models if empty.
            measures: the first is the one that trees and groups follow.
            every_choice: ask the family question under every combination of choices, too.

        Raises:
            UnknownNameError: no method has that label.
            InputError: it has maps of one model only, or there is no such measure.
        """
        label = method or self._first()
        known = [find_measure(one) for one in measures]
        key = (label, tuple(str(one) for one in measures), every_choice)
        if key not in self._kept:
            sets = [one for one in self._sets() if one.label == label]
            if not sets:
                raise UnknownNameError("method label", label, self.methods)
            if len(sets) < 2:
                raise InputError(
                    f"{label} has maps of {sets[0].model} only, and an agreement needs two models: crosslight run "
                    "makes more"
                )
            asked = Request(
                store=self.store, told=self._told, properties={}, measures=known, steps=self._steps,
                every_choice=every_choice, resamples=self._resamples, seed=self._seed,
            )  # fmt: skip
            self._kept[key] = analyse_method(asked, label, sets)
        return self._kept[key]

    def matrix(self, method: str = "", *, measure: str = MEASURE) -> Figure:
        """Mean agreement of every two models; see `matrix_figure`."""
        found, kin = self._found(method, measure)
        tree = found.support.tree if found.support is not None else None
        return matrix_figure(found.main, tree=tree, groups=_groups(kin))

    def dendrogram(self, method: str = "", *, measure: str = MEASURE) -> Figure:
        """The tree of the models with the support of its branches; see `dendrogram_figure`."""
        found, kin = self._found(method, measure, 3)
        return dendrogram_figure(found.main, support=found.support, groups=_groups(kin))

    def map(self, method: str = "", *, measure: str = MEASURE) -> Figure:
        """The models as points with ellipses; see `map_figure`."""
        found, kin = self._found(method, measure, 3)
        if found.ellipses is None:
            raise InputError(f"{found.label} cannot be drawn as a map: {_why(found, 'map')}")
        _, left, _ = without_gaps(found.main.per_image, found.main.sets)
        groups = _groups(kin)
        ordination = found.ellipses.ordination
        return map_figure(
            ordination,
            left,
            None if groups is None else [groups[label] for label in left],
            title=f"{found.label}: map of the models",
            caption=f"Principal coordinates of the dissimilarities ({found.main.measure_label}); models that look at "
            f"similar places are near. Ellipses: where {100 * found.ellipses.level:.0f} % of "
            f"{found.ellipses.resamples:,} resamples of the images put a model, each by itself. Stress "
            f"{ordination.stress:.2f} (above 0.2 is poor). The signs of the axes mean nothing.",
            ellipses=found.ellipses,
            order=tuple(groups.values()) if groups else (),
        )

    def communities(self, method: str = "", *, measure: str = MEASURE) -> Figure:
        """The models as a graph with Louvain communities; see `community_graph`."""
        found, _ = self._found(method, measure, 3)
        if found.communities is None:
            raise InputError(f"{found.label} has no communities: {_why(found, 'communities')}")
        per_image, _, _ = without_gaps(found.main.per_image, found.main.sets)
        plateau, support = found.communities.longest, None
        if plateau is not None:
            middle = (plateau.low + plateau.high) / 2
            support = community_support(per_image, middle, resamples=self._resamples, seed=self._seed)
        return community_graph(found.main, found.communities, support=support)

    def pairs(self, method: str = "", *, measure: str = MEASURE) -> Figure:
        """The distribution over images of every pair; see `pair_distributions`."""
        return pair_distributions(*self._parts(method, measure))

    def multiverse(self, method: str = "") -> Figure:
        """The family question under every combination of choices; see `curve_figure`. It takes a while."""
        found = self.analysis(method, every_choice=True)
        if found.multiverse is None or not found.multiverse.universes:
            raise InputError(f"{found.label} has no multiverse: {_why(found, 'choices')}")
        return curve_figure(found.multiverse)

    def comparison(self, methods: Sequence[str] = (), *, measures: Sequence[str] = MEASURES) -> Figure:
        """Matrices of methods under measures; see `comparison_figure`.

        Args:
            methods: labels; if empty the first one, and the first that reads the network in another way.
            measures: as users write them.
        """
        labels = list(methods) or self._unlike()
        found = {label: self.analysis(label, measures) for label in labels}
        first = next(iter(found.values()))
        return comparison_figure({label: one.agreements for label, one in found.items()}, groups=_groups(_kin(first)))

    # --- scores and overlays

    def scorecard(self, metric: str = "", *, model: str = "", methods: Sequence[str] = ()) -> Figure:
        """Scores of all methods on these models; see `scorecard_figure`.

        Args:
            metric: under which; the first one if empty.
            model: all metrics on one model instead.
            methods: labels; all if empty.

        Raises:
            InputError: the store was not scored.
        """
        card = saved_scores(self.store)
        if card is None:
            raise InputError(
                f"{self.store.path} has no scores: crosslight score {self.store.path} --masks M makes them"
            )
        models = [name for name in self.models if name in card.models]
        if not models:
            raise InputError(f"{self.store.path} has no scores of these models: crosslight score makes them")
        metric = metric or ("" if model else card.metrics[0])
        title = f"Scores on {model}" if model else f"Scores of methods on models: {metric}"
        if not is_current(card, self.store):
            title += " (of an earlier state of the study)"
        return scorecard_figure(card, metric=metric, model=model, methods=methods, models=models, title=title)

    def overlays(
        self,
        methods: Sequence[str] | str = (),
        *,
        images: Sequence[str] = (),
        limit: int = 4,
        style: str = "heat",
        top: int = 5,
        smooth: bool = True,
    ) -> Figure:
        """Photographs with the maps of these models; see `overlay_grid`.

        Args:
            methods: labels; the first one if empty.
            images: names of photographs; the first ones if empty.
            limit: how many of these.
            style: ``heat``, ``segments`` or ``contour``.
            top: segments that are coloured.
            smooth: interpolate between cells.
        """
        labels = [methods] if isinstance(methods, str) and methods else list(methods)
        if not labels:
            cut = [one.label for one in self._sets() if "segmentation" in (one.attributes.get("settings") or {})]
            labels = cut[:1] if style == "segments" and cut else [self._any()]
        for label in labels:
            if label not in self.methods:
                raise UnknownNameError("method label", label, self.methods)
        grid = grid_of(self.store, self.pictures, self.models, labels, images, limit)
        return overlay_grid(
            grid.shots, grid.columns, groups=grid.groups, style=style, top=top, smooth=smooth, title=grid.title
        )

    def learning(self, run: str = "") -> Figure:
        """How a classifier learned; see `learning_figure`.

        Args:
            run: its label; the first one if empty.

        Raises:
            InputError: no run is recorded in the store.
            UnknownNameError: no run has that label.
        """
        runs = self.runs
        if not runs:
            raise InputError(f"{self.store.path} has no recorded runs: they lie in {self.store.path / RUNS}")
        if run and run not in runs:
            raise UnknownNameError("run", run, runs)
        label = run or next(iter(runs))
        return learning_figure(runs[label], title=f"How {label} learned")

    # --- what they share

    @cached_property
    def _told(self) -> Predictions:
        return read_predictions(self.store)

    def _sets(self) -> list[MapSet]:
        return [one for one in self.store.map_sets() if one.model in self.models]

    def _any(self) -> str:
        if not self.methods:
            raise InputError(f"{self.store.path} holds no maps of these models: crosslight run makes them")
        return self.methods[0]

    def _first(self) -> str:
        """The first method with maps of two models."""
        labels = [one.label for one in self._sets()]
        for label in self.methods:
            if labels.count(label) > 1:
                return label
        self._any()
        raise InputError("no method has maps of two of these models: crosslight run makes them, or name others")

    def _unlike(self) -> list[str]:
        """The first method, and the first after it that reads the network in another way: at a layer, or not."""
        sets, first = self._sets(), self._first()
        whole = {label: sum(one.label == label for one in sets) for label in self.methods}
        kinds = {one.label: one.attributes.get("site") is None for one in sets}
        others = [label for label in self.methods if label != first and whole[label] > 1]
        other = [label for label in others if kinds[label] != kinds[first]] or others
        return [first, *other[:1]]

    def _parts(self, method: str, measure: str) -> tuple[Agreement, Kinship]:
        found = self.analysis(method, (measure,))
        return found.main, _kin(found)

    def _found(self, method: str, measure: str, models: int = 2) -> tuple[MethodAnalysis, Kinship]:
        found = self.analysis(method, (measure,))
        usable = int(np.isfinite(found.main.mean.diagonal()).sum())
        if usable < models:
            raise InputError(f"{found.label} has maps to compare of {usable} models, and {models} are needed")
        return found, _kin(found)


def plots_of(store: Store) -> Plots:
    """The figures of a store, as ``store.plot``."""
    return Plots(store)


def _kin(found: MethodAnalysis) -> Kinship:
    """What the sets are, by the labels that the agreement has."""
    return replace(found.kin, sets=found.main.sets)


def _groups(kin: Kinship) -> Mapping[str, str] | None:
    """The group of each set, None where nothing tells two of them apart."""
    if len(set(kin.groups)) < 2:
        return None
    return {name: group or "not known" for name, group in zip(kin.sets, kin.groups, strict=True)}


def _why(found: MethodAnalysis, what: str) -> str:
    return found.skipped.get(what) or found.skipped.get("structure") or "there is too little to compare"


#: what can be drawn: the method of `Plots` and one line on it
KINDS: Mapping[str, str] = {
    "overlays": "photographs with the maps of models or methods",
    "matrix": "mean agreement of every two models",
    "dendrogram": "the tree of the models with the support of its branches",
    "map": "the models as points with ellipses",
    "multiverse": "the family question under every combination of choices",
    "scorecard": "scores of all methods, with baselines",
    "comparison": "matrices of methods under measures, side by side",
    "communities": "the models as a graph with Louvain communities",
    "pairs": "the distribution over images of every pair",
    "learning": "predictions of all images over the epochs of a recorded run",
}
