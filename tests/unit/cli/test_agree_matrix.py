"""``crosslight agree --matrix``: what it prints, what it writes, what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

QUICK = ("--seeds", "1", "--simulations", "10", "--clusters", "2")
NAMES = [f"Net {letter}" for letter in "ABCDEFGHI"]


def text(values, names=NAMES):
    rows = [",".join(["", *names])]
    rows += [",".join([name, *map(str, row)]) for name, row in zip(names, np.asarray(values).tolist(), strict=True)]
    return "\n".join(rows) + "\n"


def similarities(seed, apart):
    places = np.random.default_rng(seed).standard_normal((9, 3))
    places[5:] += apart
    away = np.linalg.norm(places[:, None] - places, axis=2)
    return 1 - away / away.max()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A matrix of two groups, counts for the same models in another order, and what the models are."""
    folder = tmp_path_factory.mktemp("matrices")
    (folder / "a.csv").write_text(text(similarities(0, 6)), encoding="utf-8")
    counts = np.round(100 * similarities(1, 0))[::-1, ::-1]
    (folder / "b.csv").write_text(text(counts, NAMES[::-1]), encoding="utf-8")
    rows = [f"{name},{'CNNs' if i < 5 else 'transformers'},{'kin' if i < 2 else ''}" for i, name in enumerate(NAMES)]
    (folder / "g.csv").write_text("\n".join(["label,group,lineage", *rows]) + "\n", encoding="utf-8")
    return folder


def test_tables_and_the_sentence(call, files):
    options = ("--matrix", files / "a.csv", "--with", files / "b.csv", "--groups", files / "g.csv")
    result = call("agree", *options, *QUICK)
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    assert lines[0] == f"{files / 'a.csv'}: similarity of 9 sets, 36 pairs"
    assert lines[-1].startswith("CNNs and transformers differ in where they look (ANOSIM R = ")
    for words in (
        "Trees and clusters",
        "ward of rows",
        "kmeans",
        "no bootstrap support",
        "DBSCAN of rows",
        "Louvain (1 seed)",
        "principal coordinates",
        "pairs above the diagonal",
        "all entries, diagonal included, as some publications do",
        "exact, 126 labelings, labels move singly",
        "with labels that move by lineage",
        "Net A and Net B",
        "power for shifts",
    ):
        assert words in result.out, words
    assert "b.csv: values were divided by the diagonal's maximum, 100" in result.err


def test_json_is_one_object(call, files):
    options = ("--matrix", files / "a.csv", "--with", files / "b.csv", "--groups", files / "g.csv")
    result = call("agree", *options, *QUICK, "--json")
    assert result.status == 0, result.err
    found = json.loads(result.out)
    assert set(found) == {"matrix", "structure", "with", "family", "seed", "files"}
    assert found["matrix"]["sets"] == NAMES
    assert found["structure"]["clusters"]["average"]["clusters"] == [NAMES[:5], NAMES[5:]]
    assert found["with"]["matrix"]["sets"] == NAMES
    assert (found["with"]["pairs"]["number"], found["with"]["all_entries"]["number"]) == (36, 81)
    assert found["with"]["pairs"]["mantel"]["count"] == 10_000
    assert found["family"]["verdict"] == "differ"
    assert found["family"]["blocks"]["count"] == 35  # of seven models without relatives three are networks
    assert found["files"] == []


def test_a_matrix_alone(call, files):
    result = call("agree", "--matrix", files / "b.csv", *QUICK, "--json")
    assert result.status == 0, result.err
    found = json.loads(result.out)
    assert (found["with"], found["family"]) == (None, None)
    assert (found["matrix"]["kind"], found["matrix"]["scale"]) == ("similarity", 100)
    assert found["matrix"]["off_diagonal"]["max"] < 1


def test_a_set_left_out(call, files):
    options = ("--groups", files / "g.csv", "--drop", "Net I", *QUICK)
    result = call("agree", "--matrix", files / "a.csv", *options)
    assert result.status == 0, result.err
    assert "left out: Net I" in result.out
    assert "exact, 56 labelings" in result.out


def test_by_lineage_and_subject(call, files):
    options = ("--groups", files / "g.csv", "--by-lineage", "--subject", "what they answer", *QUICK)
    result = call("agree", "--matrix", files / "a.csv", *options)
    assert result.status == 0, result.err
    assert "labels move by lineage" in result.out
    assert "what they answer" in result.out.splitlines()[-1]


def test_files(call, files, tmp_path):
    out = tmp_path / "o"
    options = ("--matrix", files / "a.csv", "--groups", files / "g.csv", "--out", out, "--json")
    result = call("agree", *options, *QUICK)
    assert result.status == 0, result.err
    names = {path.name for path in out.iterdir()}
    figures = {f"{name}.{kind}" for name in ("matrix", "dendrogram", "pca", "pcoa") for kind in ("png", "svg")}
    assert names == figures | {"agreement.json", "matrix.csv", "sets.csv", "pairs.csv", "left-out.csv"}
    found = json.loads(result.out)
    assert {path.rsplit("/", 1)[-1] for path in found.pop("files")} == names
    assert json.loads((out / "agreement.json").read_text(encoding="utf-8")) == found
    assert min(Image.open(out / "pca.png").size) > 500
    assert "transformers" in (out / "sets.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "name the folder with a study's results, or a published matrix with --matrix"),
        (("OUT", "--with", "b.csv"), "--with is about a published matrix; name one with --matrix"),
        (("OUT", "--seeds", "9"), "--seeds is about a published matrix"),
        (("OUT", "--matrix", "a.csv"), "OUT is about the results of a study"),
        (("--method", "x", "--matrix", "a.csv"), "--method is about the results of a study"),
        (
            ("--matrix", "a.csv", "--kind", "similar"),
            "unknown kind of matrix 'similar'; did you mean 'dissimilarity' or 'similarity'",
        ),
        (("--matrix", "a.csv", "--clusters", "9"), "2 to 8 clusters, not 9"),
        (("--matrix", "a.csv", "--drop", "NetA"), "did you mean 'Net A'"),
        (("--matrix", "none.csv"), "none.csv: there is no such file"),
        (("--matrix", "a.csv", "--by-lineage"), "column 'lineage'"),
        (("--matrix", "a.csv", "--with", "g.csv", "--groups", "b.csv"), "problems"),
    ],
)
def test_what_is_refused(call, files, monkeypatch, tmp_path, options, message):
    monkeypatch.chdir(files)
    out = ("--out", tmp_path / "o") if "--matrix" in options else ()
    result = call("agree", *options, *out)
    assert (result.status, result.out) == (2, ""), result.err
    assert result.err.startswith("error: ")
    assert message in result.err
    assert not (tmp_path / "o").exists()
