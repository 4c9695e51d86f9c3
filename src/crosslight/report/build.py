"""The report of a study: one page and a folder of assets that open from the disk."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..agreement.analysis import analyse
from ..core.progress import Progress, Silent
from ..store import Store
from ..store.pictures import Pictures
from .agreement import analyses_of, overview, write_panels
from .assets import copy_bundle, staged_assets
from .class_maps import write_classes
from .contents import Contents, read_contents
from .findings import Finding, findings
from .learning.store import learning_of_store
from .page import page_data, page_text
from .parts import write_part
from .pictures import pictured
from .right import probe_tables, right_of
from .single import single_file
from .small_charts import score_charts
from .tiles import write_maps, write_photographs
from .units import units_of_store
from .words import study_toml
from .writing import replace_file

if TYPE_CHECKING:
    from ..agreement import Agreement
    from ..agreement.analysis import Analysis
    from ..images import ImageSet

#: resamples of the images for each scale of a tree's support, where the report has to analyse the store itself
RESAMPLES = 200


@dataclass(frozen=True)
class Report:
    """A report that was written.

    Attributes:
        page: path of ``index.html``, or of the single file.
        findings: what stands on its first screen.
        maps: number of maps by the name of their status.
    """

    page: Path
    findings: tuple[Finding, ...]
    maps: Mapping[str, int]


def build_report(
    store: Store,
    out: Path | None = None,
    *,
    images: ImageSet | None = None,
    analysis: Analysis | None = None,
    agreements: Mapping[str, Agreement] | None = None,
    single: bool = False,
) -> Path:
    """Write the report of a store; see `write_report`.

    Returns:
        Path of the page.
    """
    return write_report(store, out, images=images, analysis=analysis, agreements=agreements, single=single).page


def write_report(
    store: Store,
    out: Path | None = None,
    *,
    images: ImageSet | None = None,
    analysis: Analysis | None = None,
    agreements: Mapping[str, Agreement] | None = None,
    progress: Progress | None = None,
    single: bool = False,
) -> Report:
    """Write the report of a store.

    The page is put in place last, in one step, so that whoever opens it finds the old report or the new one.

    Args:
        store: complete or in the making.
        out: folder of the report; by default ``report`` within the store. Other files in it stay. Of a single file, its
            path; by default ``report.html`` within the store.
        images: the study's pictures, where they are not to be looked for at their source. Without any picture
            the page still works, and says so.
        analysis: of the agreement in the store. Where neither it nor `agreements` is given, the store is analysed here,
            with few resamples.
        agreements: of the models under each method, by its label, where only matrices, trees, ladders and pairs are
            wanted. They count for methods that are not in `analysis`.
        progress: told of every method whose maps or figures are written.
        single: write one file with everything in it rather than a folder.

    Returns:
        The page, and what it says.
    """
    if single:
        with tempfile.TemporaryDirectory() as folder:
            made = write_report(
                store, Path(folder), images=images, analysis=analysis, agreements=agreements, progress=progress
            )
            page = single_file(made.page, Path(out) if out is not None else store.path / "report.html")
        return replace(made, page=page)
    out = Path(out) if out is not None else store.path / "report"
    pictures = Pictures.of(store) if images is None else Pictures({record.identity: record for record in images})
    with staged_assets(out) as assets:
        contents, parts = _write_assets(store, pictures, assets.folder, (analysis, agreements), progress or Silent())
        text = page_text(contents, assets=assets.place(), **parts)
        replace_file(out / "index.html", text.encode("utf-8", "backslashreplace"))
    counts = contents.counts()
    return Report(out / "index.html", parts["found"], {name.lower(): number for name, number in counts.items()})


def _write_assets(
    store: Store,
    pictures: Pictures,
    folder: Path,
    known: tuple[Analysis | None, Mapping[str, Agreement] | None],
    progress: Progress,
) -> tuple[Contents, Mapping[str, Any]]:
    contents = read_contents(store)
    analysis, agreements = known
    if analysis is None and agreements is None:
        analysis = analyse(store, resamples=RESAMPLES, progress=progress)
    progress.start(2 * len(contents.methods), "report")
    try:
        photographs = write_photographs(contents, pictures, folder)
        write_maps(contents, folder, progress)
        methods = analyses_of(contents, analysis, agreements)
        over, relations = overview(analysis), analysis.relations if analysis is not None else ()
        panels, drawn = write_panels(contents, methods, folder, progress, relations, over)
        classes = write_classes(contents, folder)
        right = right_of(store)
    finally:
        progress.finish()
    mains = {label: one.main for label, one in methods.items()}
    units = units_of_store(store, folder, progress)
    learned = learning_of_store(store, folder, progress)
    found = findings(contents, mains, right, methods, units)
    shown = pictured(contents, methods, right, pictures, photographs, found)
    write_part(folder, "overview", shown.to_dict())
    if right is not None:
        write_part(folder, "right", score_charts(right))
    write_part(folder, "data", page_data(contents, mains, photographs, [*drawn, *(units.parts if units else ())]))
    spec = contents.facts.get("spec")
    text = contents.facts.get("text") or (study_toml(spec) if isinstance(spec, Mapping) else "")
    if text:
        (folder / "study.toml").write_bytes(text.encode("utf-8", "backslashreplace"))
    copy_bundle(folder)
    parts = {
        "photographs": photographs,
        "gone": next(pictures.notes(), ""),
        "found": found,
        "panels": panels,
        "over": over,
        "right": right,
        "probes": probe_tables(store),
        "shown": shown,
        "classes": classes,
        "study_text": text,
        "units": units,
        "learned": learned,
    }
    return contents, parts
