from __future__ import annotations

import numpy as np
import pytest

from crosslight.agreement.artefacts import find_artefacts
from crosslight.core.maps import Maps, Status, judge


def found_in(values, status=None):
    values = np.asarray(values, np.float32)
    n = len(values)
    boxes, targets = np.tile((0.0, 0.0, 8.0, 8.0), (n, 1)), np.zeros((n, 2), np.int32)
    status = judge(values) if status is None else status
    maps = Maps(values, boxes, status, targets, tuple(map(str, range(n))), attributes={"finish": "relu"})
    return {one.kind: one for one in find_artefacts([("a/b", [maps])])}


@pytest.mark.parametrize(
    ("kind", "value"), [("zero", 0), ("constant", 2), ("nonfinite", np.nan), ("nonfinite", np.inf), ("emptied", "less")]
)
@pytest.mark.parametrize(("count", "severity"), [(1, "note"), (3, "warning"), (24, "severe")])
def test_every_map_that_explains_nothing_is_counted(kind, value, count, severity):
    values = np.random.default_rng(0).standard_normal((40, 5, 5))
    values[:count] = -np.abs(values[:count]) if value == "less" else value
    found = found_in(values)
    assert list(found) == [kind]
    assert (found[kind].severity, found[kind].value) == (severity, count / 40)
    assert found[kind].sentence.startswith(f"{count} of 40 maps")
    assert (" is " in found[kind].sentence or " has " in found[kind].sentence) == (count == 1)


def test_images_without_a_map_do_not_count():
    values = np.random.default_rng(0).standard_normal((10, 5, 5))
    status = judge(values)
    values[:4], status[:4] = np.nan, [Status.FAILED, Status.PENDING, Status.NO_TARGET, Status.SKIPPED]
    values[4], status[4] = 0, Status.ZERO
    found = found_in(values, status)
    assert found["zero"].details == {"count": 1, "maps": 6}
    assert list(found) == ["zero"]
