from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.share import Share
from crosslight.dynamics import Finding, History, findings, scenes_history
from crosslight.dynamics.findings import suspects
from crosslight.dynamics.findings.confused import confused_pairs, phases
from crosslight.dynamics.stability import changes, changing_share, elbow, stable_from

from .making import histories, history


def of(kind: str, one: History) -> list[Finding]:
    return [finding for finding in findings(one) if finding.kind == kind]


@settings(max_examples=60, deadline=None)
@given(histories())
def test_there_is_something_to_say_of_every_history(one: History) -> None:
    found = findings(one)
    assert found[0].head == "What was recorded"
    for finding in found:
        assert "nan" not in finding.text
        assert "inf" not in finding.text
        assert set(finding.images) <= set(one.ids)
        assert all(0 <= number < len(one.classes) for number in finding.classes)
        assert finding.text.endswith(".")
    if len(one.epochs) == 1:
        assert "How predictions change cannot be said from one epoch." in found[0].text
        assert not {"stable", "never-settled"} & {finding.kind for finding in found}
    if len(one.classes) == 1 and (one.labels >= 0).any():
        assert [finding.head for finding in found if finding.kind == "confused"] == ["One class"]


def test_nothing_recorded() -> None:
    [only] = findings(history(np.empty((0, 2)), [0, 1], 2))
    assert only.head == "Nothing recorded yet"
    assert "2 images of 2 classes" in only.text


def test_without_labels() -> None:
    heads = [finding.head for finding in findings(history([[0, 1], [0, 1], [0, 1]]))]
    assert heads == ["What was recorded", "No accuracy", "Stable after epoch 0", "Every image settled"]


# --- accuracy


def test_accuracy_with_its_interval() -> None:
    one = history([[0] * 10, [0] * 9 + [1], [0] * 5 + [1] * 5], [0] * 9 + [1], 2)
    text = of("whole", one)[1].text
    low, high = Share(6, 10).interval
    assert f"At epoch 2, 60.0 % (95 % interval {100 * low:.1f} to {100 * high:.1f} %) of 10 images" in text
    assert "It began at 90.0 %; the highest is 100.0 % at epoch 1." in text
    assert "clearly below" in text


# --- confusion


def test_phases_are_thirds() -> None:
    one = replace(history([[0]] * 7), epochs=np.arange(1, 8, dtype=np.int32))
    assert phases(one) == [("Early", (1, 3)), ("In the middle", (4, 5)), ("Late", (6, 7))]
    assert phases(history([[0]])) == [("At the only epoch", (0, 0))]
    assert phases(history([[0]] * 2)) == [("First", (0, 0)), ("Then", (1, 1))]


def test_the_pair_most_confused_in_each_phase() -> None:
    labels = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    early = [1, 1, 0, 0, 1, 1, 2, 2, 2]  # 0 and 1: both ways
    late = [0, 0, 0, 1, 1, 2, 1, 2, 2]  # 1 and 2: both ways
    one = history([early, early, late, late, late, labels], labels, ["a", "b", "c"])
    first, middle, last = of("confused", one)
    assert (first.head, first.classes, first.epochs) == ("Early: a and b", (0, 1), (0, 1))
    assert "50.0 %" in first.text
    assert (
        "of the 6 images of a and b are taken for the other in the mean epoch: 100.0 % of all mistakes." in first.text
    )
    assert middle.classes == last.classes == (1, 2)
    [pair] = confused_pairs(one, (4, 5))
    assert (pair.count, pair.of_mistakes, pair.taken) == (2, 1.0, Share(1, 6))


def test_a_pair_that_is_not_clearly_ahead() -> None:
    one = history([[1, 1, 1, 2, 2, 0]], [0, 0, 0, 0, 1, 2], ["a", "b", "c"])
    [found] = of("confused", one)
    assert "Next come a and c, 33.3 %, which is not clearly behind." in found.text


def test_no_mistakes() -> None:
    assert of("confused", history([[0, 1]], [0, 1]))[0].head == "At the only epoch: no mistakes"


# --- settling


@settings(max_examples=60, deadline=None)
@given(histories())
def test_changes_are_counted_step_by_step(one: History) -> None:
    changed, known = changes(one)
    expected = np.zeros((2, len(one.epochs) - 1), int)
    for column in one.predictions.T.tolist():
        last = 65_535
        for at, now in enumerate(column):
            if now != 65_535:
                if last != 65_535:
                    expected[:, at - 1] += (now != last, 1)
                last = now
    np.testing.assert_array_equal([changed, known], expected)


@pytest.mark.parametrize(
    ("shares", "place"),
    [
        ([0.5, 0.3, 0.01, 0.0], 2),
        ([0.0, 0.0], 0),
        ([0.5, 0.01], None),  # one quiet step is not enough
        ([0.5, 0.0, 0.0, 0.02], None),
        ([0.5, float("nan"), 0.0, 0.0], 2),
        ([0.0, 0.0, float("nan")], None),
        ([], None),
    ],
)
def test_stable_from(shares: list[float], place: int | None) -> None:
    assert stable_from(np.array(shares)) == place


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_stable_means_that_no_later_step_changes_more(shares: list[float]) -> None:
    place = stable_from(np.array(shares), most=0.3)
    quiet = [at for at in range(len(shares) - 1) if all(share <= 0.3 for share in shares[at:])]
    assert place == (quiet[0] if quiet else None)


def test_the_elbow() -> None:
    assert elbow(np.array([0.9, 0.5, 0.1, 0.09, 0.08, 0.07])) == 3  # the epoch that the third step leads to
    assert elbow(np.array([0.9, 0.7, 0.5, 0.3, 0.1])) is None  # a straight line
    assert elbow(np.array([0.1, 0.2, 0.3, 0.4])) is None
    assert elbow(np.array([0.9, 0.1, 0.05])) is None  # too few steps


def test_stability_in_words() -> None:
    settled = history([[0] * 200, [1] * 200, [1] * 200, [1] * 200], [1] * 200, 2)
    [found] = of("stable", settled)
    assert found.head == "Stable after epoch 1"
    assert found.text == "After epoch 1 no step changes more than 1 % of the predictions; 2 steps of the run follow."
    steps = [0.9, 0.5, 0.1, 0.09, 0.08, 0.07]
    rows = [np.zeros(100, int)]
    for share in steps:
        rows.append(np.where(np.arange(100) < round(100 * share), 1 - rows[-1], rows[-1]))
    [found] = of("stable", history(rows))
    assert found.head == "Not stable; levels off at epoch 3"
    assert "The last step changes 7.0 %" in found.text
    assert "fall from 90.0 % at the first step and level off at epoch 3, 10.0 %" in found.text
    assert of("stable", history(rows[:2]))[0].head == "Not stable yet"
    assert changing_share(history(rows)).tolist() == steps


def test_images_that_never_settle() -> None:
    rows = np.zeros((21, 5), int)
    rows[:, 1] = np.arange(21) % 2  # always
    rows[19:, 2] = 1  # changed at the last step but one: within the last tenth
    rows[18:, 3] = 1  # and this one just before
    [found] = of("never-settled", history(rows))
    assert found.images == ("i1", "i2")
    assert found.head == "2 images never settled"
    assert "40.0 % (95 % interval" in found.text
    assert "changed at the last 2 steps, from epoch 19 on. The most restless, i1, changed at 100.0 %" in found.text


# --- labels


def planted(wrong: int = 3, size: int = 60, **parts: bool) -> tuple[History, list[int]]:
    """A run that learns two classes well, with some labels exchanged."""
    rng = np.random.default_rng(0)
    truth = np.arange(size) % 2
    labels = truth.copy()
    swapped = rng.choice(size, wrong, replace=False).tolist()
    labels[swapped] = 1 - labels[swapped]
    rise = np.linspace(0, 6, 10)[:, None]
    score = rise * (2 * truth - 1) + rng.normal(0, 1, (10, size))  # the logit of class 1 less that of class 0
    margin = np.where(labels == 1, score, -score).astype(np.float32)
    one = history((score > 0).astype(int), labels.tolist(), 2, margin=margin)
    return replace(one, probability=(1 / (1 + np.exp(-margin))).astype(np.float16)), sorted(swapped)


@pytest.mark.parametrize("without", [(), ("margin",)])
def test_planted_label_errors_are_found(without: tuple[str, ...]) -> None:
    one, swapped = planted()
    found = suspects(replace(one, **dict.fromkeys(without)))
    assert sorted(found.places.tolist()) == swapped
    assert found.said.tolist() == [1 - one.labels[at] for at in found.places.tolist()]
    assert found.judged == 60


def test_label_errors_in_words() -> None:
    one, swapped = planted()
    [found] = of("label-errors", one)
    assert found.warns
    assert found.head == "3 labels to check"
    assert sorted(found.images) == sorted(f"i{at}" for at in swapped)
    for part in ("5.0 % (95 % interval", "The rule: a negative area under the margin", "cannot tell a wrong label"):
        assert part in found.text
    clean, _ = planted(wrong=0)
    [found] = of("label-errors", clean)
    assert found.head == "No label stands out"
    assert "None of 60 images meets the rule:" in found.text


def test_labels_are_not_judged_where_there_is_too_little() -> None:
    one, _ = planted()
    short = replace(one, epochs=one.epochs[:3], predictions=one.predictions[:3], margin=None, probability=None)
    assert "the rule needs 4" in of("label-errors", short)[0].text
    assert "no class has 8 images" in of("label-errors", history([[0, 1]] * 5, [0, 1]))[0].text


def test_a_class_that_was_not_learned_says_nothing_of_labels() -> None:
    rows = np.zeros((6, 40), int)
    one = history(rows, [0] * 20 + [1] * 20, 2)
    assert suspects(one).places.tolist() == []  # class 1 is never predicted: its images are no label errors


def test_images_that_are_hard_like_many_of_their_class_are_no_label_errors() -> None:
    """Eight of twenty are always taken for the other class: that is the class, not the labels."""
    labels = np.array([0] * 20 + [1] * 20)
    said = np.where(np.arange(40) < 12, 0, 1)
    margin = np.where(said == labels, 1, -1).astype(np.float32)
    one = history([said] * 6, labels.tolist(), 2, margin=np.stack([margin] * 6))
    assert suspects(one).places.tolist() == []
    margin[19] = -9  # beyond the fence: quartiles of -1 and 1 put it at -4
    assert suspects(replace(one, margin=np.stack([margin] * 6))).places.tolist() == [19]


# --- classes


def test_easiest_and_hardest() -> None:
    labels = [0] * 40 + [1] * 40 + [2] * 40
    last = [0] * 40 + [1] * 30 + [0] * 10 + [2] * 10 + [0] * 30
    [found] = of("classes", history([last], labels, ["a", "b", "c"]))
    assert found.classes == (0, 2)
    assert (
        "a is predicted right most often, 100.0 % (95 % interval 91.2 to 100.0 %), and c least often, 25.0 %"
        in found.text
    )
    assert "overlap" not in found.text
    [found] = of("classes", history([[0, 1, 1]], [0, 1, 2], ["a", "b", "c"]))
    assert "a and b are predicted right most often" in found.text
    assert "The intervals overlap" in found.text
    assert of("classes", history([[0, 1]], [0, 1]))[0].head == "No class is easier"
    assert of("classes", history([[0, 0]], [0, 0], 2))[0].head == "One class"


def test_of_a_real_run() -> None:
    found = findings(scenes_history("vit"))
    assert [finding.kind for finding in found] == [
        *["whole", "whole", "classes", "confused", "confused", "confused", "stable", "never-settled", "label-errors"]
    ]
    assert findings(scenes_history("vit"), epochs=(20, 20))[0].text.startswith("Epoch 20 alone is recorded")
