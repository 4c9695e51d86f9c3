from __future__ import annotations

import pytest

from crosslight.agreement.measures import MEASURES, find_measure
from crosslight.core.errors import InputError, UnknownNameError


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("iou", {"share": 0.1}),
        ("iou:share=0.2", {"share": 0.2}),
        (" topk : count = 5 ", {"count": 5}),
        ("kappa:cuts=0.4/0.7", {"share": 0.1, "cuts": (0.4, 0.7)}),
        ("rbf:norm=none,sigma=10", {"norm": "none", "sigma": 10.0}),
    ],
)
def test_settings_are_read(text, settings):
    assert dict(find_measure(text).settings) == settings


@pytest.mark.parametrize("text", ["iou", "iou:share=0.2", "kappa:cuts=0.4/0.7", "rbf:sigma=10.0,norm=none"])
def test_the_key_finds_the_measure_again(text):
    found = find_measure(find_measure(text).key)
    assert (found.key, dict(found.settings)) == (find_measure(text).key, dict(find_measure(text).settings))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("iou", "IoU of the top 10 %"),
        ("iou:share=0.025", "IoU of the top 2.5 %"),
        ("kappa", "Cohen's kappa"),
        ("kappa:cuts=0.4/0.7", "Cohen's kappa (cuts 0.4/0.7)"),
        ("rank-agreement:count=5,side=14", "rank agreement of the top 5 (side 14)"),
    ],
)
def test_labels_name_what_was_changed(text, label):
    assert find_measure(text).label == label


def test_every_label_can_be_made():
    for measure in MEASURES.values():
        assert measure.label
        assert measure.reference
        assert measure.low < measure.high
        assert measure.low <= measure.identical <= measure.high


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("iuo", "did you mean 'iou'"),
        ("iou:sahre=0.2", "did you mean 'share'"),
        ("iou:0.2", "NAME=VALUE"),
        ("iou:share=x", "share cannot be 'x'"),
        ("topk:count=2.5", "count cannot be"),
        ("rbf:norm=nnoe", "did you mean 'none'"),
        ("ssim:norm=sum", "known are: max, minmax, none"),
    ],
)
def test_mistakes_are_named(text, message):
    with pytest.raises((InputError, UnknownNameError), match=message):
        find_measure(text)


@pytest.mark.parametrize("name", ["rbf", "ssim"])
def test_an_unknown_norm_is_refused_from_python_too(name):
    import numpy as np

    from crosslight.agreement.measures import Cells

    with pytest.raises(InputError, match="norm is"):
        find_measure(name).with_settings(norm="sum", **({"sigma": 1.0} if name == "rbf" else {}))(
            Cells(np.random.default_rng(0).random((2, 1, 16)), np.ones(16), (4, 4))
        )
