"""Make the picture of the edits' page: a scene, and the same scene drawn without its thing.

python docs/make_edits.py
"""

from __future__ import annotations

from pathlib import Path

from crosslight import open_images
from crosslight.evaluation.edit_study import BlockSeen, compare_edits, plan_edits
from crosslight.report.edit_sheet import SheetRow, edit_sheet, in_words

DOCS = Path(__file__).resolve().parent
MODELS = ("scenes/densenet", "scenes/densenet-background")
SCENE = "test-0028.ppm"


def make_sheet(out: Path) -> Path:
    """A fish in the desert, without the fish."""
    images = open_images("scenes:test:background", limit=40, sample="first")
    images = type(images)(tuple(record for record in images if record.name == SCENE), images.source)
    seen: list[BlockSeen] = []
    compare_edits(list(MODELS), plan_edits(images), "grad-cam", on_block=seen.append)
    (picture,) = seen[0].pictures
    rows = [
        SheetRow(
            row.model,
            in_words(row.said_before, row.asked, row.probability_before),
            ("still " if row.kept else "") + in_words(row.said_after, row.asked, row.probability_after),
            (*seen[0].maps[row.model, "grad-cam"], 0),
        )
        for row in seen[0].rows
    ]
    edit_sheet(picture.before, picture.after, "The fish without the fish, Grad-CAM for fish", rows).save(out)
    return out


if __name__ == "__main__":
    print(make_sheet(DOCS / "pictures" / "edits.png"))
