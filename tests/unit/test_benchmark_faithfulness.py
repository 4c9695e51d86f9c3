"""The section about removing pixels: that it runs, and that both sides measure the same."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("this is not a checkout: no benchmarks are here", allow_module_level=True)
for package in ("captum", "pytorch_grad_cam", "lime", "quantus"):
    pytest.importorskip(package)


def test_quick_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.faithfulness import faithfulness_rows

    rows = list(faithfulness_rows(1, quick=True, device="cpu", peers=True))
    assert [row.error for row in rows] == [""] * 6
    assert [row.method for row in rows] == ["deletion", "insertion", "pixel-flipping"] * 2
    assert all(row.values["difference"] < 1e-5 for row in rows if row.method == "pixel-flipping")
    assert rows[0].values["evaluations"] == 4 * (7 + 2)
    assert all(row.values["limit"] > 0.5 for row in rows if row.method != "pixel-flipping")
