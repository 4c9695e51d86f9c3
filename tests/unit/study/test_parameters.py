"""Files of parameters: checked as a whole, found by the image's name, part of the digest, the same when resumed."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from crosslight.core.errors import InputError, StudyError
from crosslight.core.maps import Status
from crosslight.study import Study, explain
from crosslight.study.parameters import Parameters, by_settings, settings_of
from crosslight.study.spec import check_methods

from .conftest import model, run, tables

LIME = {"name": "lime", "segmentation": "grid", "segments": 4, "num_samples": 12}


def write(folder: Path, found: object, name: str = "params.json") -> Path:
    path = folder / name
    path.write_text(found if isinstance(found, str) else json.dumps(found), encoding="utf-8")
    return path


def check(path: Path, target: str = "own", **settings):
    (task,) = check_methods([{**LIME, "parameters": str(path), **settings}], target)
    return task


def test_an_image_is_found_by_the_stem_of_its_file(tmp_path: Path) -> None:
    given = {"a": {"num_samples": 30}, "b.c": {"num_samples": 40}, "goldfish": {}, "n01443537_eel": {}}
    found = check(write(tmp_path, given)).parameters
    assert isinstance(found, Parameters)
    names = {"a.png": "a", "cats/a.jpeg": "a", "b.c.png": "b.c", "x/n01443537_goldfish.JPEG": "goldfish"}
    names |= {"n01443537_eel.png": "n01443537_eel", "b.png": None, "": None, "eel.png": None}
    assert {image: found.named(image) for image in names} == names


def test_images_of_the_same_settings_go_together(tmp_path: Path) -> None:
    task = check(write(tmp_path, {"a": {"num_features": 2}, "b": {"num_features": 2}, "c": {"num_samples": 12}}))
    parts = by_settings(task, ["x.png", "a.png", "b.png", "c.png"])
    assert [rows for _, rows in parts] == [[0, 3], [1, 2]], "12 samples are what the others have too"
    assert [part.settings.num_features for part, _ in parts] == [100_000, 2]
    assert all(part.parameters is None and part.label == task.label for part, _ in parts)
    assert settings_of(task, "a.png").segments == 4, "what the file leaves out is as beside the method's name"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "must hold a JSON object"),
        ("{}", "must hold a JSON object"),
        ("{'a': 1}", "not valid JSON"),
        ('{"a": {}, "a": {}}', "'a' stands there twice"),
        ('{"a": {"num_samples": 20, "num_samples": 30}}', "'num_samples' stands there twice"),
        ('{"a": {"kernel_width": NaN}}', "NaN is no number"),
        ('{"a": 3}', "image 'a': must be an object"),
        ('{"a": {"num_smaples": 3}}', "image 'a': num_smaples: unknown parameter; did you mean .*'num_samples'"),
        ('{"a": {"num_samples": 4}}', "image 'a': num_samples: must be at least 5 for 4 segments, .*, not 4"),
        ('{"a": {"hide_color": "pink"}}', "image 'a': hide_color: must be mean, .*, not 'pink'"),
        ('{"a": {"distance_metric": "cosinus"}}', "image 'a': distance_metric: .*, not 'cosinus'"),
        ('{"a": {"batch_size": 0}}', "image 'a': batch_size: must be"),
        ('{"a": {"top_labels": null, "labels": [3]}}', "image 'a': top_labels: .* target = \"class:3\""),
    ],
)
def test_a_bad_file_is_told_before_any_work(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        check(write(tmp_path, text))


def test_all_problems_are_told_at_once_and_not_too_many(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        check(write(tmp_path, {"a": {"num_features": 0, "nonsense": 1}, "b": {"labels": "x"}}))
    assert len(caught.value.problems) == 3
    assert all("methods[1] (lime): parameters: image" in problem.where for problem in caught.value.problems)
    with pytest.raises(StudyError, match="80 more problems like these") as caught:
        check(write(tmp_path, {f"p{i}": {"num_features": 0} for i in range(100)}))
    assert len(caught.value.problems) == 21


def test_pickles_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "params.json"
    path.write_bytes(pickle.dumps({"a": {"num_samples": 20}}))
    with pytest.raises(StudyError, match="pickles are not read"):
        check(path)


def test_a_file_that_is_not_there_or_not_wanted(tmp_path: Path) -> None:
    write(tmp_path, {"a": {}}, "lime_params.json")
    with pytest.raises(StudyError, match=r"no file .*lime_parms\.json; did you mean 'lime_params\.json'"):
        check(tmp_path / "lime_parms.json")
    with pytest.raises(StudyError, match="saliency takes no file of parameters; lime does"):
        check_methods([{"name": "saliency", "parameters": str(tmp_path / "lime_params.json")}])


def test_a_study_with_parameters(tmp_path: Path, photos: Path, evaluations) -> None:
    """Each image has its own settings; the file's contents are part of what maps are known by, its name is not."""
    given = {"p1": {"num_samples": 15, "hide_color": 0}, "p5": {"random_seed": 3, "segments": 6, "num_features": 2}}
    path = write(tmp_path, given)
    wanted = {**LIME, "parameters": str(path)}
    study = Study.from_dict(tables(photos, [wanted]))
    (note,) = study.plan().problems
    assert note == "lime: params.json does not name 5 of 7 images; they have the method's other settings"
    store = study.run(tmp_path / "out")
    maps = store.maps("tiny", "lime")
    assert set(maps.status) == {Status.OK}
    assert maps.attributes["parameters"] == given

    plain = run(tmp_path / "plain", photos, [LIME]).maps("tiny", "lime")
    at = {name: row for row, name in enumerate(sorted(path.stem for path in photos.iterdir()))}
    others = [row for name, row in at.items() if name not in given]
    assert np.allclose(maps.values[others], plain.values[others], rtol=1e-5, atol=1e-7)
    for name, entry in given.items():
        alone = run(tmp_path / name, photos, [{**LIME, **entry}]).maps("tiny", "lime")
        assert np.allclose(maps.values[at[name]], alone.values[at[name]], rtol=1e-5, atol=1e-7)
        assert not np.allclose(maps.values[at[name]], plain.values[at[name]], rtol=1e-3)

    evaluations.clear()
    study.plan()
    looked = evaluations.total  # to know the network
    evaluations.clear()
    renamed = write(tmp_path, json.dumps(given, indent=3, sort_keys=True), "renamed.json")
    run(tmp_path / "out", photos, [{**wanted, "parameters": str(renamed)}])
    assert evaluations.total == looked
    write(tmp_path, {**given, "p2": {"num_samples": 14}})
    again = run(tmp_path / "out", photos, [wanted])
    assert evaluations.total > looked
    assert again.maps("tiny", "lime").attributes["parameters"]["p2"] == {"num_samples": 14}


def test_paths_are_relative_to_the_study(tmp_path: Path, photos: Path) -> None:
    write(tmp_path, {"p1": {}})
    study = Study.from_dict(tables(photos, [{**LIME, "parameters": "params.json"}]), tmp_path)
    assert study.spec.tasks[0].parameters.file == "params.json"


def test_targets_share_what_is_measured(tmp_path: Path, photos: Path, evaluations) -> None:
    path = write(tmp_path, {"p1": {"num_samples": 15}})
    run(tmp_path / "one", photos, [{**LIME, "parameters": str(path)}])
    once = evaluations.total
    evaluations.clear()
    run(tmp_path / "two", photos, [{**LIME, "parameters": str(path), "target": "top:2"}])
    assert evaluations.total == once


def test_in_memory(tmp_path: Path, photos: Path) -> None:
    write(tmp_path, {"p1": {"num_features": 1}})
    network = model()["name"]
    found = explain(network, photos, {**LIME, "parameters": "params.json"}, base=tmp_path)
    assert "does not name 6 of 7 images" in found.notes[0]
    values = found[found.models[0], "lime"].values
    assert [len(np.unique(one)) for one in values][1] == 2
    assert all(len(np.unique(one)) > 2 for one in values[[0, 2, 3, 4, 5, 6]])
    with pytest.raises(InputError, match="no file"):
        explain(network, photos, {**LIME, "parameters": "missing.json"}, base=tmp_path)
