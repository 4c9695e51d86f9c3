from __future__ import annotations

from typing import ClassVar

import pytest
from pydantic import Field, ValidationError

from crosslight.evidence import EvidenceSettings, InputGradients
from crosslight.images import SegmentSettings
from crosslight.images.segmenters import settings_read
from crosslight.methods.base import make_spec


class ExampleSettings(SegmentSettings, EvidenceSettings):
    """Settings of evidence that needs superpixels."""

    samples: int = Field(10, ge=1, description="samples")


class Example(InputGradients):
    """Evidence that has them."""

    Settings: ClassVar[type[EvidenceSettings]] = ExampleSettings


def example(evidence: Example, *, width: float = 1.0):
    """An example."""


#: as evidence has them, and as they are copied into the settings of a method
KINDS = (SegmentSettings, ExampleSettings, make_spec("example", example, Example, "none").settings)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("segmentation", "unread"),
    [
        ("slic", {"scale": 1.0}),
        ("slic", {"ratio": 1.0}),
        ("grid", {"compactness": 1.0}),
        ("grid", {"iterations": 3}),
        ("grid", {"sigma": 0.5}),
        ("felzenszwalb", {"segments": 20}),
        ("felzenszwalb", {"kernel_size": 3}),
        ("quickshift", {"segments": 20}),
        ("quickshift", {"sigma": 2.0}),
        ("quickshift", {"min_size": 3}),
    ],
)
def test_a_setting_that_is_not_read_is_refused(kind, segmentation, unread):
    (name,) = unread
    with pytest.raises(ValidationError) as error:
        kind(segmentation=segmentation, **unread)
    (problem,) = error.value.errors()
    assert problem["loc"] == (name,)
    assert f"must be left out with segmentation '{segmentation}'" in problem["msg"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_or_left_alone_is_fine(kind):
    assert kind(segments=7, compactness=3, iterations=2, sigma=0).segments == 7
    assert kind(segmentation="grid", segments=7).segments == 7
    assert kind(segmentation="felzenszwalb", sigma=0.1, scale=2, min_size=3).scale == 2
    assert kind(segmentation="quickshift", kernel_size=3, max_dist=6, ratio=0.5).ratio == 0.5
    # the defaults, spelled out, are no other settings, so that maps keep their digest
    assert kind(segmentation="grid", compactness=20, sigma=1).model_dump() == kind(segmentation="grid").model_dump()


def test_the_message_says_who_reads_it():
    with pytest.raises(ValidationError, match=r"does not read it \(felzenszwalb does\)"):
        SegmentSettings(scale=3)
    with pytest.raises(ValidationError, match=r"does not read it \(slic and grid do\)"):
        SegmentSettings(segmentation="quickshift", segments=3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"segmentation": "watershed"},
        {"segments": 0},
        {"segments": 20_001},
        {"compactness": 0},
        {"superpixels": 3},
        {"segmentation": "watershed", "scale": 3.0},
        {"compactness": float("nan")},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError) as error:
        SegmentSettings(**wrong)
    assert error.value.error_count() == 1  # nothing is said of settings where the algorithm is not known


def test_every_setting_belongs_to_an_algorithm():
    read = [
        settings_read(SegmentSettings(segmentation=name)) for name in ("slic", "grid", "felzenszwalb", "quickshift")
    ]
    assert {name for names in read for name in names} | {"segmentation", "segment_input"} == set(
        SegmentSettings.model_fields
    )


def test_evidence_gets_its_settings_back():
    spec = make_spec("example", example, Example, "none")
    found = spec.evidence_settings(spec.settings(segmentation="grid", segments=9, samples=4))
    assert found == ExampleSettings(segmentation="grid", segments=9, samples=4)
    assert hash(found) == hash(ExampleSettings(segmentation="grid", segments=9, samples=4))
    with pytest.raises(ValidationError):
        ExampleSettings(segment=9)
