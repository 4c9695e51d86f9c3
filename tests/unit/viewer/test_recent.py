from __future__ import annotations

from crosslight.viewer.recent import Recent


def test_the_least_recently_used_go_first() -> None:
    table: Recent[str, int] = Recent(10, float)
    assert table.put("a", 4) == []
    assert table.put("b", 4) == []
    assert table.get("a") == 4
    assert table.put("c", 4) == [("b", 4)]
    assert table.keys() == ["a", "c"]
    assert table.get("b") is None


def test_the_newest_stays_however_heavy() -> None:
    table: Recent[str, int] = Recent(10, float)
    table.put("a", 4)
    assert table.put("b", 50) == [("a", 4)]
    assert ("b" in table, len(table)) == (True, 1)


def test_an_entry_put_again_counts_once() -> None:
    table: Recent[str, int] = Recent(10, float)
    for _ in range(5):
        table.put("a", 6)
    assert table.put("b", 4) == []
    assert table.drop(lambda key: key == "a") == 1
    assert table.put("c", 6) == []
    assert table.keys() == ["b", "c"]
