from __future__ import annotations

import base64
import threading
import time

import numpy as np
import pytest

from crosslight.images import decode
from crosslight.models import load_model
from crosslight.study import explain
from crosslight.viewer import explaining as explaining_module

from .conftest import Running, encoded, of_type, picture, wait_for


@pytest.fixture(scope="module")
def photos(viewer: Running) -> list[str]:
    return [viewer.photo(encoded(picture(seed)), f"p{seed}.png") for seed in (0, 1)]


def test_predictions_come_first_then_the_cheap_maps_of_all_photographs(viewer: Running, photos: list[str]) -> None:
    settings = {"occlusion": {"window": 0.4}, "integrated-gradients": {"steps": 4}, "grad-cam": {}}
    methods = [{"name": name, "settings": given} for name, given in settings.items()]
    posted = viewer.ask("POST", "/api/jobs", {"photos": photos, "models": [0, 1], "methods": methods})
    assert (posted.status, posted.json["tasks"]) == (201, 16)
    events = viewer.events(posted.json["job"])
    told = of_type(events, "prediction", "map")
    assert [event["type"] for event in told] == ["prediction"] * 4 + ["map"] * 12
    maps = [(event["method"], event["photo"], event["model"]) for event in told[4:]]
    assert maps == [(m, p, c) for m in reversed(settings) for p in photos for c in (0, 1)]
    assert events[-1]["type"] == "done"
    assert {event["of"] for event in of_type(events, "progress")} == {16}
    done = [event["done"] for event in of_type(events, "progress")]
    assert done == sorted(done)
    assert len(told[0]["top"]) == 5
    assert told[0]["top"][0]["p"] >= told[0]["top"][1]["p"] > 0


def test_the_map_is_that_of_the_toolkit(viewer: Running, photos: list[str]) -> None:
    events = viewer.events(viewer.job(photos[:1], [6], ["saliency", "grad-cam", "eigen-cam"]))
    found = explain(
        load_model("scenes/vit"), [decode(encoded(picture(0)))], ["saliency", "grad-cam", "eigen-cam"], device="cpu"
    )
    for event in of_type(events, "map"):
        maps = found.maps["scenes/vit", event["method"]]
        tile = event["tile"]
        cells = np.frombuffer(base64.b64decode(tile["bytes"]), np.uint8).reshape(tile["cells"]).astype(float)
        low = -tile["limit"] if tile["signed"] else 0
        values = low + cells / 254 * (tile["limit"] - low)
        wanted = maps.finished().values[0]
        if event["method"] == "saliency":
            wanted = np.minimum(wanted, np.percentile(wanted, 99.5))
        np.testing.assert_allclose(values, wanted, atol=0.003 * (tile["limit"] - low))
        assert tile["box"] == pytest.approx(maps.boxes[0].tolist(), abs=0.01)
        assert event["target"]["index"] == maps.targets[0, 0]
        assert event["target"]["p"] == pytest.approx(
            found.predictions["scenes/vit"].probabilities[0, maps.targets[0, 0]], abs=1e-4
        )


def test_a_named_class_and_the_top_ones(viewer: Running, photos: list[str]) -> None:
    by_name = {"kind": "class", "name": "sailboat"}
    named = of_type(viewer.events(viewer.job(photos[:1], [0], ["grad-cam"], target=by_name)), "map")
    assert [event["target"]["name"] for event in named] == ["sailboat"]
    events = viewer.events(viewer.job(photos[:1], [0], ["grad-cam"], target={"kind": "top", "k": 3}))
    (prediction,) = of_type(events, "prediction")
    assert [e["target"]["index"] for e in of_type(events, "map")] == [top["index"] for top in prediction["top"][:3]]


def test_settings_are_used_and_told(viewer: Running, photos: list[str]) -> None:
    methods = ["grad-cam", {"name": "grad-cam", "settings": {}}, {"name": "grad-cam", "settings": {"depth": 0.4}}]
    maps = of_type(viewer.events(viewer.job(photos[:1], [0], methods)), "map")
    assert [(event["label"], event["settings"], event["entry"]) for event in maps] == [
        *[("Grad-CAM", {}, 0), ("Grad-CAM (depth 0.4)", {"depth": 0.4}, 2)]
    ]
    assert maps[0]["tile"]["native"] < maps[1]["tile"]["native"]


def test_what_a_classifier_cannot_do_is_skipped_and_the_rest_goes_on(viewer: Running, photos: list[str]) -> None:
    target = {"kind": "class", "name": "zebra"}
    events = viewer.events(viewer.job(photos, [0, 6], ["attention-rollout", "grad-cam"]))
    (skipped,) = of_type(events, "skipped")
    assert (skipped["model"], skipped["method"], skipped["photo"]) == (0, "attention-rollout", None)
    assert "attention" in skipped["reason"]
    assert len(of_type(events, "map")) == 6
    events = viewer.events(viewer.job(photos[:1], [0], ["grad-cam"], target=target))
    assert "zebra" in of_type(events, "skipped")[0]["reason"]
    assert len(of_type(events, "prediction")) == 1


def test_a_failure_is_told_and_the_rest_goes_on(
    viewer: Running, photos: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = viewer.server.viewer.engine
    really = engine.explain

    def explained(model, photo, task, policies=()):  # type: ignore[no-untyped-def]
        if task.method.name == "saliency":
            raise RuntimeError("oops in /a/b/c.py")
        return really(model, photo, task, policies)

    monkeypatch.setattr(engine, "explain", explained)
    events = viewer.events(viewer.job(photos[:1], [0], ["saliency", "grad-cam"]))
    (failed,) = of_type(events, "failed")
    assert (failed["method"], failed["reason"]) == ("saliency", "RuntimeError: oops in c.py")
    assert [event["method"] for event in of_type(events, "map")] == ["grad-cam"]


def test_a_classifier_that_cannot_be_loaded_is_told(
    viewer: Running, photos: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no weights")

    monkeypatch.setattr("crosslight.viewer.classifiers.load_model", broken)
    events = viewer.events(viewer.job(photos[:1], [15, 0], ["grad-cam"]))
    kinds = [event["type"] for event in events if event["type"] != "progress"]
    assert kinds == ["loading", "failed", "prediction", "map", "done"]
    assert of_type(events, "failed")[0]["reason"] == "RuntimeError: no weights"
    assert viewer.ask("GET", "/api/models/15/classes").status in (422, 500)


def test_loading_is_told_once(viewer: Running, photos: list[str]) -> None:
    fresh = viewer.server.viewer.engine.classifiers.find("scenes/levit")
    first, second = (viewer.events(viewer.job(photos[:1], [fresh], [])) for _ in range(2))
    assert [event["type"] for event in first if event["type"] != "progress"] == [
        *["loading", "loaded", "prediction", "done"]
    ]
    assert not of_type(second, "loading", "loaded")


def test_a_reconnect_loses_nothing(viewer: Running, photos: list[str]) -> None:
    job = viewer.job(photos, [0, 1], ["grad-cam", "saliency", "occlusion"])
    begun = viewer.listen(job, until=lambda event: event["type"] == "map")
    rest = viewer.listen(job, last=begun[-1][0])
    again = viewer.listen(job)
    assert rest[0][0] > begun[-1][0]
    joined = [data for _, data in begun + rest if data["type"] != "progress"]
    assert joined == [data for _, data in again if data["type"] != "progress"]
    assert viewer.ask("GET", f"/api/jobs/{job}/events", headers={"Last-Event-ID": str(rest[-1][0])}).status == 204


def test_cancelling_in_the_middle_of_kernel_shap(
    viewer: Running, photos: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []
    really = explaining_module.Watch
    monkeypatch.setattr(
        explaining_module,
        "Watch",
        lambda checkpoint, advance: really(checkpoint, lambda n: (passes.append(n), advance(n))[1]),
    )
    many = {"name": "kernel-shap", "settings": {"samples": 8192}}
    job = viewer.job(photos, [0], [many, "rise"])
    viewer.listen(job, until=lambda event: (event.get("passes") or [0])[0] > 20)
    began = time.monotonic()
    assert viewer.ask("DELETE", f"/api/jobs/{job}").status == 202
    last = viewer.events(job)[-1]
    assert time.monotonic() - began < 1
    assert (last["type"], last["done"], last["of"]) == ("cancelled", 2, 6)
    count = sum(passes)
    time.sleep(0.1)
    assert 20 < sum(passes) == count < 4_000
    classifier = viewer.server.viewer.engine.load(0)
    assert not any(module.training for module in classifier.network.modules()) or classifier._nested == 0
    assert len(of_type(viewer.events(viewer.job(photos, [0], ["grad-cam"])), "map")) == 2


def test_cancelling_stops_tails_too(viewer: Running, photos: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def checkpoint() -> None:
        nonlocal calls
        calls += 1

    really = explaining_module.Watch
    monkeypatch.setattr(explaining_module, "Watch", lambda _, advance: really(checkpoint, advance))
    viewer.events(viewer.job(photos[:1], [0], ["ablation-cam"]))
    assert calls > 20  # a tail for every channel, a few at once


def test_two_jobs_take_turns(viewer: Running, photos: list[str]) -> None:
    slow = viewer.job(
        photos, [0], [{"name": "rise", "settings": {"masks": 40, "share": 0.02 * n}} for n in range(2, 48)]
    )
    told: list[tuple[float, str]] = []

    def listening(job: str) -> threading.Thread:
        def noted(event: dict[str, object]) -> bool:
            told.append((time.monotonic(), f"{job} {event['type']}"))
            return False

        thread = threading.Thread(target=viewer.listen, args=(job,), kwargs={"until": noted})
        thread.start()
        return thread

    first = listening(slow)
    quick = viewer.job(photos, [1], ["grad-cam"])
    listening(quick).join(20)
    viewer.ask("DELETE", f"/api/jobs/{slow}")
    first.join(20)
    kinds = [kind for _, kind in sorted(told)]
    assert kinds.count(f"{quick} map") == 2
    assert kinds.index(f"{slow} prediction") < kinds.index(f"{quick} done") < kinds.index(f"{slow} cancelled")


def test_a_page_that_goes_away_stops_its_job(viewer: Running, photos: list[str]) -> None:
    many = {"name": "kernel-shap", "settings": {"samples": 8192}}
    job = viewer.server.viewer.worker.find(viewer.job(photos, [0], [many]))
    assert job is not None
    began = time.monotonic()
    viewer.listen(job.id, until=lambda event: time.monotonic() - began > 1.3)  # longer than the patience
    assert not job.ended
    assert wait_for(lambda: job.ended, 4)
    assert job.since(0)[-1].data["type"] == "cancelled"


@pytest.mark.parametrize(
    ("change", "status", "words", "hint"),
    [
        ({"methods": [{"name": "grad-camm"}]}, 422, "unknown method 'grad-camm'", "'grad-cam'"),
        ({"methods": [{"name": "grad-cam", "settings": {"dept": 1}}]}, 422, "no setting 'dept'", "'depth'"),
        ({"methods": [{"name": "grad-cam", "settings": {"depth": 7}}]}, 422, "depth should be less", "FLOPs"),
        ({"methods": [{"name": "lime", "settings": {"parameters": "/etc/passwd"}}]}, 422, "no setting", ""),
        ({"methods": [{"name": "python:/tmp/x.py:f"}]}, 422, "unknown method", ""),
        ({"models": ["ResNett"]}, 422, "no model 'ResNett'", "'ResNet'"),
        ({"models": [999]}, 422, "no model 999", ""),
        ({"models": [-1]}, 422, "no model -1", ""),
        ({"photos": ["0123456789abcdef"]}, 404, "not here any more", "drop it again"),
        ({"photos": []}, 422, "photos", ""),
        ({"target": {"kind": "label"}}, 422, "kind", ""),
        ({"target": {"kind": "class", "name": " "}}, 422, "no name", ""),
        ({"target": {"kind": "top", "k": 0}}, 422, "k", ""),
        ({"nonsense": 1}, 422, "nonsense", ""),
    ],
)
def test_what_cannot_be_done_is_refused(
    viewer: Running, photos: list[str], change: dict[str, object], status: int, words: str, hint: str
) -> None:
    asked = {"photos": photos, "models": [0], "methods": [{"name": "grad-cam"}], "target": {"kind": "own"}} | change
    answer = viewer.ask("POST", "/api/jobs", asked)
    assert (answer.status, words in answer.json["error"]) == (status, True), answer.json
    assert hint in answer.json["hint"]


def test_too_much_at_once_is_refused(viewer: Running, photos: list[str]) -> None:
    methods = [{"name": "grad-cam", "settings": {"depth": round(0.01 * n, 2)}} for n in range(1, 100)]
    answer = viewer.ask("POST", "/api/jobs", {"photos": photos, "models": list(range(12)), "methods": methods})
    assert (answer.status, "2,000" in answer.json["hint"]) == (422, True)


def test_a_request_that_is_no_json(viewer: Running) -> None:
    assert viewer.ask("POST", "/api/jobs", b"{").status == 400
    assert viewer.ask("POST", "/api/jobs", b"[" * 900_000).status == 400
    assert viewer.ask("POST", "/api/jobs", b"x" * 2_000_000).status == 413
    assert viewer.ask("GET", "/api/jobs/none/events").status == 404
    assert viewer.ask("DELETE", "/api/jobs/none").status == 404


def test_models_are_found_by_label_and_name(viewer: Running, photos: list[str]) -> None:
    events = viewer.events(viewer.job(photos[:1], ["ResNet", "scenes/resnet", 0], []))
    assert [event["model"] for event in of_type(events, "prediction")] == [0]
