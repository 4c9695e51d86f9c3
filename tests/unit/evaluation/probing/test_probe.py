"""Probing a whole store: what is measured, kept, taken up again and written down."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from crosslight.core.errors import InputError, ModelError, StudyError, UnknownNameError
from crosslight.core.targets import TargetPolicy
from crosslight.evaluation import rank_methods, save_scores, saved_probes, saved_rankings, saved_scores, score
from crosslight.evaluation.probed import Probed
from crosslight.evaluation.probing import PROBES, Subject, block, probe_metric
from crosslight.evaluation.probing.asked import asked_for
from crosslight.evaluation.probing.costs import expected, warning
from crosslight.evaluation.probing.probe import probe_store
from crosslight.evaluation.saved import is_current
from crosslight.evidence import Gathering
from crosslight.images import make_batch
from crosslight.models import load_model
from crosslight.store import Store
from crosslight.store.pictures import Pictures
from crosslight.study import Study

STEPS = {"deletion.steps": 3}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classifiers of scenes with two methods on five scenes, in blocks of three."""
    out = tmp_path_factory.mktemp("probed") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda descriptor: None)
        tables = {
            "study": {"name": "probed", "batch_size": 4, "block": 3},
            "images": {"source": "scenes", "limit": 5},
            "models": [{"name": "scenes/resnet", "label": "Res"}, {"name": "scenes/mobilenet", "label": "Mobile"}],
            "methods": [{"name": "grad-cam", "label": "CAM"}, {"name": "saliency"}],
        }
        Study.from_dict(tables).run(out)
    return out


@pytest.fixture
def out(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "out")


@pytest.fixture
def counted() -> Iterator[list[int]]:
    """A metric that costs nothing, and how many maps it was asked about each time."""
    asked: list[int] = []

    @probe_metric("counted", group="faithfulness", better="higher", reference="none")
    def counting(subject: Subject, *, offset: float = 0.0) -> torch.Tensor:
        """Mean of the map."""
        asked.append(len(subject))
        return subject.maps.mean(dim=(1, 2)) + offset

    yield asked
    PROBES.remove("counted")


def test_values_are_those_of_the_metric_on_the_stored_maps(out: Path) -> None:
    """Made again by hand: the classifier, the pictures, the maps laid over the inputs, the class explained."""
    found = probe_store(out, ["deletion"], settings=STEPS, models=["Res"], methods=["CAM"], limit=2)
    assert found.values.shape == (1, 1, 1, 2)
    store, classifier = Store.open(out), load_model("scenes/resnet")
    maps = store.maps("Res", "CAM", slice(0, 2))
    pictures = [Pictures.of(store).load(identity) for identity in maps.images]
    batch = make_batch(pictures, classifier.preprocess, maps.images)
    gathering = Gathering(classifier, batch)
    laid = torch.nn.functional.interpolate(
        torch.from_numpy(np.maximum(maps.values, 0)).double()[None], batch.inputs.shape[2:], mode="bilinear"
    )[0]
    targets = gathering.targets(TargetPolicy())
    assert targets.classes.tolist() == maps.targets[:, 0].tolist()
    expected = PROBES["deletion"].function(Subject(gathering, laid, laid, targets), steps=3)
    np.testing.assert_allclose(found.values[0, 0, 0], expected, atol=1e-5)


def test_all_of_a_store_with_baselines(out: Path) -> None:
    found = probe_store(out, ["deletion", "keep-top", "gini", "sufficiency"], settings=STEPS, draws=1)
    assert (found.methods, found.models) == (("CAM", "saliency"), ("Res", "Mobile"))
    assert np.isfinite(found.values[:3]).all()
    assert np.isfinite(found.baseline_values[:2]).all()
    assert np.isnan(found.baseline_values[2, 2]).all()  # edges of pictures that were not loaded
    assert np.isnan(found.baseline_values[3]).all()
    below = found.baseline_values[:, :2] - found.values[:, None]
    np.testing.assert_allclose(found.above.mean[:2], below[:2].mean(-1), atol=1e-5)  # lower is better
    np.testing.assert_allclose(found.above.mean[2], -below[2].mean(-1), atol=1e-5)
    assert [row.label for row in found.rows("deletion")] == ["CAM", "saliency", "random", "centre", "edge"]
    assert [row.label for row in found.rows("sufficiency")] == ["CAM", "saliency"]
    # per image: 2 variants of five maps, and everything removed; keep-top has 5 shares
    assert found.evaluations.tolist() == [[5 * 11] * 2, [5 * 25] * 2, [0, 0], [0, 0]]
    assert (found.seconds[:2] > 0).all()
    assert {cost.passes for cost in found.costs.values()} == {1.0}
    assert all(cost.shared and cost.seconds > 0 for cost in found.costs.values())
    assert found.failures == ()


def test_what_is_on_disk_is_not_measured_again(out: Path, counted: list[int]) -> None:
    first = probe_store(out, ["counted"], draws=1, methods=["CAM"])
    assert sum(counted) == 2 * 5 * (1 + 3)
    counted.clear()
    again = probe_store(out, ["counted"], draws=1, methods=["CAM"])
    assert counted == []
    np.testing.assert_array_equal(again.values, first.values)
    np.testing.assert_array_equal(again.baseline_values, first.baseline_values)
    both = probe_store(out, ["counted"], draws=1)  # another method is measured alone
    assert sum(counted) == 2 * 5
    np.testing.assert_array_equal(both.values[:, :1], first.values)
    counted.clear()
    other = probe_store(out, ["counted"], settings={"counted.offset": 1}, draws=1)
    assert sum(counted) == 2 * 5 * (2 + 3)  # other settings never mix
    np.testing.assert_allclose(other.values, both.values + 1, atol=1e-6)


def test_a_killed_run_repeats_one_block(out: Path, counted: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    write, done = block.Kept.write, []

    def killed(self, root):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(self.path)
        write(self, root)

    with monkeypatch.context() as patch:
        patch.setattr(block.Kept, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            probe_store(out, ["counted"], draws=1, models=["Res"])
    counted.clear()
    found = probe_store(out, ["counted"], draws=1, models=["Res"])
    assert sum(counted) == 2 * (2 + 3)  # the block of the last two images
    assert np.isfinite(found.values).all()


def test_a_damaged_file_is_made_again(out: Path, counted: list[int]) -> None:
    first = probe_store(out, ["counted"], draws=1, models=["Res"])
    (path,) = out.glob("probes/*/counted-*/0.json")
    path.write_text('{"version": 1, "sets": 3}')
    counted.clear()
    np.testing.assert_array_equal(probe_store(out, ["counted"], draws=1, models=["Res"]).values, first.values)
    assert sum(counted) == 3 * (2 + 3)


def test_one_image_that_fails_is_recorded(out: Path, counted: list[int]) -> None:
    name = Store.open(out).manifest.images[1].identity

    @probe_metric("counted-but-one", group="faithfulness", better="higher", reference="none")
    def failing(subject: Subject) -> torch.Tensor:
        """Mean of the map."""
        if name in subject.identities:
            raise RuntimeError("not this one")
        return subject.maps.mean(dim=(1, 2))

    try:
        found = probe_store(out, ["counted-but-one"], draws=1, models=["Res"], methods=["CAM"])
    finally:
        PROBES.remove("counted-but-one")
    assert np.isnan(found.values[0, 0, 0]).tolist() == [False, True, False, False, False]
    assert ("Res", "CAM", "counted-but-one", name, "RuntimeError: not this one") in found.failures
    assert {failure[3] for failure in found.failures} == {name}


def test_pictures_that_are_gone(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from crosslight.core.errors import ImageError

    load = Pictures.load
    first = Store.open(out).manifest.images[0].identity

    def some(self, identity):
        if identity == first:
            raise ImageError("it is gone")
        return load(self, identity)

    monkeypatch.setattr(Pictures, "load", some)
    found = probe_store(out, ["deletion"], settings=STEPS, draws=1, models=["Res"], methods=["CAM"], limit=2)
    assert np.isnan(found.values[0, 0, 0]).tolist() == [True, False]
    assert "it is gone" in {failure[4] for failure in found.failures}


def test_another_classifier_is_refused(out: Path) -> None:
    given = {"Res": load_model("scenes/mobilenet")}
    with pytest.raises(ModelError, match="Res: its weights differ"):
        probe_store(out, ["deletion"], models=["Res"], classifiers=given)
    both = probe_store(out, ["deletion"], settings=STEPS, classifiers=given, limit=1, draws=1)
    assert np.isnan(both.values[:, :, 0]).all()
    assert np.isfinite(both.values[:, :, 1]).all()
    assert [failure[:4] for failure in both.failures] == [("Res", "", "", "")]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"metrics": ["deltion"]}, UnknownNameError, "did you mean 'deletion'"),
        ({"metrics": []}, InputError, "name at least one metric"),
        ({"models": ["Rez"]}, UnknownNameError, "did you mean 'Res'"),
        ({"methods": ["cam"]}, UnknownNameError, "did you mean 'CAM'"),
        ({"settings": {"deletion.stps": 3}}, UnknownNameError, "did you mean 'steps'"),
        ({"settings": {"insertion.steps": 3}}, UnknownNameError, "insertion.steps"),
        ({"settings": {"deletion.steps": 0}}, StudyError, r"deletion.steps: Input should be greater"),
        ({"settings": {"deletion.fill": "blak"}}, StudyError, "did you mean black"),
        ({"limit": 0}, InputError, "at least one image"),
        ({"draws": 0}, InputError, "at least one random map"),
    ],
)
def test_what_is_asked_is_checked_first(whole: Path, change, error, message) -> None:
    with pytest.raises(error, match=message):
        probe_store(whole, **{"metrics": ["deletion"], **change})
    assert not (whole / "probes").exists()


def test_a_metric_that_applies_the_method_again(out: Path) -> None:
    @probe_metric("again", group="sanity", better="higher", reference="none", needs="method")
    def again(subject: Subject) -> torch.Tensor:
        """Whether the method is at hand."""
        assert subject.method is not None
        assert subject.settings is not None
        assert subject.native.shape[1:] != subject.maps.shape[1:] or subject.method.name == "saliency"
        return torch.full((len(subject),), float(len(subject.method.name)), dtype=torch.float64), {
            "one": torch.ones(len(subject))
        }

    try:
        found = probe_store(out, ["again"], models=["Res"])
    finally:
        PROBES.remove("again")
    assert found.values[0, :, 0].tolist() == [[8.0] * 5] * 2
    assert np.isnan(found.baseline_values).all()
    assert found.diagnostics["again"]["one"].tolist() == [[1.0], [1.0]]
    assert found.rows("again")[0].cells[0].no_better is False


def test_methods_are_measured_together_where_they_can_share(out: Path) -> None:
    asked: list[list[str]] = []

    def several(subjects: Sequence[Subject], *, broken: bool = False) -> list[torch.Tensor]:
        names = [one.method.name for one in subjects if one.method is not None]
        assert all(one.gathering is subjects[0].gathering for one in subjects)
        asked.append(names)
        if broken and "saliency" in names:
            raise ValueError("nothing to share")
        subjects[0].gathering.forward(subjects[0].inputs)
        return [torch.full((len(one),), float(len(name))) for one, name in zip(subjects, names, strict=True)]

    @probe_metric("shared", group="sanity", better="lower", reference="none", needs="method", several=several)
    def shared(subject: Subject, *, broken: bool = False) -> torch.Tensor:
        """Of one method."""
        raise AssertionError("methods are to be asked about together")

    try:
        found = probe_store(out, ["shared"], models=["Res"], limit=3)
        both, asked[:] = list(asked), []
        partly = probe_store(out, ["shared"], models=["Res"], limit=3, settings={"shared.broken": True})
    finally:
        PROBES.remove("shared")
    assert both == [["grad-cam", "saliency"]]
    assert found.values[0, :, 0].tolist() == [[8.0] * 3] * 2
    assert found.evaluations.tolist() == [[3]]
    assert asked[:3] == [["grad-cam", "saliency"], ["grad-cam"], ["saliency"]]
    np.testing.assert_array_equal(partly.values[0, :, 0], [[8.0] * 3, [np.nan] * 3])
    assert {failure[1] for failure in partly.failures} == {"saliency"}


def test_what_applying_methods_again_will_cost(whole: Path) -> None:
    sets = Store.open(whole).map_sets()
    asked = asked_for(["parameter-randomisation", "max-sensitivity", "deletion"], {"parameter-randomisation.steps": 4})
    found = {(one.metric, one.method): one.evaluations for one in expected(asked, sets, 5)}
    assert found == {
        **{("max-sensitivity", label): 5 * 10 * 2 for label in ("CAM", "saliency")},  # on two models
        **{("parameter-randomisation", label): 5 * 4 * 2 for label in ("CAM", "saliency")},
    }
    assert warning(expected(asked, sets, 5)) == ""
    assert "max-sensitivity of CAM 1,000,000" in warning(expected(asked, sets, 50_000))
    unknown = asked_for(["parameter-randomisation"], {"parameter-randomisation.steps": None})
    assert "as many times as a network has layers" in warning(expected(unknown, sets, 5))


def test_written_read_and_ranked(out: Path) -> None:
    store = Store.open(out)
    probes = probe_store(store, ["gini"], draws=1)
    card = score(store)
    ranking = rank_methods(card, probes)
    assert ranking is not None
    assert ranking.groups == ("localisation",) * 5 + ("complexity",)
    save_scores(card, store)
    assert (saved_probes(store), saved_rankings(store)) == (None, None)
    save_scores(None, store, probes, ranking)
    again = saved_probes(store)
    assert isinstance(again, Probed)
    assert again.to_dict() == probes.to_dict()
    assert saved_rankings(store).sentences() == ranking.sentences()
    assert saved_scores(store).metrics == card.metrics  # what was there before stays
    assert is_current(again, store)
    json.dumps(probes.to_dict(per_image=True), allow_nan=False)
    # What was measured before is read again, and what is not on disk is left out.
    both = probe_store(store, ["entropy"], draws=1, recall={"gini": {}, "deletion": {}})
    assert both.metrics == ("entropy", "gini")
    np.testing.assert_array_equal(both.values[1], probes.values[0])
