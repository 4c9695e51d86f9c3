from __future__ import annotations

import numpy as np
import pytest

from crosslight.core.errors import UnknownNameError
from crosslight.dynamics import measure_one, scenes_history
from crosslight.images import open_images
from crosslight.scenes.classifiers import CLASSIFIERS, read_learning


@pytest.mark.parametrize("name", ["vit", "densenet-watermark"])
def test_pictures_and_labels_are_those_of_the_source(name: str) -> None:
    found = scenes_history(name)
    images = open_images(found.facts["images"], limit=40, sample="first")
    assert tuple(image.name for image in images) == found.ids[:40]
    assert [image.label for image in images] == [found.classes[label] for label in found.labels[:40]]


def test_numbers_are_those_of_the_record() -> None:
    found, learned = scenes_history("scenes/vit"), read_learning(CLASSIFIERS["vit"])
    assert np.array_equal(found.predictions, learned.predictions)
    assert np.array_equal(found.metrics["validation/accuracy"], learned.accuracy)
    assert found.epochs.tolist() == list(range(1, 21))
    assert found.probability is not None
    np.testing.assert_allclose(-np.log(found.probability.astype(float) + 1e-9), learned.losses, rtol=0.02, atol=0.02)
    best = measure_one("aum", found)
    assert ((found.margin > 0) == (found.predictions == found.labels)).mean() > 0.999
    assert best.shape == (1000,)


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="did you mean"):
        scenes_history("vitt")
