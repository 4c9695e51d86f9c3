"""``crosslight train``: a classifier trained or fine-tuned, with its history recorded.

With ``--json``: ``out``, ``model``, ``classes``, ``epochs`` (how many there were), ``best`` (number of the epoch whose
weights are the best, from 0), ``metrics`` (of each epoch: ``epoch``, ``train/loss``, ``train/accuracy``,
``validation/loss``, ``validation/accuracy``, ``seconds``), ``test`` (``best`` and ``last``, each with ``accuracy`` and
``loss``; empty without test pictures), ``parameters``, ``skipped`` (pictures not used: ``part``, ``name``, ``reason``),
``remarks``, ``files`` (names within ``out``) and ``seconds``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import count, only_results_on_stdout, print_json, print_table, say
from .options import Device, Json, parse_settings

if TYPE_CHECKING:
    from ..dynamics.training import Trained

#: rows of the table that is printed; of longer trainings the first, the last and those between at equal steps
ROWS = 12


def train(
    model: Annotated[str, typer.Option("--model", "-m", metavar="M", help="Such as timm/resnet18.a1_in1k.")],
    images: Annotated[
        str, typer.Option("--images", "-i", metavar="SRC", help="Training pictures: folder, Parquet, list, ...")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for weights, history and study.")],
    validation: Annotated[
        str | None,
        typer.Option("--validation", metavar="SRC", help="Pictures, or the share of the training pictures held out."),
    ] = None,
    test: Annotated[
        str | None, typer.Option("--test", metavar="SRC", help="Pictures looked at once, when all is done.")
    ] = None,
    weights: Annotated[
        str, typer.Option("--weights", metavar="W", help="pretrained or a file to fine-tune; none for from scratch.")
    ] = "pretrained",
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", help="30 from scratch, 2 in fine-tuning.")
    ] = None,
    freeze_epochs: Annotated[
        int | None, typer.Option("--freeze-epochs", metavar="N", help="The first N train the head alone.")
    ] = None,
    batch: Annotated[int | None, typer.Option("--batch", metavar="N", help="Pictures per step: 64.")] = None,
    lr: Annotated[
        float | None, typer.Option("--lr", metavar="R", help="Largest learning rate of the head: 0.001.")
    ] = None,
    spread: Annotated[
        float | None,
        typer.Option("--spread", metavar="X", help="How many times smaller the first layers' rate is: 1, or 100."),
    ] = None,
    optimizer: Annotated[str | None, typer.Option("--optimizer", metavar="O", help="adamw or sgd.")] = None,
    schedule: Annotated[
        str | None, typer.Option("--schedule", metavar="S", help="one-cycle, cosine or constant.")
    ] = None,
    warmup: Annotated[
        float | None, typer.Option("--warmup", metavar="S", help="Share of the steps in which the rate rises: 0.25.")
    ] = None,
    weight_decay: Annotated[float | None, typer.Option("--weight-decay", metavar="W", help="0.05.")] = None,
    smoothing: Annotated[float | None, typer.Option("--smoothing", metavar="S", help="Of labels: 0.1.")] = None,
    mixup: Annotated[float | None, typer.Option("--mixup", metavar="A", help="Blend pictures: beta(A, A).")] = None,
    augment: Annotated[str | None, typer.Option("--augment", metavar="A", help="none, light or strong.")] = None,
    clip: Annotated[
        float | None, typer.Option("--clip", metavar="N", help="Largest norm of the gradient: 1; 0: any.")
    ] = None,
    select: Annotated[
        str | None, typer.Option("--select", metavar="S", help="The best epoch by accuracy or loss, or the last.")
    ] = None,
    patience: Annotated[
        int | None, typer.Option("--patience", metavar="N", help="Stop after N epochs without a better one.")
    ] = None,
    size: Annotated[
        int | None, typer.Option("--size", metavar="PIXELS", help="Height and width of the input: the model's own.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="An option of the constructor. Repeatable.")
    ] = None,
    preprocess: Annotated[
        list[str] | None,
        typer.Option("--preprocess", metavar="KEY=VALUE", help="Such as mean=[0.5, 0.5, 0.5]. Repeatable."),
    ] = None,
    classes: Annotated[
        Path | None, typer.Option("--classes", metavar="FILE", help="Class names in the order of the outputs.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="N training pictures, of all classes alike.")
    ] = None,
    label: Annotated[str | None, typer.Option("--label", metavar="L", help="How reports call the classifier.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Of everything random: 0.")] = None,
    precision: Annotated[
        str | None, typer.Option("--precision", metavar="P", help="fp32, bf16 or, on a GPU, 16 (mixed).")
    ] = None,
    no_record: Annotated[bool, typer.Option("--no-record", help="Record no history.")] = False,
    device: Device = None,
    json: Json = False,
) -> None:
    """Train a classifier from scratch or fine-tune it, and record how it learned.

    Fine-tuning takes one epoch with the backbone frozen and one with rates that are lower for early layers, unless
    asked otherwise. The same command again goes on where an earlier one stopped. Needs the extra "train".
    """
    recipe: dict[str, Any] = {
        "epochs": epochs,
        "freeze_epochs": freeze_epochs,
        "batch": batch,
        "lr": lr,
        "spread": spread,
        "optimizer": optimizer,
        "schedule": schedule,
        "warmup": warmup,
        "weight_decay": weight_decay,
        "smoothing": smoothing,
        "mixup": mixup,
        "augment": augment,
        "clip": clip,
        "select": select,
        "patience": patience,
        "seed": seed,
        "precision": precision,
    }
    with only_results_on_stdout():
        from ..dynamics.training import train as run
        from .progress import listener

        done = run(
            model,
            images,
            out,
            validation=_share_or_source(validation),
            test=test,
            weights=weights,
            options=parse_settings(settings or []),
            preprocess=parse_settings(preprocess or []),
            size=size,
            classes=classes,
            limit=limit,
            label=label,
            device=device or "auto",
            record=not no_record,
            progress=listener("steps"),
            decoding=listener("pictures"),
            **recipe,
        )
    if json:
        print_json(done.to_dict())
    else:
        _print(done)


def _share_or_source(text: str | None) -> str | float | None:
    if text is None or Path(text).exists():
        return text
    try:
        return float(text)
    except ValueError:
        return text


def _print(done: Trained) -> None:
    rows = list(done.metrics)
    if len(rows) > ROWS:
        kept = {round(i * (len(rows) - 1) / (ROWS - 1)) for i in range(ROWS)} | {done.best}
        rows = [row for i, row in enumerate(rows) if i in kept]
    keys = ("train/loss", "validation/loss", "train/accuracy", "validation/accuracy")
    heads = ["epoch", *keys, "seconds", ""]
    cells = [
        [
            f"{row['epoch'] + 1:.0f}",
            *(f"{row[key]:.3f}" for key in keys),
            f"{row['seconds']:.0f}",
            "best" if row["epoch"] == done.best else "",
        ]
        for row in rows
    ]
    title = f"{done.model}: {count(done.epochs, 'epoch')}, {len(done.classes)} classes"
    print_table(cells, heads, title=title, right=range(6))
    for name, judged in done.test.items():
        print(f"test accuracy of {name}.safetensors: {judged['accuracy']:.3f}")
    for remark in done.remarks:
        say(f"note: {remark}")
    print(f"how it learned: crosslight dynamics {done.out}")
    print(f"what it looks at: crosslight run {Path(done.out) / 'study.toml'} --out OUT")
