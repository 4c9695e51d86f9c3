"""``crosslight edit``: a region of pictures removed, covered, blurred or put elsewhere, and what classifiers say then.

With ``--json``: ``out``, ``files``, ``does`` (the edit in words), ``models``, ``methods``, ``images`` (their number),
``classes``, ``settings``, ``sentences``, ``summary`` and ``by_class`` (lists of ``model``, ``class``, ``images``,
``said``, ``kept``, ``kept_share``, ``kept_low``, ``kept_high``, ``others``, ``others_said`` and ``means``: ``mean``,
``low`` and ``high`` by name), ``floors`` (list of ``model``, ``method``, ``cosine``), ``skipped`` (number of images by
reason) and ``failures`` (list of ``image``, ``model``, ``stage``, ``reason``). ``DIR/edits.json`` has ``rows``, too:
one for each picture and classifier. Several edits, or one with its control, each have a folder in DIR, and with
``--json`` are a list under ``edits``.
"""

from __future__ import annotations

import json as to_text
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import InputError, UnknownNameError
from .console import count, only_results_on_stdout, print_json, print_table, say
from .options import Device, Json, Precision, Weights, parse_settings

if TYPE_CHECKING:
    from ..evaluation.edit_result import EditResult
    from ..evaluation.edit_study import BlockSeen
    from ..images import ImageSet
    from ..models import Classifier


def edit(
    images: Annotated[
        str, typer.Argument(metavar="IMAGES", help="Folder, list, scenes or scenes:SPLIT:VARIANT; or a study's OUT.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for edited pictures and tables.")],
    how: Annotated[
        list[str] | None,
        typer.Option(
            "--how",
            metavar="H",
            help="inpaint (default), harmonic, mask, blur or background. Repeatable, each in DIR/H.",
        ),
    ] = None,
    region: Annotated[
        str,
        typer.Option("--region", metavar="R", help="object, evidence, background, or classes of a legend: car,truck."),
    ] = "object",
    masks: Annotated[
        str | None,
        typer.Option(
            "--masks", metavar="M", help="Folder of PNG masks or label maps, CSV of boxes, COCO or VOC; not for scenes."
        ),
    ] = None,
    legend: Annotated[
        str | None, typer.Option("--legend", metavar="FILE", help="Of label maps: CSV, or voc. labels.csv is found.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", metavar="M", help="A name, a pattern (scenes/*) or STUDY.toml. Repeatable."),
    ] = None,
    method: Annotated[
        list[str] | None, typer.Option("--method", "-x", metavar="X", help="grad-cam by default. Repeatable.")
    ] = None,
    no_maps: Annotated[bool, typer.Option("--no-maps", help="Predictions alone.")] = False,
    weights: Weights = None,
    target: Annotated[
        str, typer.Option("--target", metavar="T", help="Class that is followed: label, own or class:NAME.")
    ] = "auto",
    only: Annotated[str | None, typer.Option("--only", metavar="LABEL", help="Only images with this label.")] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="The first N with the region.")
    ] = None,
    least: Annotated[
        float, typer.Option("--least", metavar="Q", help="Leave out regions that cover less of the picture (0 to 1).")
    ] = 0.0,
    margin: Annotated[int, typer.Option("--margin", metavar="PIXELS", min=0, help="Grow the region on all sides.")] = 0,
    by_mask: Annotated[
        bool, typer.Option("--by-mask", help="Edit scenes by their masks, too, rather than draw them anew.")
    ] = False,
    control: Annotated[
        bool, typer.Option("--control", help="Edit the same shape elsewhere in the pictures, too, in DIR/H-control.")
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Of the edit or a method: colour=grey, grad-cam.depth=0.5."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of everything drawn at random.")] = 0,
    device: Device = None,
    precision: Precision = None,
    no_sheets: Annotated[bool, typer.Option("--no-sheets", help="Write no sheets of pictures with maps.")] = False,
    json: Json = False,
) -> None:
    """Edit a region of pictures, and ask classifiers again.

    Writes DIR/pictures/*.png (edited), DIR/sheets/*.png (before, map, after, map), edits.csv (a line for each picture
    and model), summary.csv and edits.json. The same command again goes on where an earlier one stopped.
    """
    with only_results_on_stdout():
        from ..evaluation.edit_study import compare_edits, plan_edits
        from ..evaluation.edits import EDITS
        from .explain import method_tables
        from .progress import listener

        hows = list(dict.fromkeys(how or ["inpaint"]))
        for one in hows:
            if one not in EDITS:
                raise UnknownNameError("edit", one, EDITS)
        own, rest = _settings({name: EDITS[name].settings for name in hows}, parse_settings(settings or []))
        names = [] if no_maps else list(dict.fromkeys(method or ["grad-cam"]))
        if rest and not names:
            raise InputError(f"--set {next(iter(rest))}: {', '.join(hows)}: no such setting, and no map is made")
        tables = method_tables(names, rest)
        pictures, classifiers = _opened(images, model or [], weights, precision, only, limit, masks)
        planned = {}
        for one, controlled in [
            (one, controlled) for one in hows for controlled in ((False, True) if control else (False,))
        ]:
            edits = plan_edits(
                pictures, masks, one, region=region, legend=legend, settings=own[one], margin=margin, exact=not by_mask,
                least=least, limit=limit, control=controlled, seed=seed,
            )  # fmt: skip
            planned[f"{one}-control" if controlled else one] = edits
        for reason, number in edits.skipped.items():
            say(f"left out: {count(number, 'image')}, {reason}")
        done = {}
        for name, edits in planned.items():
            folder = out if len(planned) == 1 else out / name
            writer = _Written(folder, [record.name for record in edits.images], not no_sheets)
            result = compare_edits(
                classifiers, edits, tables, target=target, device=device or "auto", seed=seed, keep=folder / "blocks",
                progress=listener("maps"), on_block=writer.block,
            )  # fmt: skip
            done[folder] = result, _tables(result, folder)
    for result, _ in done.values():
        for image, label, stage, reason in result.failures:
            say(f"failed: {image or label}: {stage}: {reason}")
    if json:
        found = [{"out": str(folder), **one.to_dict(), "files": files} for folder, (one, files) in done.items()]
        print_json(found[0] if len(found) == 1 else {"out": str(out), "edits": found})
        return
    for folder, (result, _) in done.items():
        _print(result, folder)


def _settings(
    known: Mapping[str, Collection[str]], given: Mapping[str, Any]
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Settings of each edit, and those of methods; a name without a prefix is of every edit that knows it."""
    own: dict[str, dict[str, Any]] = {name: {} for name in known}
    rest = {}
    for key, value in given.items():
        takers = [name for name in known if key.removeprefix(f"{name}.") in known[name]]
        for name in takers:
            own[name][key.removeprefix(f"{name}.")] = value
        if not takers:
            rest[key] = value
    return own, rest


def _opened(
    source: str,
    models: Sequence[str],
    weights: str | None,
    precision: str | None,
    only: str | None,
    limit: int | None,
    masks: str | None,
) -> tuple[ImageSet, list[Classifier]]:
    """The images, and the classifiers: those named, or those of a study's results."""
    from ..images import open_images
    from ..store import Store
    from ..study.again import load_again
    from ..study.named import load_named

    folder = Path(source)
    if (folder / "study.json").is_file() or (folder / "manifest.json").is_file():
        store = Store.open(folder)
        facts = store.manifest.facts.get("images", {})
        if not facts.get("source"):
            raise InputError(f"{folder} does not say where its pictures are: name them and the models instead")
        images = open_images(
            facts["source"], limit=facts.get("limit"), sample=facts.get("sample", "random"),
            seed=store.manifest.seed, profiles=facts.get("profiles", True),
        )  # fmt: skip
        labels = list(models) or list(store.models())
        known = [label for label in labels if label in store.models()]
        classifiers = [load_again(store, label) for label in known]
        classifiers += load_named([one for one in labels if one not in known], weights=weights, precision=precision)
    else:
        if not models:
            raise InputError("name at least one classifier with --model, or the results of a study instead of images")
        # Scenes are drawn to be read: no more of them than are needed. Ten in a row hold each class once.
        few = None if limit is None or not source.startswith("scenes") else limit * (10 if only else 1)
        images = open_images(source, limit=few, sample="first")
        classifiers = load_named(models, weights=weights, precision=precision)
    if only is not None:
        known_labels = [label for label in images.classes if label.casefold() == only.casefold()]
        if not known_labels:
            raise UnknownNameError("label of the images", only, images.classes)
        images = type(images)(tuple(record for record in images if record.label in known_labels), images.source)
    return images, classifiers


class _Written:
    """Writes pictures and sheets of each block as it is done."""

    def __init__(self, out: Path, names: Sequence[str], sheets: bool):
        from .explain import distinct

        self.out, self.sheets = out, sheets
        stems = distinct([Path(name).stem for name in names])
        self.stems = dict(zip(names, stems, strict=True))

    def block(self, seen: BlockSeen) -> None:
        """Write one block."""
        from PIL import Image

        for folder in ("pictures", *(["sheets"] if self.sheets else [])):
            (self.out / folder).mkdir(parents=True, exist_ok=True)
        for at, picture in enumerate(seen.pictures):
            Image.fromarray(picture.after).save(self.out / "pictures" / f"{self.stems[picture.name]}.png")
            if self.sheets:
                self._sheet(seen, at).save(self.out / "sheets" / f"{self.stems[picture.name]}.png")

    def _sheet(self, seen: BlockSeen, at: int) -> Any:
        from ..report.edit_sheet import SheetRow, edit_sheet, in_words

        picture, rows = seen.pictures[at], []
        for row in seen.rows:
            if row.identity != picture.identity:
                continue
            maps = next((pair for (model, _), pair in seen.maps.items() if model == row.model), None)
            said = in_words(row.said_before, row.asked, row.probability_before)
            then = ("still " if row.kept else "") + in_words(row.said_after, row.asked, row.probability_after)
            rows.append(SheetRow(row.model, said, then, None if maps is None else (*maps, at)))
        first = next(iter(seen.maps), ("", ""))[1]
        return edit_sheet(picture.before, picture.after, f"{picture.name}  {picture.how}  {first}".strip(), rows)


def _tables(result: EditResult, out: Path) -> list[str]:
    """``edits.csv``, ``summary.csv`` and ``edits.json``."""
    from ..store.durable import write_files

    text = to_text.dumps(result.to_dict(per_image=True), indent=1, ensure_ascii=False, allow_nan=False)
    files = {
        out / "edits.csv": result.to_csv(),
        out / "summary.csv": result.summary_to_csv(),
        out / "edits.json": text + "\n",
    }
    write_files({path: content.encode("utf-8") for path, content in files.items()}, out)
    return [str(path) for path in files]


def _print(result: EditResult, out: Path) -> None:
    methods = [(method, name) for method in result.methods for name in ("inside_before", "inside_after", "cosine")]
    head = ["model", "said before", "still says", "95 %", "probability", "after", "log odds"]
    rows = []
    for one in result.summaries():
        _, low, high = one.kept_share
        rows.append(
            [one.model, f"{one.said} of {one.images}", str(one.kept), f"{_percent(low)} to {_percent(high)}"]
            + [_percent(one.means[name][0]) for name in ("probability_before", "probability_after")]
            + [_number(one.means["log_odds_change"][0])]
            + [_number(one.means[f"{method}: {name}"][0]) for method, name in methods]
        )
    labels = [f"{method}: {name.replace('_', ' ')}" for method, name in methods]
    print_table(
        rows,
        [*head, *labels],
        title=f"{result.does}: mean over {count(len(result.images), 'picture')}",
        right=range(1, len(head) + len(labels)),
    )
    print()
    for line in result.sentences():
        print(line)
    print(f"{count(len(result.images), 'edited picture')}, edits.csv, summary.csv and edits.json in {out}")


def _percent(value: float) -> str:
    return "–" if value != value else f"{100 * value:.0f} %"


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.2f}"
