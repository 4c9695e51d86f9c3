"""What the page can show of probing."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.evaluation import rank_methods, save_scores
from crosslight.evaluation.probed import Cost, Probed, make_probed
from crosslight.report import build_report
from crosslight.report.right import probe_tables
from crosslight.store import Store


def probed(store: Store) -> Probed:
    """Deletion and entropy of made-up methods on one model: the better a method, the lower its deletion."""
    random = np.random.default_rng(0)
    methods, images = ("good", "fair", "poor"), tuple(image.identity for image in store.manifest.images)
    level = np.array([0.1, 0.2, 0.6])[:, None, None]
    deletion = level + random.normal(scale=0.01, size=(3, 1, len(images)))
    chance = np.broadcast_to(np.array([0.5, 0.4, 0.3])[:, None, None, None], (3, 3, 1, len(images)))
    return make_probed(
        values=np.stack([1 - deletion, deletion]),
        baseline_values=np.stack([np.full(chance.shape, np.nan), chance]),
        better=("higher", "lower"),
        metrics=("again", "deletion"),
        methods=methods,
        models=("Net",),
        images=images,
        groups=("sanity", "faithfulness"),
        limit=len(images),
        costs={(method, "Net"): Cost(3.0, 0.5, True) for method in methods[:2]},
        evaluations=np.zeros((2, 1), np.int64),
        seconds=np.zeros((2, 1)),
        failures=(("Net", "poor", "deletion", "some image", "why"),),
        sets=tuple((one.model, one.key, len(one.done)) for one in store.map_sets()),
    )


def test_nothing_was_probed(study: Store) -> None:
    assert probe_tables(study) is None


def test_tables_know_which_way_is_better(study: Store) -> None:
    probes = probed(study)
    save_scores(None, study, probes, rank_methods(None, probes))
    found = probe_tables(study)
    assert found is not None
    again, deletion = found.tables
    assert (deletion.group, deletion.better) == ("faithfulness", "lower")
    assert deletion.leading == {("good", 0)}
    assert again.leading == {("good", 0)}
    assert deletion.best.startswith("good on Net, 0.1")
    assert deletion.no_better == {"poor": ("Net",)}
    assert [row.label for row in deletion.rows] == ["good", "fair", "poor", "random", "centre", "edge"]
    assert [row.label for row in again.rows] == ["good", "fair", "poor"]
    strengths = [deletion.strength(row.cells[0]) for row in deletion.rows[:3]]
    assert strengths[0] > strengths[1] > strengths[2] == 0
    assert "pixels are removed" in deletion.summary
    assert any("Sanity and faithfulness agree" in line for line in found.agreement)
    assert found.rankings is not None
    assert found.rankings.ranks[:, :, 0].tolist() == [[1, 2, 3], [1, 2, 3]]
    assert found.costs["good"] == (3.0, 0.5)
    assert np.isnan(found.costs["poor"]).all()
    assert (found.failed, found.note) == (1, "")


def test_values_of_an_earlier_state_are_marked(study: Store) -> None:
    from dataclasses import replace

    save_scores(None, study, replace(probed(study), sets=(("Net", "gone", 1),)))
    found = probe_tables(study)
    assert found is not None
    assert "earlier state" in found.note
    assert found.agreement == ()


@pytest.mark.parametrize("number", [1, 2])
def test_images_are_counted(study: Store, number: int) -> None:
    from dataclasses import replace

    save_scores(None, study, replace(probed(study), limit=number))
    found = probe_tables(study)
    assert found is not None
    assert found.count == ("mean over 1 image" if number == 1 else "mean over 2 images")


def test_the_page_shows_them_where_there_are_any(study: Store) -> None:
    assert "Tried out" not in build_report(study, agreements={}).read_text(encoding="utf-8")
    probes = probed(study)
    save_scores(None, study, probes, rank_methods(None, probes))
    page = build_report(study, agreements={}).read_text(encoding="utf-8")
    words = ("Tried out", "lower is better", "good on Net, 0.1", "Sanity and faithfulness agree", "1 values could not")
    for said in words:
        assert said in page
    assert 'data-name="probes-deletion"' in page
    assert 'href="#right"' in page
