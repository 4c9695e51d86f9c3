from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from crosslight.models import load_model
from crosslight.models.family import family
from crosslight.scenes.classifiers import CLASSIFIERS, LINEAGES, build


@pytest.mark.parametrize("name", LINEAGES)
def test_a_few_hundred_thousand_parameters_of_the_kind_that_the_table_says(name):
    with torch.device("meta"):
        network = build(name)
    assert 1e5 < sum(parameter.numel() for parameter in network.parameters()) < 5e5
    assert family(network) == CLASSIFIERS[name].kind


@pytest.mark.parametrize("name", LINEAGES)
def test_ten_scores_and_late_features_of_six_by_six_or_finer(name):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        classifier = load_model(build(name), preprocess={"size": 96})
    assert classifier.outputs == 10
    site = classifier.site()
    assert min(site.resolution) >= 6
    assert site.depth > 0.7


def test_names_are_there_without_torch():
    code = (
        "import sys, crosslight.scenes.classifiers as c\n"
        "assert len(c.CLASSIFIERS) == 24\nassert 'torch' not in sys.modules\n"
        "assert c.train.__module__ == 'crosslight.scenes.classifiers.training'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_a_name_that_the_package_does_not_have():
    import crosslight.scenes.classifiers as package

    assert all(hasattr(package, name) for name in package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        package.trian  # noqa: B018
