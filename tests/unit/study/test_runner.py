from __future__ import annotations

import json
import struct
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError, StudyError
from crosslight.core.maps import Status
from crosslight.study import runner

from .conftest import make_photos, model, run

GRAD_CAM = {"name": "grad-cam"}
HALF = {"name": "grad-cam", "label": "half", "depth": 0.5}
NOISY = {"name": "smoothgrad", "samples": 3}
ALL = [GRAD_CAM, HALF, NOISY, {"name": "integrated-gradients", "steps": 4, "target": "class:2"}]


def arrays(out: Path) -> dict[str, bytes]:
    root = out / "maps.zarr"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def statuses(store, name: str, label: str) -> Counter:
    return Counter(Status(status).name for status in store.maps(name, label).status.tolist())


def test_the_same_study_twice_is_the_same_bit_for_bit(photos, tmp_path):
    for name in ("a", "b"):
        run(tmp_path / name, photos, ALL, [model(), model("other")])
    assert arrays(tmp_path / "a") == arrays(tmp_path / "b")
    assert len(arrays(tmp_path / "a")) > 2 * len(ALL)


def test_nothing_is_computed_twice(photos, tmp_path, evaluations):
    run(tmp_path / "out", photos, ALL)
    evaluations.clear()
    store = run(tmp_path / "out", photos, ALL)
    assert evaluations.total == 1  # the plan asks for the number of classes
    assert all(one.complete for one in store.map_sets())


def test_a_method_added_to_a_finished_store_is_all_that_is_computed(photos, tmp_path, evaluations):
    run(tmp_path / "out", photos, [GRAD_CAM])
    before = arrays(tmp_path / "out")
    evaluations.clear()
    store = run(tmp_path / "out", photos, [GRAD_CAM, {**NOISY, "target": "class:1"}])
    assert evaluations.total == 1 + 7 * (3 + 1)
    after = arrays(tmp_path / "out")
    assert {name: after[name] for name in before} == before
    assert [one.label for one in store.map_sets()] == ["grad-cam", "smoothgrad"]
    alone = run(tmp_path / "alone", photos, [GRAD_CAM, {**NOISY, "target": "class:1"}])
    for label in ("grad-cam", "smoothgrad"):
        ours, theirs = store.maps("tiny", label), alone.maps("tiny", label)
        np.testing.assert_array_equal(ours.targets, theirs.targets)
        np.testing.assert_allclose(ours.values, theirs.values, atol=1e-6)


def test_a_model_added_to_a_finished_store_is_all_that_is_computed(photos, tmp_path, evaluations):
    run(tmp_path / "out", photos, [GRAD_CAM])
    evaluations.clear()
    store = run(tmp_path / "out", photos, [GRAD_CAM], [model(), model("other")])
    assert evaluations.rows == {"tiny": 1, "other": 1 + 7}
    assert store.models() == ("tiny", "other")


def test_a_changed_setting_makes_a_new_set_and_never_mixes(photos, tmp_path):
    run(tmp_path / "out", photos, [NOISY])
    first = run(tmp_path / "out", photos, [NOISY]).maps("tiny", "smoothgrad")
    store = run(tmp_path / "out", photos, [{**NOISY, "samples": 5}])
    assert len(store.map_sets(every=True)) == 2
    (now,) = store.map_sets()
    assert now.attributes["settings"]["samples"] == 5
    assert now.complete
    assert not np.array_equal(store.maps("tiny", now.key).values, first.values)
    (former,) = [one for one in store.map_sets(every=True) if one.key != now.key]
    np.testing.assert_array_equal(store.maps("tiny", former.key).values, first.values)
    again = run(tmp_path / "out", photos, [NOISY])  # and back
    np.testing.assert_array_equal(again.maps("tiny", "smoothgrad").values, first.values)


def test_an_edited_method_of_the_users_own_is_a_new_set(photos, tmp_path):
    source = (
        "from crosslight.evidence import InputGradients\nfrom crosslight.methods import method\n\n"
        "@method('runner-own', reads=InputGradients, reference='here')\ndef own(evidence):\n    '''Sum.'''\n"
        "    return evidence.gradients.sum(1)\n"
    )
    entry = {"name": f"python:{tmp_path / 'own.py'}:own", "label": "own"}
    (tmp_path / "own.py").write_text(source)
    first = run(tmp_path / "out", photos, [entry]).maps("tiny", "own")
    (tmp_path / "own.py").write_text(source.replace(".sum(1)", ".sum(1) * 2"))
    second = run(tmp_path / "out", photos, [entry]).maps("tiny", "own")
    np.testing.assert_allclose(second.values, 2 * first.values)


def test_maps_do_not_depend_on_what_else_is_in_the_study(photos, tmp_path):
    together = run(tmp_path / "all", photos, ALL, [model(), model("other")])
    for method in ALL:
        label = method.get("label", method["name"])
        alone = run(tmp_path / label, photos, [method], [model("other")], block=3)
        np.testing.assert_allclose(alone.maps("other", label).values, together.maps("other", label).values, atol=1e-5)
        np.testing.assert_array_equal(alone.maps("other", label).targets, together.maps("other", label).targets)


def test_two_devices_give_what_one_gives(photos, tmp_path):
    for name, device in (("one", "cpu"), ("two", "cpu,cpu")):
        run(tmp_path / name, photos, ALL, device=device, block=2, batch_size=2)
    assert arrays(tmp_path / "one") == arrays(tmp_path / "two")


def test_a_fault_on_one_of_two_devices_ends_the_run(photos, tmp_path, monkeypatch):
    def fails(*arguments, **options):
        raise ZeroDivisionError

    monkeypatch.setattr(runner, "explain_block", fails)
    with pytest.raises(ZeroDivisionError):
        run(tmp_path / "out", photos, [GRAD_CAM], device="cpu,cpu", block=2)


def test_top_k_are_k_maps_of_k_classes(photos, tmp_path):
    store = run(tmp_path / "out", photos, [{"name": "saliency", "target": "top:3"}])
    ranked = (-store.predictions("tiny").logits).argsort(axis=1)
    for rank in (1, 2, 3):
        maps = store.maps("tiny", f"saliency (top {rank})")
        np.testing.assert_array_equal(maps.targets[:, 0], ranked[:, rank - 1])
        assert (maps.targets[:, 1] == -1).all()


def test_own_label_settings_target_and_limit(photos, tmp_path):
    methods = [
        GRAD_CAM,
        HALF,
        {"name": "grad-cam", "label": "few", "limit": 5},
        {"name": "grad-cam", "label": "1-0", "target": "contrast:1:0"},
        {"name": "grad-cam", "label": "one", "target": "class:1"},
        {"name": "grad-cam", "label": "zero", "target": "class:0"},
    ]
    store = run(tmp_path / "out", photos, methods)
    assert store.maps("tiny", "grad-cam").values.shape[1:] == (4, 4)
    assert store.maps("tiny", "half").values.shape[1:] != (0, 0)
    assert store.map_set("tiny", "half").attributes["site"] != store.map_set("tiny", "grad-cam").attributes["site"]
    assert store.maps("tiny", "few").status.tolist() == [Status.OK] * 5 + [Status.SKIPPED] * 2
    contrast = store.maps("tiny", "1-0")
    assert contrast.targets.tolist() == [[1, 0]] * 7
    difference = store.maps("tiny", "one").values - store.maps("tiny", "zero").values
    np.testing.assert_allclose(contrast.values, difference, atol=1e-6)


def test_labels_with_gaps(tmp_path):
    for i, label in enumerate(("cat", "gnu", "dog")):
        make_photos(tmp_path / "photos" / label, 2, seed=i)
    (tmp_path / "names.txt").write_text("cat\ndog\na\nb\nc\n")
    models = [model(classes=str(tmp_path / "names.txt")), model("other")]
    store = run(tmp_path / "out", tmp_path / "photos", [{"name": "saliency", "target": "label"}], models)
    names = [entry.name.split("/")[0] for entry in store.manifest.images]
    expected = {"cat": 0, "dog": 1, "gnu": -1}
    assert store.maps("tiny", "saliency").targets[:, 0].tolist() == [expected[name] for name in names]
    assert statuses(store, "tiny", "saliency") == {"OK": 4, "NO_TARGET": 2}
    assert statuses(store, "other", "saliency") == {"NO_TARGET": 6}  # a network without class names
    assert store.failures() == []


def class_files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "a.txt").write_text("cat\ndog\ncow\nhen\npig\n")
    (tmp_path / "b.txt").write_text("pig\nhen\ncow\nDOG\nfox\n")
    return str(tmp_path / "a.txt"), str(tmp_path / "b.txt")


@pytest.mark.parametrize("device", ["cpu", "cpu,cpu"])
def test_the_class_of_another_model_is_found_by_its_name(photos, tmp_path, device):
    of_a, of_b = class_files(tmp_path)
    models = [model("other", "B", classes=of_b), model("tiny", "A", classes=of_a)]
    store = run(tmp_path / "out", photos, [{"name": "saliency", "target": "model:A"}], models, device=device)
    top = store.predictions("A").top1
    translated = {0: -1, 1: 3, 2: 2, 3: 1, 4: 0}  # there is no cat among B's
    assert store.maps("B", "saliency").targets[:, 0].tolist() == [translated[at] for at in top.tolist()]
    assert store.maps("A", "saliency").targets[:, 0].tolist() == top.tolist()
    assert statuses(store, "A", "saliency") == {"OK": 7}
    assert store.models() == ("B", "A")  # shown as in the study, although A ran first


def test_two_models_explain_each_others_classes(photos, tmp_path, evaluations):
    methods = [
        {"name": "saliency", "label": "A's", "target": "model:A"},
        {"name": "saliency", "label": "B's", "target": "model:B"},
    ]
    store = run(tmp_path / "out", photos, methods, [model("tiny", "A"), model("other", "B")])
    for name in ("A", "B"):
        for label in ("A", "B"):
            expected = store.predictions(label).top1
            np.testing.assert_array_equal(store.maps(name, f"{label}'s").targets[:, 0], expected)
    assert store.failures() == []
    evaluations.clear()
    run(tmp_path / "out", photos, methods, [model("tiny", "A"), model("other", "B")])
    assert evaluations.rows == {"A": 1, "B": 1}


def test_a_model_to_refer_to_that_cannot_be_loaded(photos, tmp_path):
    methods = [{"name": "saliency", "target": "model:gone"}, GRAD_CAM]
    store = run(tmp_path / "out", photos, methods, [model(), model("broken", "gone")])
    assert statuses(store, "tiny", "saliency") == {"FAILED": 7}
    assert statuses(store, "tiny", "grad-cam") == {"OK": 7}
    reasons = {(f.model, f.stage): f.reason for f in store.failures()}
    assert "no predictions of 'gone'" in reasons["tiny", "method:saliency"]
    assert "cannot be built" in reasons["gone", "load"]


def test_out_of_memory_is_recorded_and_changes_no_map(photos, tmp_path, listener):
    weights = tmp_path / "w.pt"
    import torch

    from . import networks

    torch.manual_seed(1)
    torch.save(networks.tiny().state_dict(), weights)
    methods = [GRAD_CAM, NOISY]
    plain = run(tmp_path / "plain", photos, methods, [model(label="net", weights=str(weights))])
    hungry = model("hungry", "net", weights=str(weights), options={"limit": 2})
    store = run(tmp_path / "hungry", photos, methods, [hungry], progress=listener)
    for label in ("grad-cam", "smoothgrad"):
        np.testing.assert_allclose(store.maps("net", label).values, plain.maps("net", label).values, atol=1e-5)
        assert statuses(store, "net", label) == {"OK": 7}
    assert store.failures() == []
    assert [note.get("halved_batch") for note in store.notes()] == [2, 1]
    assert "net: out of memory; going on with batches of 2" in listener.messages
    assert listener.done == listener.total


def huge_png(path: Path) -> None:
    """The head of a PNG of 30,000 x 30,000 pixels, and nothing else."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))


def test_odd_pictures_are_handled_or_recorded(tmp_path, capfd):
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (24, 36, 3), dtype=np.uint8)
    photo = Image.fromarray(pixels)
    photo.save(folder / "plain.png")
    photo.save(folder / "cut.jpg")
    (folder / "cut.jpg").write_bytes((folder / "cut.jpg").read_bytes()[:500])
    (folder / "text.jpg").write_text("no picture at all\n")
    (folder / "empty.jpg").touch()
    Image.new("RGB", (1, 1)).save(folder / "one.png")
    huge_png(folder / "huge.png")
    photo.convert("L").save(folder / "grey.png")
    photo.convert("RGBA").save(folder / "rgba.png")
    photo.convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(rng.integers(0, 65536, (24, 36), dtype=np.uint16)).save(folder / "deep.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(folder / "rotated.jpg", exif=exif)
    store = run(tmp_path / "out", folder, [GRAD_CAM, "saliency"], [model(), model("other")])

    names = {entry.identity: entry.name for entry in store.manifest.images}
    bad = {"cut.jpg", "text.jpg", "empty.jpg", "one.png", "huge.png"}
    reasons = {names[f.image]: f.reason for f in store.failures()}
    assert reasons.keys() == bad
    assert {f.stage for f in store.failures()} == {"decode"}
    assert "truncated" in reasons["cut.jpg"]
    assert "text" in reasons["text.jpg"]
    assert "empty" in reasons["empty.jpg"]
    assert "1 x 1" in reasons["one.png"]
    assert "pixels" in reasons["huge.png"]
    for one in store.map_sets():
        maps = store.maps(one.model, one.key)
        for identity, status, box, values in zip(maps.images, maps.status, maps.boxes, maps.values, strict=True):
            failed = names[identity] in bad
            assert status == (Status.FAILED if failed else Status.OK), names[identity]
            assert np.isnan(values).all() == failed
            if not failed:  # the middle square of the upright picture
                upright = [0, 6, 24, 30] if names[identity] == "rotated.jpg" else [6, 0, 30, 24]
                np.testing.assert_allclose(box, upright)
    table = store.predictions("tiny")
    sizes = {names[identity]: size for identity, size in zip(table.images, table.sizes.tolist(), strict=True)}
    assert sizes["rotated.jpg"] == [36, 24]
    assert sizes["plain.png"] == [24, 36]
    assert sizes["text.jpg"] == [-1, -1]
    assert capfd.readouterr() == ("", "")  # no warnings in normal operation


def test_maps_worth_a_second_look_are_counted(photos, tmp_path):
    store = run(tmp_path / "out", photos, ["saliency"], [model("blind"), model("nan")])
    assert statuses(store, "blind", "saliency") == {"ZERO": 7}
    assert statuses(store, "nan", "saliency") == {"NONFINITE": 7}
    assert set(store.predictions("nan").status.tolist()) == {Status.NONFINITE}
    assert set(store.predictions("nan").top1.tolist()) == {-1}


def test_a_network_that_fails_leaves_the_others(photos, tmp_path):
    Image.new("RGB", (20, 20), "teal").save(photos / "p9.png")
    store = run(tmp_path / "out", photos, [GRAD_CAM], [model("picky"), model()])
    assert statuses(store, "tiny", "grad-cam") == {"OK": 8}
    assert statuses(store, "picky", "grad-cam") == {"OK": 7, "FAILED": 1}
    assert {names_of(store)[f.image] for f in store.failures()} == {"p9.png"}


def names_of(store) -> dict[str, str]:
    return {entry.identity: entry.name for entry in store.manifest.images}


def test_pictures_of_the_same_bytes_are_two_images(photos, tmp_path):
    (photos / "copy.png").write_bytes((photos / "p0.png").read_bytes())
    store = run(tmp_path / "out", photos, [NOISY])
    assert statuses(store, "tiny", "smoothgrad") == {"OK": 8}


def test_what_was_lost_is_computed_again_and_nothing_else(photos, tmp_path, evaluations):
    run(tmp_path / "out", photos, [GRAD_CAM, NOISY])
    before = arrays(tmp_path / "out")
    shard = next((tmp_path / "out" / "maps.zarr" / "tiny").glob("smoothgrad-*/maps/c.1.0.0"))
    shard.write_bytes(shard.read_bytes()[:-9])
    evaluations.clear()
    run(tmp_path / "out", photos, [GRAD_CAM, NOISY])
    assert evaluations.total == 1 + 3 * (3 + 1)  # the second block has three images
    assert arrays(tmp_path / "out") == before


def test_the_store_says_what_it_holds(photos, tmp_path):
    run(tmp_path / "out", photos, [HALF], [model(label="Net 1.5")], seed=3)
    content = json.loads((tmp_path / "out" / "study.json").read_text())
    assert (content["name"], content["seed"], content["block"]) == ("small", 3, 4)
    assert content["facts"]["spec"]["methods"][0]["label"] == "half"
    assert content["facts"]["batch_size"] == 4
    assert content["facts"]["devices"] == ["cpu"]


def test_no_image_at_all(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(InputError):
        run(tmp_path / "out", tmp_path / "photos", [GRAD_CAM])
    assert not (tmp_path / "out").exists()


def test_a_method_that_has_nothing_to_read_on_one_model_leaves_its_other_maps(photos, tmp_path, listener):
    methods = [GRAD_CAM, "saliency"]
    store = run(tmp_path / "out", photos, methods, [model("flat"), model()], progress=listener)
    assert [(one.model, one.label) for one in store.map_sets()] == [
        ("flat", "saliency"),
        ("tiny", "grad-cam"),
        ("tiny", "saliency"),
    ]
    assert all(one.complete for one in store.map_sets())
    assert statuses(store, "flat", "saliency") == {"OK": 7}
    (failure,) = store.failures()
    assert (failure.model, failure.stage, failure.image) == ("flat", "method:grad-cam", "")
    assert listener.total == listener.done == 7 + 14
    again = run(tmp_path / "out", photos, methods, [model("flat"), model()])
    assert again.failures() == [failure]
    assert run(tmp_path / "out", photos, ["saliency"], [model("flat"), model()]).failures() == []
    with pytest.raises(StudyError, match="no model can do this"):
        run(tmp_path / "only", photos, [GRAD_CAM], [model("flat")])
