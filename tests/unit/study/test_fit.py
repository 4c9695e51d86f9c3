"""Methods that apply to some of the models only."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from crosslight.cli.app import app
from crosslight.core.errors import ModelError, StudyError
from crosslight.models import load_model
from crosslight.report import build_report
from crosslight.store import Failure, left_out
from crosslight.study import Study, explain
from crosslight.study.fit import check_fit
from crosslight.study.spec import check_methods

from . import networks
from .conftest import HERE, SIZE, model, run, tables

LACKS = "does not apply: it computes no attention matrices (it needs attention between all patches"
ROLLOUT, GRADIENT = "attention-rollout", "gradient-attention-rollout"


def classifier(network, label):
    return load_model(network, label=label, preprocess=SIZE)


def test_what_a_classifier_lacks():
    grad_cam, rollout = check_methods([{"name": "grad-cam"}, {"name": ROLLOUT}])
    tiny, attentive = classifier(networks.tiny(), "tiny"), classifier(networks.attentive(), "attentive")
    for task, fitting in ((grad_cam, tiny), (grad_cam, attentive), (rollout, attentive)):
        check_fit(task, fitting)
    with pytest.raises(ModelError) as caught:
        check_fit(rollout, tiny)
    assert str(caught.value).startswith(LACKS)
    with pytest.raises(ModelError, match=r"^does not apply: .*spatial features"):
        check_fit(grad_cam, classifier(networks.flat(), "flat"))


def test_pairs_that_do_not_apply_are_left_out_of_a_study_and_named(photos, tmp_path, listener):
    methods, models = ["grad-cam", ROLLOUT, GRADIENT], [model(), model("other"), model("attentive")]
    plan = Study.from_dict(tables(photos, methods, models)).plan()
    (problem,) = plan.problems
    assert problem.startswith(f"{ROLLOUT}, {GRADIENT} on tiny, other: {LACKS}")
    assert plan.evaluations == 7 * (1 + 1 + 3)
    store = run(tmp_path / "out", photos, methods, models, progress=listener)
    assert listener.total == listener.done == plan.evaluations
    pairs = [(one.model, one.label) for one in store.map_sets()]
    assert sorted(pairs) == sorted(
        [("tiny", "grad-cam"), ("other", "grad-cam"), *(("attentive", method) for method in methods)]
    )
    assert store.maps("attentive", ROLLOUT).values.shape == (7, 4, 4)
    assert {(f.model, f.stage) for f in store.failures()} == {
        (name, f"method:{method}") for name in ("tiny", "other") for method in (ROLLOUT, GRADIENT)
    }
    assert all(failure.left_out and failure.reason.startswith(LACKS) for failure in store.failures())
    page = build_report(store).read_text("utf-8")
    assert page.count("it computes no attention matrices") == 1
    assert "<h3>Left out</h3>" in page
    assert "<h3>Failures</h3>" not in page


def test_a_method_that_applies_to_no_model_stops_the_study(photos, tmp_path):
    with pytest.raises(StudyError, match="no model can do this: tiny, other: does not apply: it computes no attention"):
        run(tmp_path / "out", photos, ["grad-cam", ROLLOUT], [model(), model("other")])
    assert not (tmp_path / "out").exists()


def test_the_command_line_says_what_was_left_out(photos, tmp_path):
    network = f"python:{HERE / 'networks.py'}"
    models = "".join(
        f'[[models]]\nname = "{network}:{name}"\nlabel = "{name}"\npreprocess = {{ size = 16, resize = 16 }}\n'
        for name in ("tiny", "attentive")
    )
    methods = "".join(f'[[methods]]\nname = "{name}"\n' for name in ("grad-cam", ROLLOUT))
    (tmp_path / "s.toml").write_text(f'[images]\nsource = "photos"\n{models}{methods}')
    done = CliRunner().invoke(app, ["run", str(tmp_path / "s.toml"), "--out", str(tmp_path / "out"), "--no-report"])
    assert done.exit_code == 0, done.stderr
    assert f"left out: {ROLLOUT} on tiny: does not apply: it computes no attention" in done.stdout
    assert "failed" not in done.stdout
    assert f"{ROLLOUT} on tiny: does not apply" in " ".join(done.stderr.split())


def test_explain_leaves_them_out_too(photos):
    classifiers = [classifier(networks.tiny(), "tiny"), classifier(networks.attentive(), "attentive")]
    found = explain(classifiers, photos, ["saliency", ROLLOUT])
    assert set(found.maps) == {("tiny", "saliency"), ("attentive", "saliency"), ("attentive", ROLLOUT)}
    (failure,) = found.failures
    assert (failure.image, failure.model, failure.stage) == ("", "tiny", f"method:{ROLLOUT}")
    assert failure.reason.startswith(LACKS)
    with pytest.raises(StudyError, match="no model can do this: tiny: does not apply"):
        explain(classifiers[0], photos, ["saliency", ROLLOUT])


def test_lines_for_what_was_left_out():
    failures = [
        Failure("", "A", "method:one", "no eyes"),
        Failure("", "A", "method:two", "no eyes"),
        Failure("", "B", "method:one", "no eyes"),
        Failure("", "B", "method:two", "no eyes"),
        Failure("", "C", "method:two", "no eyes"),
        Failure("", "C", "method:one", "no ears"),
        Failure("", "D", "load", "no file"),
        Failure("photo", "A", "method:one", "went wrong"),
    ]
    assert left_out(failures) == ["one, two on A, B: no eyes", "two on C: no eyes", "one on C: no ears"]
