"""An analysis on disk."""

from __future__ import annotations

from pathlib import Path

from ...store import Store
from ..saving import save, write_json
from .whole import Analysis

#: the file with everything but similarities per image, in ``OUT/agreement``
FILE = "analysis.json"


def save_analysis(found: Analysis, store: Store) -> list[Path]:
    """Write every agreement by itself, and all of the analysis in one file, into ``OUT/agreement``.

    Returns:
        The files written, each complete or not there at all.
    """
    agreements = [one for method in found.methods.values() for one in method.agreements.values()]
    agreements += found.across_methods.values()
    files = [file for one in agreements for file in save(one, store.path)]
    return [*files, write_json(found.to_dict(), store.path / "agreement" / FILE)]
