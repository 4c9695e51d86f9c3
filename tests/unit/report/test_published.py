"""Figures of a published matrix: its values as they are, and words that claim no more than was published."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.agreement.published import Case, Published, reanalyse
from crosslight.agreement.published.group_table import GroupTable
from crosslight.report.published import published_figures, save_figures

NAMES = tuple("ABCDE")


def reanalysed(values, kind="similarity", groups=None, **fields):
    table = None if groups is None else GroupTable("g.csv", NAMES, tuple(groups), (None,) * 5)
    case = Case(Published("folder/m.csv", NAMES, values, kind, **fields), groups=table, dropped=("F",))
    return reanalyse(case, clusters=2, seeds=1, simulations=5)


@pytest.fixture(scope="module")
def similarity():
    places = np.random.default_rng(0).standard_normal((5, 2))
    away = np.linalg.norm(places[:, None] - places, axis=2)
    return 1 - 0.9 * away / away.max()


def written(figure):
    return " ".join(text.get_text() for text in figure.texts)


def test_what_is_drawn(similarity):
    figures = published_figures(reanalysed(similarity, groups=["x", "x", "x", "y", "y"], scale=256.0))
    assert list(figures) == ["matrix", "dendrogram", "pca", "pcoa"]
    for figure in figures.values():
        assert "m.csv" in written(figure)
        assert "Left out: F." in written(figure)
        assert "cosine" not in written(figure)
    assert "Similarities as published in m.csv, divided by 256" in written(figures["matrix"])
    assert "no bootstrap support" in " ".join(written(figures["dendrogram"]).split())
    assert [text.get_text() for text in figures["pca"].axes[-1].texts] == ["x", "y"]
    assert figures["pca"].axes[0].get_xlabel().startswith("PC 1")


def test_dissimilarities_of_any_size(similarity):
    values = 100 * (1 - similarity)
    values[0, 1] = values[1, 0] = 80.94
    figures = published_figures(reanalysed(values, "dissimilarity"))
    cells = [text.get_text() for text in figures["matrix"].axes[0].texts]
    assert cells.count("80.94") == 2
    assert cells.count("0") == 5
    assert "Dissimilarities" in written(figures["matrix"])
    assert "Average linkage of the dissimilarities" in written(figures["dendrogram"])


def test_files(similarity, tmp_path):
    files = save_figures(reanalysed(similarity), tmp_path / "o", ("pdf", "svg"))
    assert sorted(path.name for path in files) == sorted(path.name for path in (tmp_path / "o").iterdir())
    assert len(files) == 8
    assert (tmp_path / "o" / "pca.pdf").read_bytes().startswith(b"%PDF")
