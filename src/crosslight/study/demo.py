"""The study of ``crosslight demo``: a file of the package that a person can copy and change."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import as_file, files

from .api import Study
from .spec import read_study

FILE = files(__package__) / "demo.toml"

#: classifiers whose units are looked at, with their labels: one that learned things, and one that learned backgrounds
DISSECTED = (("scenes/densenet", "DenseNet"), ("scenes/densenet-background", "DenseNet (biased)"))
#: depths of the layers, and pictures
DISSECTED_LAYERS, DISSECTED_IMAGES = (0.9, 1.0), 160
#: A place fills a picture, and a tenth of the pictures: the region of a unit that answers to it has to be large enough.
DISSECTED_SHARE = 0.05


def demo_text() -> str:
    """The study file, as it is."""
    return FILE.read_text("utf-8")


def demo_study() -> Study:
    """The classifiers that came with the package, the methods, and pictures of the embedded world.

    Raises:
        StudyError: the file was changed, and is not valid any more.
    """
    with as_file(FILE) as path:
        return Study(replace(read_study(path), command="crosslight demo --out OUT"))
