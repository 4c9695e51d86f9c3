"""Published matrices of 14 models: the structure that was published with them, and what it rests on."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from crosslight.agreement.structure import (
    build_tree,
    choose_clusters,
    communities,
    cut,
    dbscan,
    kmeans,
    louvain,
    pca,
    row_distances,
)

TRANSFORMERS = {"DeiT_S", "DeiT_T", "PyramidViT_V2_B2", "Swin_T", "ViT_B_32"}
GRADCAM = "20240410-gradcam-1024/20240410_1442_similarity_matrix_gradcam_cosine.csv"
SHAP = "20240410-kernelshap-64/20240410_1425_similarity_matrix_kernelshap_cosine.csv"
MATCHING = "20240417-gradcam-256-only-same-prediction/20240417_1037_similarity_matrix_gradcam_rbf_only_matching.csv"


@pytest.fixture
def thesis(shared):
    return shared / "reference" / "thesis"


@pytest.fixture
def expected(thesis):
    return json.loads((thesis / "expected.json").read_text(encoding="utf-8"))


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    return head[1:], np.array([[float(value) for value in row[1:]] for row in rows])


def groups(labels, partition):
    return {frozenset(np.array(labels)[partition == k].tolist()) for k in set(partition.tolist())}


def test_principal_components(thesis, expected):
    found = 0
    for name, figures in expected.items():
        if not name.startswith("pca/"):
            continue
        labels, similarity = read(thesis / name.removeprefix("pca/"))
        own = pca(similarity)
        np.testing.assert_allclose(own.explained, figures["explained_variance_ratio"], atol=1e-6)
        published = np.array([figures["scores_up_to_sign"][label] for label in labels])
        signs = np.sign((own.points * published).sum(axis=0))
        np.testing.assert_allclose(own.points * signs, published, atol=2e-6)
        found += 1
    assert found == 8


def test_three_clusters_of_grad_cam(thesis, expected):
    published = set(map(frozenset, expected["clusters_k3_on_cosine"]["20240410-gradcam-256 and 20240410-gradcam-1024"]))
    labels, similarity = read(thesis / GRADCAM)
    assert groups(labels, kmeans(1 - similarity, 3, starts=20).partition) == published
    rows = build_tree(row_distances(similarity), labels, "ward")
    assert groups(rows.labels, cut(rows, 3)) == published
    for method in ("ward", "average"):
        tree = build_tree(np.maximum(1 - similarity, 0), labels, method)
        assert groups(tree.labels, cut(tree, 3)) != published


def test_three_clusters_of_kernel_shap_come_from_few_starts(thesis, expected):
    published = set(
        map(frozenset, expected["clusters_k3_on_cosine"]["20240410-kernelshap-64 (from the data and plots)"])
    )
    labels, similarity = read(thesis / SHAP)
    found = kmeans(1 - similarity, 3, starts=150)
    assert groups(labels, found.partition) == published
    assert 0 < found.share < 0.15  # the best of ten starts finds it 12 times out of 50
    tree = build_tree(row_distances(similarity), labels, "ward")
    assert groups(tree.labels, cut(tree, 3)) == published


def test_noise_of_dbscan(thesis):
    labels, similarity = read(thesis / SHAP)
    found = dbscan(row_distances(1 - similarity), 0.1, 5)
    assert set(np.array(labels)[found == -1]) == {"DenseNet121", "ResNeXt50", "MobileNetV3", "Res2Net50"}
    assert found.max() == 0


def test_a_hand_set_resolution_and_one_seed(thesis):
    """The communities of seed 42 at 1.071 are those of a quarter of the seeds; most seeds give others."""
    _, similarity = read(thesis / MATCHING)
    weights = similarity.copy()
    np.fill_diagonal(weights, 0)
    chosen = louvain(weights, 1.071, [42])[0]
    share = (louvain(weights, 1.071, range(50)) == chosen).all(axis=1).mean()
    assert 0.15 < share < 0.4  # .26 of the first 50 seeds
    here = communities(1 - similarity, resolutions=(1.071,), seeds=60).resolutions[0]
    assert not np.array_equal(here.partition, chosen)
    assert here.stability < 0.8


def test_a_good_tree_without_families(thesis):
    labels, similarity = read(thesis / GRADCAM)
    distances = np.maximum(1 - similarity, 0)
    choice = choose_clusters(distances, "average", groups=[label in TRANSFORMERS for label in labels])
    assert build_tree(distances, labels).cophenetic > 0.9
    assert choice.adjusted_rand < 0.15
    assert "no evidence" in choice.caution
