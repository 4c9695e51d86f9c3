"""The search: resumed to the same front, blind to what is held out, honest about what a map takes."""

from __future__ import annotations

import builtins
import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.core.errors import InputError
from crosslight.core.targets import TargetPolicy
from crosslight.evaluation.tuning import Trial, find_objective, front, space_of, split, to_toml, tune
from crosslight.evaluation.tuning.cases import Case, make_units
from crosslight.evaluation.tuning.search import Search, _behind
from crosslight.evaluation.tuning.trials import TrialFile
from crosslight.evaluation.tuning.tune import _propose
from crosslight.images import open_images
from crosslight.methods import METHODS
from crosslight.models import load_model
from crosslight.study import Study

pytestmark = pytest.mark.usefixtures("few_samples")


def plain(trials):
    return [(one.number, one.state, dict(one.settings), one.score, one.evaluations) for one in trials]


def test_a_search_that_was_killed_ends_as_if_it_had_not_been(quick, tmp_path):
    whole = quick(tmp_path / "whole", limit=4, budget=4)
    assert len(whole.trials) == 4
    assert [one.number for one in whole.trials] == list(range(4))
    quick(tmp_path / "cut", budget=2, limit=4)
    path = tmp_path / "cut/trials.jsonl"
    with path.open("a", encoding="utf-8") as stream:
        stream.write('{"number": 2, "part": "", "sta')  # killed while it wrote
    again = quick(tmp_path / "cut", limit=4, budget=4)
    assert plain(again.trials) == plain(whole.trials)
    assert [point.settings for point in again.points] == [point.settings for point in whole.points]
    np.testing.assert_array_equal(again.estimates("scores").mean, whole.estimates("scores").mean)
    assert path.read_text() == (tmp_path / "whole/trials.jsonl").read_text()
    with pytest.raises(InputError, match=r"differs in: (seed|images)"):
        quick(tmp_path / "cut", seed=1, limit=4)


def test_images_that_are_held_out_are_not_looked_at(quick, tmp_path, monkeypatch):
    looked = {"search": set(), "judged": set()}
    for name, key in (("explain", "search"), ("explain_anew", "judged")):
        own = getattr(Case, name)

        def spy(self, *arguments, own=own, key=key):
            looked[key].add(self.identity)
            return own(self, *arguments)

        monkeypatch.setattr(Case, name, spy)
    found = quick(tmp_path, limit=4, budget=3)
    assert len(found.searched) == len(found.judged) == 2
    assert not set(found.searched) & set(found.judged)
    assert looked["search"] == set(found.searched)
    assert looked["judged"] >= set(found.judged)
    assert found.held_out


def test_evidence_is_shared_and_counted_as_if_it_were_not(quick, tmp_path, monkeypatch):
    from crosslight.evidence import Gathering

    passes = []
    own = Gathering._passed
    monkeypatch.setattr(Gathering, "_passed", lambda self, images: (passes.append(images), own(self, images))[1])
    fixed = {"segmentation": "grid", "segments": 9, "num_samples": 40, "hide_color": "grey"}
    space = space_of(METHODS["lime"], fixed=fixed)
    (case,) = make_units([load_model("scenes/regnet")], open_images("scenes", limit=1), TargetPolicy(), 0, 8, print)[0]
    trials = Search(space, find_objective("gini"), [(case,)], 0).run(12, TrialFile(tmp_path, {}))
    assert all(trial.evaluations > 30 for trial in trials)
    assert len({json.dumps(dict(trial.settings)) for trial in trials}) == 12
    assert sum(passes) == trials[0].evaluations


def test_proposed_settings_are_a_study_that_runs(quick, tmp_path):
    found = quick(tmp_path / "tuned", limit=4, budget=3)
    text = to_toml(found.tables)
    (tmp_path / "tuned/study.toml").write_text(text)
    store = Study.from_file(tmp_path / "tuned/study.toml", ["images.limit=1"]).run(tmp_path / "run")
    assert [one.label for one in store.map_sets()] == ["lime (default)", "lime (tuned)"]
    assert found.points[0].label == "default"
    row = found.rows()[0]
    assert row["difference"] == 0
    assert row["evaluations"] > 30
    assert row["avg_time"] > 0
    assert json.loads(json.dumps(found.to_dict()))["points"][0]["avg_iou"] == row["avg_iou"]


def test_settings_of_each_image_are_a_file_that_lime_reads(quick, tmp_path):
    found = quick(tmp_path / "tuned", limit=2, budget=3, per_image=True)
    assert not found.held_out
    assert set(found.chosen) == {name for name in found.chosen if name.endswith(".ppm")}
    assert len(found.chosen) == 2
    assert len({trial.part for trial in found.trials}) == 2
    assert [point.label for point in found.points] == ["default", "best"]
    assert found.points[1].searched[0] >= found.points[0].searched[0]
    parameters = {name.removesuffix(".ppm"): settings for name, settings in found.chosen.items()}
    (tmp_path / "tuned/parameters.json").write_text(json.dumps(parameters))
    (tmp_path / "tuned/study.toml").write_text(to_toml(found.tables))
    spec = Study.from_file(tmp_path / "tuned/study.toml").spec
    assert set(spec.tasks[1].parameters.settings) == set(parameters)


def test_without_optuna_the_message_says_how_to_get_it(quick, tmp_path, monkeypatch):
    own = builtins.__import__

    def missing(name, *arguments, **options):
        if name == "optuna":
            raise ImportError(name)
        return own(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InputError, match=r"pip install 'crosslight\[tune\]'"):
        quick(tmp_path / "o")
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("saliency", {}, "it has no settings"),
        ("grad-cam", {"settings": {"depth": 1.0}, "per_image": True}, "takes no settings of single images"),
        ("grad-cam", {"settings": {"depth": 0.5}, "choices": {"depth_unit": ["flops"]}, "budget": 0}, "at least 1"),
        ("lime", {"objective": "iuo"}, "unknown objective"),
        ("lime", {"images": "scenes:nowhere"}, "there is no split"),
        ("lime", {"masks": "evidense"}, "did you mean 'evidence'"),
        ("lime", {"limit": 3}, "3 different images are too few"),
        ("lime", {"held_out": 1.5}, "between 0 and 1"),
        ("lime", {"target": "top:3"}, "one class is needed"),
        ("attention-rollout", {}, "does not apply"),
        ("rise", {"ranges": {"tolerance": (0.1, 0.2)}}, "leave tolerance out"),
    ],
)
def test_what_cannot_be_searched_is_told_before_any_work(method, options, message, tmp_path):
    with pytest.raises(InputError, match=message):
        tune(method, "scenes/regnet", **{"limit": 4, "out": tmp_path, **options})
    assert not os.listdir(tmp_path)


def trial(number, score, evaluations, state="done"):
    return Trial(number, "", state, score=score, evaluations=evaluations)


def test_front_by_hand():
    tried = [trial(0, 0.5, 100), trial(1, 0.6, 50), trial(2, 0.4, 10), trial(3, 0.9, 200), trial(4, 1, 1, "pruned")]
    assert [one.number for one in front(tried)] == [2, 1, 3]
    assert [one.number for one in front(tried, sign=-1)] == [2]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=12))
def test_nothing_beats_a_point_of_the_front(pairs):
    tried = [trial(number, float(score), float(cost)) for number, (score, cost) in enumerate(pairs)]
    found = front(tried)
    for one in tried:
        better = [
            other
            for other in tried
            if other.score >= one.score and other.evaluations <= one.evaluations
            and (other.score, -other.evaluations) != (one.score, -one.evaluations)
        ]  # fmt: skip
        assert any((one.score, one.evaluations) == (two.score, two.evaluations) for two in found) == (not better)


def test_settings_that_take_longer_than_the_defaults_are_not_proposed():
    def anew(spec, settings):
        return SimpleNamespace(seconds=settings.get("takes", 1.0))

    space = SimpleNamespace(spec=None, settings=dict)
    search = SimpleNamespace(sign=1, units=[(SimpleNamespace(explain_anew=anew),)], space=space)
    default = Trial(0, "", "done", score=0.1, evaluations=10.0)
    slow = Trial(1, "", "done", settings={"takes": 1.1}, score=0.9, evaluations=9.0)
    quick = Trial(2, "", "done", settings={"takes": 0.9}, score=0.5, evaluations=4.0)
    costly = Trial(3, "", "done", settings={"takes": 0.1}, score=0.95, evaluations=11.0)
    assert _propose(search, [default, slow, quick, costly]) is quick
    assert _propose(search, [default, slow, costly]) is default


def test_trials_that_are_far_behind_are_given_up():
    other = Trial(0, "", "done", score=0.8, evaluations=10, scores=(0.8, 0.9, 0.8, 0.9, 0.8, 0.9))
    assert _behind([0.1, 0.2, 0.1, 0.2], 20, [other], 1)
    assert not _behind([0.1, 0.2, 0.1, 0.2], 5, [other], 1)  # it is cheaper
    assert not _behind([0.1, 0.2, 0.1], 20, [other], 1)  # too early
    assert not _behind([0.1, 0.2, 0.1, 0.2], 20, [other], -1)  # less is better
    assert not _behind([0.8, 0.9, 0.8, 0.9], 20, [other], 1)


@given(st.integers(4, 30), st.floats(0.05, 0.95), st.integers(0, 5), st.randoms())
def test_division_depends_on_identities_alone(count, share, seed, random):
    names = [f"{number:016x}" for number in range(count)]
    names += [f"{names[0]}-2", f"{names[1]}-2", f"{names[1]}-3"]
    searched, held = split(names, share, seed)
    assert sorted(searched + held) == list(range(len(names)))
    assert len({names[row][:16] for row in held} & {names[row][:16] for row in searched}) == 0
    assert min(len(searched), len(held)) >= 2
    mixed = random.sample(names, len(names))
    other, _ = split(mixed, share, seed)
    assert {mixed[row] for row in other} == {names[row] for row in searched}
