from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
import torch

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.core.progress import Silent
from crosslight.scenes.classifiers import CLASSIFIERS, choose, is_trained, run, train_all, training
from crosslight.scenes.classifiers.files import weights_file


class Steps(Silent):
    def __init__(self):
        self.totals, self.done, self.ended = [], [], 0

    def start(self, total: int, what: str) -> None:
        self.totals.append(total)

    def advance(self, units: int, what: str) -> None:
        self.done += [what] * units

    def finish(self) -> None:
        self.ended += 1


def test_training_two_and_going_on(done, same_weights, pictures, recipe, tmp_path, monkeypatch):
    steps = Steps()
    options = {"pictures": pictures, "recipe": recipe, "tested": 12}
    threads = torch.get_num_threads()
    first = train_all(["levit-seed1", "scenes/levit", "levit"], tmp_path, progress=steps, **options)
    assert [entry.name for entry in first.trained] == ["levit", "levit-seed1"]
    assert (first.there, first.failed) == ((), {})
    assert (steps.totals, steps.ended) == ([40], 1)
    assert steps.done == ["levit"] * 20 + ["levit-seed1"] * 20
    assert torch.get_num_threads() == threads
    assert same_weights(done.entry, tmp_path, done.out)

    def never(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr(training, "train", never)
    second = train_all(["levit"], tmp_path, **options)
    assert ([entry.name for entry in second.there], second.trained, second.failed) == (["levit"], (), {})
    changed = train_all(["levit"], tmp_path, **options | {"recipe": replace(recipe, rate=1e-3)})
    assert changed.failed == {"levit": "AssertionError: trained again"}


def fake_train(entry, out, *, progress, **options):
    if entry.name == "vit":
        raise RuntimeError("no memory\nand more")
    if entry.name == "cait":
        raise KeyboardInterrupt
    progress.start(entry.recipe.steps, entry.name)
    progress.advance(entry.recipe.steps, entry.name)
    progress.finish()
    weights_file(entry, out).write_text(str(sorted(options)))


@pytest.fixture
def fake(monkeypatch):
    """Trains nothing; tells of the pictures that were made."""
    made = []
    monkeypatch.setattr(training, "train", fake_train)
    monkeypatch.setattr(run, "training_pictures", lambda *a, **_: made.append(("pictures", *a[1:])))
    monkeypatch.setattr(run, "training_things", lambda *a, **_: made.append(("things", *a[1:])))
    return made


def test_one_that_fails_stops_no_other(fake, tmp_path):
    done = train_all(["vit", "resnet", "levit"], tmp_path)
    assert [entry.name for entry in done.trained] == ["resnet", "levit"]
    assert done.failed == {"vit": "RuntimeError: no memory"}


def test_an_interrupt_ends_it_and_keeps_what_is_finished(fake, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train_all(["cait", "resnet", "levit"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["resnet.safetensors"]


def test_pictures_of_a_variant_are_made_once_before_any_training(fake, tmp_path):
    train_all(["resnet", "levit", "levit-seed1", "levit-patch", "vit-gap"], tmp_path)
    wanted = [CLASSIFIERS[name] for name in ("resnet", "levit", "levit-patch", "vit-gap")]
    assert len(fake) == len(set(fake))
    assert set(fake) == {("pictures", one.variant, one.recipe.pictures) for one in wanted} | {
        ("things", one.variant, one.recipe.pictures) for one in wanted if one.recipe.tokens
    }


def test_several_jobs_are_given_what_a_process_can_be_given(fake, tmp_path, monkeypatch):
    def run_here(function, works, jobs, tell):
        assert jobs == 2
        for work in pickle.loads(pickle.dumps(works)):
            pickle.loads(pickle.dumps(function))(work, lambda units, work=work: tell(work, units))
        return [(works[0], "made up")]

    monkeypatch.setattr(run, "run_each", run_here)
    steps = Steps()
    done = train_all(["resnet", "levit"], tmp_path, jobs=2, progress=steps)
    assert done.failed == {"resnet": "made up"}
    assert [entry.name for entry in done.trained] == ["levit"]
    assert steps.totals == [len(steps.done)]
    assert steps.ended == 1


def test_what_cannot_be_asked_for(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'densenet'"):
        train_all(["densnet"], tmp_path)
    with pytest.raises(InputError, match="at least one process"):
        train_all(["resnet"], tmp_path, jobs=0)
    with pytest.raises(InputError, match="no such device"):
        train_all(["resnet"], tmp_path, device="gpu")
    assert list(tmp_path.iterdir()) == []


def test_all_are_chosen_where_none_is_named():
    assert choose() == list(CLASSIFIERS.values())
    assert [entry.name for entry in choose(["levit-patch", "vit"])] == ["vit", "levit-patch"]
    assert not is_trained(CLASSIFIERS["vit"], run.Path("nowhere"))
