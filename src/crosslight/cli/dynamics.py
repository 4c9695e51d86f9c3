"""``crosslight dynamics``: how a classifier learned, as a page.

With ``--json``: ``runs`` (list of ``label``, ``path``, ``images``, ``epochs``, ``classes``, ``accuracy`` at the last
epoch or null, ``findings`` (list of ``kind``, ``head``, ``text``, ``warns``, ``images``, ``classes``, ``epochs``) and
``remarks``), ``page`` (path, or null where none was asked for) and ``files`` (other files that were written).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import InputError
from .console import only_results_on_stdout, print_json, print_table, say
from .options import Json
from .progress import listener

if TYPE_CHECKING:
    from ..dynamics import History

#: what a name of an embedded classifier begins with
_SCENES = "scenes/"
_PAGE, _FILE = "page", "page.html"


def dynamics(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN...",
            help="Folder of a recorded run, or an embedded classifier such as scenes/vit.",
            show_default=False,
        ),
    ] = None,
    single: Annotated[
        bool, typer.Option("--single-file", help="Write one HTML file with everything in it, to be sent to others.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="PATH", help="Folder of the page, or with --single-file the file."),
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="Follow the runs while they are trained; the open page shows every new epoch."),
    ] = False,
    every: Annotated[
        float, typer.Option("--every", metavar="S", min=0.1, help="Of --live: seconds between looks.")
    ] = 1.0,
    patience: Annotated[
        float | None, typer.Option("--patience", metavar="S", min=0, help="Of --live: end after so long without news.")
    ] = None,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = False,
    pictures: Annotated[
        int | None,
        typer.Option("--pictures", metavar="N", min=0, help="Small pictures, at most: 10000, in one file 1000."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the measures of every image as a table.")
    ] = None,
    instanceflow: Annotated[
        Path | None, typer.Option("--instanceflow", metavar="FILE", help="Write the run in InstanceFlow's format.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="FILE", help="Draw the run for a paper: FILE.png, .svg or .pdf.")
    ] = None,
    imported: Annotated[
        list[Path] | None, typer.Option("--import", metavar="JSON", help="A run in InstanceFlow's format. Repeatable.")
    ] = None,
    page: Annotated[bool, typer.Option("--page/--no-page", help="Whether to write the page.")] = True,
    json: Json = False,
) -> None:
    """Show how a classifier learned: every image's prediction at every epoch.

    Several runs stand side by side, one of them at a time. Writes RUN/page/index.html, or with --single-file
    RUN/page.html; both open without a server. Says what was found, too.
    """
    names, files = list(runs or []), list(imported or [])
    if not names and not files:
        raise InputError("name the folder of a recorded run, or an embedded classifier such as scenes/vit")
    if live and (single or files or any(name.startswith(_SCENES) for name in names)):
        raise InputError("--live follows folders in which runs are recorded, into a page in a folder")
    if (csv or instanceflow or figure) and len(names) + len(files) > 1:
        raise InputError("--csv, --instanceflow and --figure write one run: name one")
    with only_results_on_stdout():
        if live:
            result = _follow(names, to, every, patience, pictures, show)
        else:
            opened = _opened(names, files)
            written = _tables(*opened[0], csv, instanceflow, figure)
            where = _write(opened, names, to, single, pictures) if page else None
            if where is not None and show:
                _open(where)
            result = _result(opened, [*names, *map(str, files)], where, written)
    if json:
        print_json(result)
    else:
        _print(result)


def _opened(names: Sequence[str], files: Sequence[Path]) -> list[tuple[str, History]]:
    from ..dynamics import open_history, read_instanceflow, scenes_history
    from ..report.learning.runs import label_of

    found = []
    for name in names:
        if name.startswith(_SCENES):
            history, otherwise = scenes_history(name), name
        else:
            history, otherwise = open_history(name), Path(name).resolve().name
        found.append((label_of(history, otherwise), history))
    found += [(path.stem, read_instanceflow(path)) for path in files]
    return found


def _tables(
    label: str, history: History, csv: Path | None, instanceflow: Path | None, figure: Path | None
) -> list[str]:
    from ..dynamics import write_instanceflow, write_table

    if csv is not None:
        write_table(history, csv)
    if instanceflow is not None:
        write_instanceflow(history, instanceflow)
    if figure is not None:
        from ..report.figures.learning import learning_figure
        from ..report.figures.saving import save_figure

        save_figure(learning_figure(history, title=f"How {label} learned"), figure)
    return [str(path) for path in (csv, instanceflow, figure) if path is not None]


def _folder(names: Sequence[str]) -> Path:
    """Where the page of some runs goes: into the first that is a folder."""
    own = next((Path(name) for name in names if not name.startswith(_SCENES)), None)
    return own if own is not None else Path()


def _write(
    runs: Sequence[tuple[str, History]], names: Sequence[str], to: Path | None, single: bool, pictures: int | None
) -> Path:
    import tempfile

    from ..report.learning.page import as_single_file, write_learning_page
    from ..report.learning.runs import PICTURES, PICTURES_IN_FILE

    def page(out: Path, most: int) -> Path:
        given = pictures if pictures is not None else most
        return write_learning_page(out, runs, pictures=given, command=_command(names), progress=listener("parts"))

    if not single:
        default = _folder(names) / (_PAGE if names and not names[0].startswith(_SCENES) else "crosslight-learning")
        return page(to or default, PICTURES)
    with tempfile.TemporaryDirectory() as folder:
        return as_single_file(page(Path(folder), PICTURES_IN_FILE), to or _folder(names) / _FILE)


def _command(names: Sequence[str]) -> str:
    return shlex.join(["crosslight", "dynamics", *names]) if names else ""


def _follow(
    names: Sequence[str], to: Path | None, every: float, patience: float | None, pictures: int | None, show: bool
) -> dict[str, Any]:
    """Write the page, and what it follows, until all runs are finished, nothing happens, or a person has enough."""
    from ..report.learning.following import Following
    from ..report.learning.runs import PICTURES

    paths = [Path(name) for name in names]
    following = Following(
        paths, to or paths[0] / _PAGE, pictures=PICTURES if pictures is None else pictures, command=_command(names)
    )
    try:
        for news in following.run(every=every, patience=float("inf") if patience is None else patience):
            say(news)
            if show and following.page is not None:
                _open(following.page)
                show = False
    except KeyboardInterrupt:
        say("no longer followed; the same command goes on")
    finally:
        following.stop()
    if following.page is None:
        raise InputError(f"nothing was recorded in {', '.join(names)}")
    return _result(_opened(names, ()), list(names), following.page, [])


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        say("note: there is no browser to open the page with")


def _result(
    runs: Sequence[tuple[str, History]], paths: Sequence[str], page: Path | None, files: Sequence[str]
) -> dict[str, Any]:
    from ..dynamics import findings
    from ..dynamics.summary import accuracy_by_epoch

    told = []
    for (label, history), path in zip(runs, paths, strict=True):
        right = accuracy_by_epoch(history)
        told.append(
            {
                "label": label,
                "path": path,
                "images": len(history.ids),
                "epochs": history.epochs.tolist(),
                "classes": list(history.classes),
                "accuracy": float(right[-1]) if len(right) else None,
                "findings": [one.to_dict() for one in findings(history)],
                "remarks": list(history.remarks),
            }
        )
    return {"runs": told, "page": None if page is None else str(page), "files": list(files)}


def _print(result: dict[str, Any]) -> None:
    for run in result["runs"]:
        title = f"{run['label']}: {run['images']:,} images, {len(run['epochs'])} epochs, {len(run['classes'])} classes"
        rows = [(one["head"], one["text"]) for one in run["findings"]] + [("Remark", one) for one in run["remarks"]]
        print_table(rows, title=title)
        print()
    for file in result["files"]:
        print(file)
    if result["page"]:
        print(f"page: {result['page']}")
