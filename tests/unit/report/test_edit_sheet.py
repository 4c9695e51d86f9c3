from __future__ import annotations

import numpy as np

from crosslight.core.maps import Maps, judge
from crosslight.report.edit_sheet import GAP, TILE, SheetRow, edit_sheet, in_words


def maps_of(peak):
    values = np.zeros((2, 4, 4), np.float32)
    values[1, 1, 1] = peak
    boxes = np.tile([0.0, 0, 40, 20], (2, 1))
    return Maps(values, boxes, judge(values), np.zeros((2, 2), np.int32), ("a", "b"), attributes={"finish": "relu"})


def tile(sheet, column):
    left = GAP + column * (TILE + GAP)
    return np.asarray(sheet)[:, left : left + TILE].astype(int)


def test_both_maps_share_one_scale():
    grey = np.full((20, 40, 3), 128, np.uint8)
    after = np.full((20, 40, 3), 30, np.uint8)
    rows = [SheetRow("Net", "fish", "tree", (maps_of(4.0), maps_of(0.4), 1)), SheetRow("Other", "a", "b", None)]
    sheet = edit_sheet(grey, after, "title", rows)
    assert sheet.width == 4 * TILE + 5 * GAP
    middle = [tile(sheet, column)[60 : 60 + 70] for column in range(4)]
    assert (middle[0][30] == 128).all()
    assert (middle[2][30] == 30).all()

    def colour(part):
        return (part.max(axis=2) - part.min(axis=2)).max()

    assert colour(middle[1]) > 2 * colour(middle[3]) > 0


def test_maps_that_cannot_be_used_leave_the_picture():
    grey = np.full((20, 40, 3), 128, np.uint8)
    sheet = edit_sheet(grey, grey, "title", [SheetRow("Net", "fish", "tree", (maps_of(1.0), maps_of(1.0), 0))])
    np.testing.assert_array_equal(tile(sheet, 1)[70], tile(sheet, 0)[70])


def test_what_is_said():
    assert in_words("fish", "fish", 0.5) == "fish  50.0 %"
    assert in_words("tree", "fish", 0.123) == "tree  (fish 12.3 %)"
