"""``crosslight scenes``: pictures of the embedded world as files, and the classifiers trained on them.

With ``--json``, ``scenes make`` prints ``out`` (the folder), ``source`` (what a study names as its images), ``count``,
``split``, ``variant``, ``format``, ``seed``, ``size`` and ``classes``.

``scenes train`` prints ``out`` (the folder), ``trained`` and ``there`` (lists of ``name``, ``file`` and ``accuracy`` on
test pictures after the last epoch) and ``failed`` (reasons by name).

``scenes accuracy`` prints ``weights`` (the folder), ``count``, ``missing`` (names whose weights are not there) and
``classifiers``, a list of ``name``, ``construction``, ``kind``, ``trained_on``, ``seed``, ``parameters``, ``accuracy``
(by variant: ``value``, ``low``, ``high``, ``of``) and ``drop`` (null where no cause was planted).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import count as in_words
from .console import only_results_on_stdout, print_json, say
from .options import Device, Json
from .progress import listener

if TYPE_CHECKING:
    from ..scenes.classifiers import Entry

FAILED = 1

scenes = typer.Typer(
    help="The embedded world, whose truth is known, and its classifiers. Its commands take --json.",
    no_args_is_help=True,
)

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Classifiers, such as resnet; all if none is named.")
]


@scenes.command("make")
def make(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A folder that is empty or not there yet.")],
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="How many pictures.")],
    split: Annotated[str, typer.Option("--split", help="train, val or test.")] = "train",
    variant: Annotated[
        str,
        typer.Option("--variant", help="clean, background, background-shifted, watermark, watermark-shifted or patch."),
    ] = "clean",
    format: Annotated[str, typer.Option("--format", help="folder, broden or parquet.")] = "folder",
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Another seed is another world.")] = 0,
    size: Annotated[int, typer.Option("--size", metavar="PIXELS", help="Height and width.")] = 96,
    json: Json = False,
) -> None:
    """Write pictures with their masks, captions and facts."""
    with only_results_on_stdout():
        from ..scenes import CLASSES
        from ..scenes.export import export_scenes

        source = export_scenes(
            out,
            count,
            format=format,
            split=split,
            seed=seed,
            variant=variant,
            size=size,
            progress=listener("pictures"),
        )
    if json:
        print_json(
            {
                "out": str(out),
                "source": str(source),
                "count": count,
                "split": split,
                "variant": variant,
                "format": format,
                "seed": seed,
                "size": size,
                "classes": CLASSES,
            }
        )
    else:
        say(f"{in_words(count, 'picture')} in {out}; a study reads {source}")


@scenes.command("train")
def train(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for weights and how they were learnt.")],
    names: Names = None,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Train so many at once.")] = 1,
    device: Device = "auto",
    pictures: Annotated[
        Path | None, typer.Option("--pictures", metavar="DIR", help="Where training pictures are kept: OUT/pictures.")
    ] = None,
    json: Json = False,
) -> None:
    """Train classifiers of scenes again; those that are there by the same recipe are left alone."""
    with only_results_on_stdout():
        from ..scenes.classifiers import train_all

        done = train_all(
            names or (),
            out,
            pictures=pictures,
            jobs=jobs,
            device=device or "auto",
            progress=listener("steps"),
            drawing=listener("pictures"),
        )
        trained = [_described(entry, out) for entry in done.trained]
        there = [_described(entry, out) for entry in done.there]
    if json:
        print_json({"out": str(out), "trained": trained, "there": there, "failed": done.failed})
    else:
        for one in trained:
            print(f"scenes/{one['name']}: {one['accuracy']:.1%} of test pictures right; {one['file']}")
        if there:
            say(f"{in_words(len(there), 'classifier')} there already")
    for name, why in done.failed.items():
        say(f"scenes/{name} failed: {why}")
    if done.failed:
        raise typer.Exit(FAILED)


def _described(entry: Entry, out: Path) -> dict[str, Any]:
    """A trained classifier, its file, and its accuracy after the last epoch."""
    from ..scenes.classifiers import read_learning, weights_file

    accuracy = float(read_learning(entry, out).accuracy[-1])
    return {"name": entry.name, "file": str(weights_file(entry, out)), "accuracy": accuracy}


@scenes.command("accuracy")
def accuracy(
    names: Names = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", metavar="DIR", help="Where their weights are: with the package.")
    ] = None,
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="Test pictures of each variant.")] = 2000,
    device: Device = "auto",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the tables as .md, or as .rst or .inc.")
    ] = None,
    json: Json = False,
) -> None:
    """Measure how often classifiers of scenes are right, and what they lose without a planted cause."""
    with only_results_on_stdout():
        from ..scenes.classifiers import WEIGHTS, choose
        from ..scenes.classifiers.accuracy import as_json, measure
        from ..scenes.classifiers.tables import as_markdown, renderer, write_tables

        if out is not None:
            renderer(out)  # a wrong suffix is told before anything is measured
        folder = weights or WEIGHTS
        rows = measure(names or (), folder, count=count, device=device or "auto", progress=listener("pictures"))
        if out is not None:
            write_tables(out, rows)
    measured = {row.entry.name for row in rows}
    missing = [] if names else [entry.name for entry in choose() if entry.name not in measured]
    if json:
        result = {"weights": str(folder), "count": count, "classifiers": as_json(rows), "missing": missing}
        print_json(result)
    else:
        print(as_markdown(rows), end="")
        if missing:
            say(f"not trained yet: {', '.join(missing)}")
