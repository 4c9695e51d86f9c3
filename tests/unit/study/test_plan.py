from __future__ import annotations

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from crosslight.cli.app import app
from crosslight.core.errors import InputError, ModelError, StoreError, StudyError
from crosslight.models import load_model
from crosslight.study import Study
from crosslight.study.plan import evaluations
from crosslight.study.spec import check_methods

from .conftest import HERE, SIZE, make_photos, model, run, tables


def plan_of(*arguments, out=None, **options):
    return Study.from_dict(tables(*arguments, **options)).plan(out)


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        (["grad-cam"], 1),
        (["grad-cam", "layer-cam", "eigen-cam"], 1),  # one pass for all of them
        ([{"name": "grad-cam", "target": "top:3"}], 1),
        (["grad-cam", {"name": "grad-cam", "label": "half", "depth": 0.5}], 2),
        (["saliency", "input-x-gradient"], 1),
        ([{"name": "saliency", "target": "top:3"}], 3),
        ([{"name": "smoothgrad", "samples": 7}], 8),  # and one for the predictions
        ([{"name": "smoothgrad", "samples": 7}, "grad-cam"], 8),
        ([{"name": "integrated-gradients", "steps": 9}, "saliency"], 10),
        ([{"name": "rise", "masks": 9, "target": "top:3"}], 10),  # seen by all targets
        (
            [
                {"name": "occlusion", "window": 0.5},
                {"name": "occlusion", "window": 0.5, "output": "probability", "label": "p"},
            ],
            10,
        ),
        (["ablation-cam"], 1),  # tails are not counted
    ],
)
def test_evaluations_per_image(methods, expected):
    tasks = check_methods([{"name": m} if isinstance(m, str) else m for m in methods])
    assert evaluations(tasks, {task.label: task.method.evaluations(task.settings) for task in tasks}) == expected


def test_what_a_plan_says(photos):
    methods = ["grad-cam", {"name": "smoothgrad", "samples": 3}]
    plan = plan_of(photos, methods, [model(), model("other", "Other")])
    assert plan.models == ("tiny", "Other")
    assert plan.methods == ("grad-cam", "smoothgrad")
    assert plan.blocks == 2
    assert plan.evaluations == plan.remaining == 2 * 7 * 4
    rows = dict(plan.rows())
    assert rows["models"] == "tiny, Other"
    assert rows["images"].startswith("7 from ")
    assert rows["blocks"] == "2 of up to 4 images, per model"
    assert rows["evaluations"] == "56"
    assert rows["device"] == "cpu; batch 4, 1 threads"
    assert plan.problems == []


def test_what_is_planned_is_what_is_done(photos, tmp_path, listener):
    methods = ["grad-cam", {"name": "smoothgrad", "samples": 3, "target": "top:2"}, "eigen-cam"]
    run(tmp_path / "out", photos, methods, progress=listener)
    assert (listener.total, listener.done) == (7 * 7, 7 * 7)


def test_passes_that_depend_on_the_network_are_planned(photos, tmp_path, listener):
    """The features of the tiny networks have 8 and 12 channels; a pass each for them and for the baseline."""
    methods = ["score-cam", {"name": "rise", "masks": 3}]
    run(tmp_path / "out", photos, methods, [model(), model("other")], progress=listener)
    assert listener.total == listener.done == 7 * ((2 + 8 + 3) + (2 + 12 + 3))


def test_images_beyond_a_limit_are_not_planned(photos, tmp_path, listener):
    methods = ["grad-cam", {"name": "smoothgrad", "samples": 3, "limit": 5}, {"name": "saliency", "limit": 4}]
    run(tmp_path / "out", photos, methods, progress=listener)
    assert (listener.total, listener.done) == (7 + 5 * 3 + 4, 7 + 5 * 3 + 4)


def test_what_is_done_is_not_planned_again(photos, tmp_path):
    run(tmp_path / "out", photos, ["grad-cam"])
    plan = plan_of(photos, ["grad-cam", "saliency"], out=tmp_path / "out")
    assert (plan.evaluations, plan.remaining) == (14, 7)
    assert dict(plan.rows())["evaluations"] == "14, 7 left"
    assert plan_of(photos, ["grad-cam"], out=tmp_path / "out").remaining == 0


def test_batch_size_block_and_threads_of_the_folder_hold_where_the_study_names_none(photos, tmp_path):
    run(tmp_path / "out", photos, ["grad-cam"])
    free = {"batch_size": None, "block": None, "threads": None}
    plan = plan_of(photos, ["grad-cam"], out=tmp_path / "out", **free)
    facts = plan.manifest.facts
    assert (plan.manifest.block, facts["batch_size"], facts["threads"]) == (4, 4, 1)
    assert plan.remaining == 0
    new = plan_of(photos, ["grad-cam"], **free).manifest
    assert (new.block, new.facts["batch_size"], new.facts["threads"]) == (16, 8, torch.get_num_threads())


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"block": 2}, {"batch_size": 2}, {"threads": 2}, {"name": "another"}, "photos"]
)
def test_another_study_is_refused_and_the_folder_stays_as_it_is(photos, tmp_path, snapshot, change):
    out = tmp_path / "out"
    run(out, photos, ["grad-cam"])
    before = snapshot(out)
    if change == "photos":
        photos, change = make_photos(tmp_path / "others", seed=1), {}
    with pytest.raises(StoreError, match="another one"):
        run(out, photos, ["grad-cam", "saliency"], **change)
    assert snapshot(out) == before


def test_a_folder_that_is_no_store_is_refused_and_stays_as_it_is(photos, tmp_path, snapshot):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match="not empty"):
        run(tmp_path / "out", photos, ["grad-cam"])
    assert list(snapshot(tmp_path / "out")) == ["thesis.tex"]


def test_a_renamed_folder_of_images_is_the_same_study(photos, tmp_path, evaluations):
    run(tmp_path / "out", photos, ["grad-cam"])
    photos.rename(tmp_path / "elsewhere")
    assert plan_of(tmp_path / "elsewhere", ["grad-cam"], out=tmp_path / "out").remaining == 0


def write_weights(folder: Path, kind: str) -> str:
    network = load_model(f"python:{HERE / 'networks.py'}:tiny", preprocess=SIZE).network
    state = network.state_dict()
    if kind == "shapes":
        state["head.weight"] = torch.zeros(3, 3)
    if kind == "cut":
        torch.save(state, folder / "cut.pt")
        (folder / "cut.pt").write_bytes((folder / "cut.pt").read_bytes()[:100])
    else:
        torch.save(network if kind == "objects" else state, folder / f"{kind}.pt")
    return str(folder / f"{kind}.pt")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("shapes", "should be"), ("objects", "objects rather than tensors"), ("cut", "damaged")],
)
def test_bad_weights_are_one_line_that_names_the_file(photos, tmp_path, kind, reason):
    file = write_weights(tmp_path, kind)
    with pytest.raises(ModelError) as caught:
        plan_of(photos, ["grad-cam"], [model(weights=file)])
    line = str(caught.value).splitlines()[1]
    assert f"{kind}.pt" in line
    assert reason in line
    assert len(str(caught.value).splitlines()) == 2

    store = run(tmp_path / "out", photos, ["grad-cam"], [model(weights=file), model("other")])
    assert store.models() == ("other",)
    (failure,) = store.failures()
    assert (failure.model, failure.stage, failure.image) == ("tiny", "load", "")
    assert f"{kind}.pt" in failure.reason
    assert "\n" not in failure.reason

    store = run(
        tmp_path / "out", photos, ["grad-cam"], [model(weights=write_weights(tmp_path, "good")), model("other")]
    )
    assert store.models() == ("tiny", "other")
    assert store.failures() == []


def test_a_missing_file_of_weights_stops_the_study_with_2(photos, tmp_path):
    (tmp_path / "s.toml").write_text(
        f'[images]\nsource = "photos"\n[[models]]\nname = "python:{HERE / "networks.py"}:tiny"\n'
        'weights = "gone.safetensors"\n[[methods]]\nname = "grad-cam"\n'
    )
    done = CliRunner().invoke(app, ["run", str(tmp_path / "s.toml"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "line 5: models[1]" in done.stderr
    assert "gone.safetensors" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_only_model_cannot_be_built(photos, tmp_path):
    with pytest.raises(ModelError, match=r"(?s)no model could be loaded.*networks.py, line \d+: ValueError: cannot be"):
        run(tmp_path / "out", photos, ["grad-cam"], [model("broken")])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"device": "cuda:99"}, "cuda:99"), ({"device": "tpu"}, "no such device 'tpu'")],
)
def test_a_device_that_is_not_here(photos, changes, message):
    with pytest.raises(InputError, match=message):
        plan_of(photos, ["grad-cam"], **changes)


def test_labels_that_are_no_classes_are_listed(tmp_path):
    make_photos(tmp_path / "photos" / "cat", 3)
    make_photos(tmp_path / "photos" / "gnu", 2, seed=1)
    (tmp_path / "names.txt").write_text("cat\ndog\na\nb\nc\n")
    plan = plan_of(tmp_path / "photos", ["grad-cam"], [model(classes=str(tmp_path / "names.txt"))])
    assert plan.plans[0].labels == (0, 0, 0, None, None)
    assert plan.problems == ["tiny: labels that are none of its classes: 'gnu' (2)"]


def test_other_class_names_never_mix_with_the_maps_of_former_ones(tmp_path):
    make_photos(tmp_path / "photos" / "cat", 3)
    (tmp_path / "names.txt").write_text("cat\ndog\na\nb\nc\n")
    arguments = (
        tmp_path / "photos",
        [{"name": "saliency", "target": "label"}],
        [model(classes=str(tmp_path / "names.txt"))],
    )
    run(tmp_path / "out", *arguments)
    (tmp_path / "names.txt").write_text("dog\ncat\na\nb\nc\n")
    with pytest.raises(StoreError, match="another model called 'tiny'"):
        run(tmp_path / "out", *arguments)


def test_other_weights_under_the_same_label_are_refused(photos, tmp_path):
    run(tmp_path / "out", photos, ["grad-cam"])
    with pytest.raises(StoreError, match="another model called 'tiny'"):
        run(tmp_path / "out", photos, ["grad-cam"], [model("other", "tiny")])


def test_precision_is_recorded_and_never_mixed(photos, tmp_path):
    models = [model(label="full"), model(label="low", precision="bf16")]
    store = run(tmp_path / "out", photos, ["grad-cam"], models)
    assert [store.predictions(label).attributes["precision"] for label in store.models()] == ["fp32", "bf16"]
    full, low = (store.maps(label, "grad-cam") for label in ("full", "low"))
    assert (full.values != low.values).any()
    assert full.values == pytest.approx(low.values, abs=0.05 * float(abs(full.values).max()))
    with pytest.raises(StoreError, match="or precision"):
        run(tmp_path / "out", photos, ["grad-cam"], [model(label="full")], precision="bf16")


def test_an_unknown_precision():
    with pytest.raises(StudyError, match="precision: should be 'fp32' or 'bf16'"):
        Study.from_dict(tables(Path(), ["grad-cam"], precision="fp8"))


@pytest.mark.parametrize("target", ["class:NOPE", "contrast:0:NOPE", "rank:1000"])
def test_a_class_that_no_model_has_stops_before_any_work(photos, tmp_path, target):
    with pytest.raises(StudyError, match="no model can do this"):
        plan_of(photos, ["grad-cam", {"name": "saliency", "target": target}], out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_last_features_of_every_model_are_kept(photos):
    plan = plan_of(photos, ["saliency"], [model(), model("flat")])
    (tiny, flat) = (each.attributes["last_features"] for each in plan.plans)
    assert (tiny["layer"], tiny["cells"], tiny["kind"]) == ("features.3", [4, 4], "cut")
    assert flat is None
