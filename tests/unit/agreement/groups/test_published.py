"""The re-analysis of published matrices of 14 ImageNet models, where these are present."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from crosslight.agreement.groups import anosim, family_question, labelings, leave_one_out, permanova, permdisp

TRANSFORMERS = {"DeiT_S", "DeiT_T", "PyramidViT_V2_B2", "Swin_T", "ViT_B_32"}
FAULTY = "EfficientNet_B4"


def read(folder: Path, name: str):
    found = sorted(folder.glob(f"{name}/*_similarity_matrix_gradcam_cosine.csv"))
    if not found:
        pytest.skip("the published matrices are not here")
    rows = list(csv.reader(found[0].read_text().splitlines()))
    return rows[0][1:], np.array([[float(value) for value in row[1:]] for row in rows[1:]])


@pytest.fixture(scope="module")
def published(shared: Path):
    """Names, families, dissimilarities of 1,024 images as published, and with the faulty model's row put right."""
    folder = shared / "reference" / "thesis"
    names, similarity = read(folder, "20240410-gradcam-1024")
    again, corrected = read(folder, "20240417-gradcam-256-only-same-prediction")
    assert names == again
    repaired, row = similarity.copy(), names.index(FAULTY)
    repaired[row] = repaired[:, row] = corrected[row]
    families = ["transformers" if name in TRANSFORMERS else "convolutional networks" for name in names]
    return names, families, 1 - similarity, 1 - repaired


def test_as_published(published):
    _, families, matrix, _ = published
    found = anosim(matrix, families)
    assert (round(found.statistic, 2), round(found.p, 2), found.count) == (0.23, 0.07, 2002)


def test_with_the_faulty_model_repaired(published):
    _, families, _, matrix = published
    found = anosim(matrix, families)
    assert (round(found.statistic, 2), round(found.p, 4)) == (0.42, 0.0065)
    assert found.p == 13 / 2002
    assert permanova(matrix, families).p == pytest.approx(0.011, abs=0.001)  # 21 of 2,002
    assert round(permdisp(matrix, families).p, 2) == 0.03


def test_without_the_faulty_model(published):
    names, families, matrix, _ = published
    kept = [i for i, name in enumerate(names) if name != FAULTY]
    found = anosim(matrix[np.ix_(kept, kept)], [families[i] for i in kept])
    assert (found.count, round(found.statistic, 2), round(found.p, 4)) == (1287, 0.37, 0.0078)


def test_without_one_lineage(published):
    names, families, _, matrix = published
    lineage = ["DeiT" if "DeiT" in name else None for name in names]
    found = leave_one_out(matrix, families, names=names, lineages=lineage)
    both = found.without[-1]
    assert (both.name, both.tests.anosim, both.tests.count) == ("DeiT_S and DeiT_T", 11 / 220, 220)
    assert both.changes
    assert found.changing[0].name == "DeiT_S and DeiT_T"
    assert labelings(families, blocks=lineage).total == 220


def test_the_sentence(published):
    names, families, _, matrix = published
    lineage = ["DeiT" if "DeiT" in name else None for name in names]
    answer = family_question(matrix, families, names=names, lineages=lineage, simulations=100)
    assert answer.sentence == (
        "Transformers and convolutional networks differ in where they look (ANOSIM R = .42, exact p = .0065 over 2,002 "
        "labelings; PERMANOVA p = .01), but their spread differs too (PERMDISP p = .027; transformers, the smaller "
        "group, is the wider one, which makes both tests reject too easily), and without DeiT_S and DeiT_T p = .05."
    )
