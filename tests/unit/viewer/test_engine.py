from __future__ import annotations

import pytest
import torch

from crosslight.core.targets import TargetPolicy
from crosslight.methods import METHODS
from crosslight.study.spec import MapTask
from crosslight.viewer import engine as engine_module
from crosslight.viewer.classifiers import Classifiers, scenes_offers
from crosslight.viewer.engine import Engine, Watch
from crosslight.viewer.photos import Photo, Photos

from .conftest import encoded, picture


@pytest.fixture
def passes() -> list[int]:
    return []


@pytest.fixture
def engine(passes: list[int]) -> Engine:
    made = Engine(Classifiers(scenes_offers(), torch.device("cpu")), Photos())
    made.load(0)
    made.watch = Watch(advance=passes.append)
    return made


@pytest.fixture
def photo(engine: Engine) -> Photo:
    return engine.photos.add(encoded(picture(5)), "p")[0]


def task(name: str, policy: TargetPolicy | None = None, **settings: object) -> MapTask:
    return MapTask(name, METHODS[name], METHODS[name].settings(**settings), policy or TargetPolicy())


def test_what_was_measured_serves_the_next_map(engine: Engine, photo: Photo, passes: list[int]) -> None:
    engine.predict(0, photo)
    engine.explain(0, photo, task("grad-cam"))
    assert sum(passes) == 2
    engine.explain(0, photo, task("hires-cam"))
    engine.explain(0, photo, task("grad-cam", TargetPolicy("class", name="fish")))
    engine.predict(0, photo)
    assert sum(passes) == 2


def test_logits_outlive_the_other_measurements(
    engine: Engine, photo: Photo, passes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = engine.predict(0, photo)
    engine._gatherings.drop(lambda key: True)
    assert engine.predict(0, photo) == first
    assert sum(passes) == 1


def test_where_memory_runs_out_batches_are_halved(
    engine: Engine, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = engine.explain(0, photo, task("occlusion", window=0.5))
    sizes = []

    def explained(gathering, wanted):  # type: ignore[no-untyped-def]
        sizes.append(gathering.batch_size)
        if gathering.batch_size > 1:
            raise torch.OutOfMemoryError
        return really(gathering, wanted)

    really = engine_module._explained
    monkeypatch.setattr(engine_module, "_explained", explained)
    engine._gatherings.drop(lambda key: True)
    found = engine.explain(0, photo, task("occlusion", window=0.5))
    assert sizes == [4, 2, 1]
    assert found["target"] == usual["target"]
    assert found["tile"]["limit"] == pytest.approx(usual["tile"]["limit"], rel=1e-3)

    def never(gathering, wanted):  # type: ignore[no-untyped-def]
        raise torch.OutOfMemoryError

    monkeypatch.setattr(engine_module, "_explained", never)
    with pytest.raises(torch.OutOfMemoryError):
        engine.explain(0, photo, task("occlusion"))


def test_a_classifier_that_goes_takes_its_measurements_along(
    engine: Engine, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.predict(0, photo)
    monkeypatch.setattr(engine.classifiers._loaded, "_limit", 0)
    engine.predict(1, photo)
    assert [key[0] for key in engine._gatherings.keys()] == [1]  # noqa: SIM118 - no mapping
    assert not engine.classifiers.is_loaded(0)


def test_what_is_not_finite_is_no_prediction(engine: Engine, photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = engine.load(0)
    monkeypatch.setattr(classifier, "logits", lambda inputs: torch.full((len(inputs), 10), float("nan")))
    with pytest.raises(Exception, match="not finite"):
        engine.predict(0, photo)
