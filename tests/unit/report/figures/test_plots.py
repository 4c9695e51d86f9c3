"""Every figure of a store by name, and what is said where one cannot be drawn."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from matplotlib.figure import Figure

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.evaluation import save_scores
from crosslight.evaluation.baselines import BASELINES
from crosslight.evaluation.scorecard import make_scorecard
from crosslight.report.figures import plots as module
from crosslight.report.figures.plots import KINDS, Plots
from crosslight.report.figures.saving import save_figure


@pytest.fixture
def plots(study):
    return Plots(study, resamples=20)


def test_a_store_has_its_plots_and_keeps_them(study):
    assert isinstance(study.plot, Plots)
    assert study.plot is study.plot
    assert "matrix" in repr(study.plot)


@pytest.mark.parametrize("kind", ["matrix", "dendrogram", "map", "communities", "pairs"])
def test_kinds_of_one_method(plots, kind, words):
    figure = getattr(plots, kind)("Signed", measure="pearson")
    assert isinstance(figure, Figure)
    written = " ".join(reversed(words(figure)))
    assert "Signed" in written
    assert "Pearson" in written + figure.axes[0].get_xlabel()


def test_every_kind_is_a_method_of_plots():
    assert all(callable(getattr(Plots, kind)) for kind in KINDS)


def test_what_was_compared_is_not_compared_again(plots, monkeypatch):
    calls = []
    analyse = module.analyse_method
    monkeypatch.setattr(module, "analyse_method", lambda *given: calls.append(given) or analyse(*given))
    plots.matrix("Signed")
    plots.pairs("Signed")
    assert len(calls) == 1
    plots.matrix("Fine")
    assert len(calls) == 2


def test_the_first_method_and_only_some_models(study):
    figure = Plots(study, models=["Net & Co", "Net 3"]).matrix()
    assert np.asarray(figure.axes[0].images[0].get_array()).shape == (2, 2)
    assert figure.texts[0].get_text().startswith("Fine")


def test_comparison_takes_methods_that_read_the_network_differently(plots, words):
    figure = plots.comparison(["Grad-CAM", "Signed"], measures=["cosine", "pearson"])
    assert sum(bool(axes.images) for axes in figure.axes) == 4
    assert {"Grad-CAM", "Signed", "cosine"} <= set(words(figure))


def test_overlays(plots, words):
    written = words(plots.overlays("Signed", limit=3))
    assert written.count("100 %") + written.count("87 %") + written.count("64 %") >= 3
    assert "Net & Co" in written
    assert "tench" in written
    assert "Signed: 3 models" in written


def test_overlays_of_one_model_under_methods(study, words):
    figure = Plots(study, models=["Net 3"]).overlays(["Grad-CAM", "Signed"], images=["photo2.png"])
    written = words(figure)
    assert {"Grad-CAM", "Signed", "Net 3: 2 methods"} <= set(written)
    assert sum(bool(axes.images) and axes.get_aspect() != "auto" for axes in figure.axes) == 3


def test_a_wrong_prediction_has_its_mark(study, words):
    written = words(Plots(study, models=["Net 3"]).overlays(["Signed"], images=["photo2.png"]))
    assert "\N{BALLOT X}" in written


def test_scores_that_are_kept_with_the_store(plots, words):
    rng = np.random.default_rng(0)
    values = rng.random((1, 1, 1, 6))
    card = make_scorecard(
        values=values, baseline_values=rng.random((1, len(BASELINES), 1, 1, 6)), outside=np.zeros((1, 1, 6)),
        mask_share=np.full(6, 0.2), resamples=20, metrics=("energy",), methods=("Signed",), models=("Net 3",),
        images=tuple("abcdef"), names=tuple("abcdef"), masks="boxes",
    )  # fmt: skip
    save_scores(card, plots.store)
    written = words(plots.scorecard())
    assert any("of an earlier state" in text for text in written)


def test_what_is_lacking_says_which_command_makes_it(plots, study):
    with pytest.raises(InputError, match=r"crosslight score .* makes them"):
        plots.scorecard()
    with pytest.raises(InputError, match="crosslight run makes more"):
        Plots(study, models=["Net 3"]).matrix("Signed")
    with pytest.raises(InputError, match="no multiverse"):
        plots.multiverse("Signed")
    shutil.rmtree(study.manifest.facts["images"]["source"])
    with pytest.raises(InputError, match="Put it back"):
        Plots(study).overlays("Signed")


def test_names_that_do_not_exist(plots, study):
    for draw in (plots.matrix, plots.overlays):
        with pytest.raises(UnknownNameError, match="did you mean 'Signed'"):
            draw("Signd")
    with pytest.raises(UnknownNameError, match="image"):
        plots.overlays("Signed", images=["no.png"])
    with pytest.raises(UnknownNameError, match="model"):
        Plots(study, models=["Net 4"])
    with pytest.raises(InputError, match="measure"):
        plots.matrix("Signed", measure="cosinus")


def test_too_many_columns_for_a_page(plots, monkeypatch):
    monkeypatch.setattr("crosslight.report.figures.shots.MOST", 2)
    with pytest.raises(InputError, match="3 columns of maps do not fit"):
        plots.overlays("Signed")


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_the_same_figure_is_the_same_file(plots, tmp_path, kind):
    first, second = (
        save_figure(plots.dendrogram("Signed"), tmp_path / folder / f"a.{kind}", dpi=60).read_bytes() for folder in "ab"
    )
    assert first == second


def test_a_format_that_cannot_be_written(plots, tmp_path):
    with pytest.raises(InputError, match="known are: pdf, png, svg"):
        save_figure(plots.matrix("Signed"), tmp_path / "a.xyz")
