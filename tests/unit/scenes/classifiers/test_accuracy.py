from __future__ import annotations

import json

import pytest

from crosslight.core.errors import InputError, ModelError
from crosslight.core.share import Share
from crosslight.scenes import VARIANTS, label_of
from crosslight.scenes.classifiers import CLASSIFIERS, accuracy, build
from crosslight.scenes.classifiers.accuracy import TESTS, Accuracy, as_json, measure
from crosslight.scenes.classifiers.files import save
from crosslight.scenes.classifiers.tables import as_markdown, as_rst, write_tables


def test_every_variant_is_tested_and_each_classifier_on_its_own_first():
    assert {variant for tests in TESTS.values() for variant in tests} == set(VARIANTS)
    assert {entry.variant for entry in CLASSIFIERS.values()} == set(TESTS)
    assert all(tests[0] == own for own, tests in TESTS.items())


def test_measuring_a_network_that_always_says_the_same(always, monkeypatch):
    monkeypatch.setattr(accuracy, "load_network", lambda entry, folder: always(len(entry.name) % 10))
    monkeypatch.setattr(accuracy, "_CHUNK", 8)
    rows = measure(["levit-patch", "vit"], count=20)
    assert [row.entry.name for row in rows] == ["vit", "levit-patch"]
    assert rows[0].shares == {
        "clean": Share(2, 20),
        "background-shifted": Share(2, 20),
        "watermark-shifted": Share(2, 20),
    }
    assert rows[1].shares == {"patch": Share(2, 20), "clean": Share(2, 20)}
    assert sum(label_of(index, "test") == 3 for index in range(20)) == 2
    assert rows[0].parameters == 10
    assert (rows[0].drop, rows[1].drop) == (None, 0)
    json.dumps(as_json(rows))


def test_only_what_is_there_is_measured_unless_it_is_named(done, tmp_path):
    entry = CLASSIFIERS["levit"]
    with pytest.raises(ModelError, match="crosslight scenes train"):
        measure(folder=tmp_path, count=1)
    save(entry, build("levit"), done.learning, tmp_path)
    assert [row.entry.name for row in measure(folder=tmp_path, count=1)] == ["levit"]
    with pytest.raises(ModelError, match="crosslight scenes train vit"):
        measure(["vit"], tmp_path, count=1)


@pytest.fixture(scope="module")
def rows() -> list[Accuracy]:
    def row(name, *rights):
        entry = CLASSIFIERS[name]
        shares = {variant: Share(right, 200) for variant, right in zip(TESTS[entry.variant], rights, strict=True)}
        return Accuracy(entry, 123456, shares)

    return [row("vit", 190, 190, 188), row("levit-watermark", 200, 60, 44), row("levit-patch", 150, 100)]


def test_markdown(rows):
    lines = as_markdown(rows).splitlines()
    assert "first 200 test pictures" in lines[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    first, second = cells[:3], cells[3:]
    assert first[0][-3:] == list(TESTS["clean"])
    assert first[2][:4] == ["``scenes/vit``", "ViT (class token)", "transformer", "123,456"]
    low, high = Share(190, 200).interval
    assert first[2][4] == f"95.0 ({100 * low:.1f}–{100 * high:.1f})"
    assert [row[-1] for row in second[2:]] == ["70.0", "25.0"]
    assert second[3][4] == "–"
    assert {len(row) for row in second} == {7}


def test_restructured_text(rows):
    docutils = pytest.importorskip("docutils.core")
    nodes = pytest.importorskip("docutils.nodes")
    tree = docutils.publish_doctree(as_rst(rows), settings_overrides={"report_level": 2, "halt_level": 2})
    tables = list(tree.findall(nodes.table))
    assert [len(list(table.findall(nodes.row))) for table in tables] == [2, 3]
    assert "scenes/levit-patch" in tables[1].astext()


def test_the_suffix_chooses_the_form(rows, tmp_path):
    write_tables(tmp_path / "new" / "a.md", rows)
    write_tables(tmp_path / "a.inc", rows)
    assert (tmp_path / "new" / "a.md").read_text(encoding="utf-8") == as_markdown(rows)
    assert (tmp_path / "a.inc").read_text(encoding="utf-8") == as_rst(rows)
    with pytest.raises(InputError, match=r"\.md"):
        write_tables(tmp_path / "a.html", rows)
