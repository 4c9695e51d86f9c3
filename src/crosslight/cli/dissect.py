"""``crosslight dissect``: what every unit of a classifier detects, by masks or by words, and how sure that is.

With ``--json``: ``out`` (the folder, or null), ``models``, ``findings`` (sentences), ``comparison`` (``models``,
``shared``, ``exclusive``, ``overlaps``, ``folded``; null where nothing is labelled), ``found`` (with ``--find``, else
null), ``notes``, ``files`` and ``page`` (a path, or null). A model has ``model``, ``folder``, ``images`` (``total``,
``read``), ``failures`` (``image``, ``reason``) and ``layers``: ``layer``, ``depth``, ``score``, ``units``,
``labelled``, ``unique``, ``dead``, ``twins``, ``polysemantic``, ``categories`` (units by category),
``unique_categories``, ``concepts`` (units by concept) and ``reasons`` (units without a label by why that is). What was
found has ``model``, ``layer``, ``unit``, ``concept``, ``category``, ``score``, ``auc``, ``q`` and ``by``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.errors import InputError
from .console import only_results_on_stdout, print_json
from .options import Device, Json, Precision, Weights, parse_settings

#: options that belong to the making of a dissection, and those of arrays in files
MAKING = ("model", "only", "layers", "masks", "legend", "encoder", "pooling", "view", "share", "threshold", "batch",
          "block", "weights", "device", "precision")  # fmt: skip
STORED = ("activations", "image_features", "concept_features")
SHARED = ("images", "limit", "concepts", "form", "settings", "seed")


def dissect(
    context: typer.Context,
    done: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DONE]...",
            help="Folders of finished dissections, and tables with the columns layer, unit and description; "
            "NAME=PATH names one.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", metavar="M", help="Such as scenes/densenet, or STUDY.toml. Repeatable."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="LABEL", help="Of a study file's models. Repeatable.")
    ] = None,
    layers: Annotated[
        list[str] | None,
        typer.Option(
            "--layers", "-l", metavar="L,..", help="Names, depths such as 0.5, or blocks for all; the last by default."
        ),
    ] = None,
    images: Annotated[
        str | None, typer.Option("--images", "-i", metavar="SRC", help="Folder, list, scenes, ... as in a study file.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=2, help="Only so many images.")] = None,
    masks: Annotated[
        str | None,
        typer.Option("--masks", metavar="M", help="Broden's folder, a folder of label maps, COCO (JSON), or scenes."),
    ] = None,
    legend: Annotated[
        str | None, typer.Option("--legend", metavar="FILE", help="Of label maps: CSV, or voc. labels.csv is found.")
    ] = None,
    concepts: Annotated[
        str | None,
        typer.Option("--concepts", metavar="FILE", help="Text in UTF-8 with one concept a line, or scenes."),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option("--encoder", metavar="E", help="Of images and words: scenes, or open_clip/ViT-B-16:openai."),
    ] = None,
    activations: Annotated[
        list[Path] | None,
        typer.Option("--activations", metavar="NPY", help="[images, units]: LAYER.npy, or their folder. Repeatable."),
    ] = None,
    image_features: Annotated[
        Path | None, typer.Option("--image-features", metavar="NPY", help="With --activations: [images, dimensions].")
    ] = None,
    concept_features: Annotated[
        Path | None, typer.Option("--concept-features", metavar="NPY", help="... and [concepts, dimensions].")
    ] = None,
    score: Annotated[
        str | None,
        typer.Option("--score", metavar="S", help="Of words: soft-wpmi by default; of what is DONE also iou."),
    ] = None,
    form: Annotated[
        str, typer.Option("--form", metavar="F", help="Of words: own (each unit by itself), or published.")
    ] = "own",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Of the score of words, such as a=10.")
    ] = None,
    pooling: Annotated[str, typer.Option("--pooling", metavar="P", help="Over cells: mean, max or token.")] = "mean",
    view: Annotated[
        str, typer.Option("--view", metavar="V", help="Of the images: model, as it crops them itself, or whole.")
    ] = "model",
    share: Annotated[
        float, typer.Option("--share", metavar="Q", help="Of all cells, the highest, in which a unit counts as active.")
    ] = 0.005,
    threshold: Annotated[
        float, typer.Option("--threshold", metavar="T", help="Of masks: the IoU of a detector is above it.")
    ] = 0.04,
    compare: Annotated[bool, typer.Option("--compare", help="Compare what is DONE, and write no page.")] = False,
    find: Annotated[str | None, typer.Option("--find", metavar="C", help="Which units detect a concept?")] = None,
    plurals: Annotated[bool, typer.Option("--plurals", help="Count plurals as their singulars.")] = False,
    synonyms: Annotated[
        Path | None, typer.Option("--synonyms", metavar="FILE", help="Words that count as one: sea, ocean on a line.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder for what is found.")] = None,
    page: Annotated[
        bool, typer.Option("--page/--no-page", help="DIR/index.html: units to be searched and looked at.")
    ] = True,
    batch: Annotated[int, typer.Option("--batch", metavar="N", min=1, help="Images at once.")] = 16,
    block: Annotated[int, typer.Option("--block", metavar="N", min=1, help="Images a killed run repeats.")] = 64,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of everything drawn at random.")] = 0,
    weights: Weights = None,
    device: Device = None,
    precision: Precision = None,
    json: Json = False,
) -> None:
    """Find out what the units of classifiers detect, and compare classifiers by that.

    Writes into DIR how every unit answers, its concept and how sure that is, units.csv, and index.html, where units are
    searched by concept; each of several models has a folder in DIR. The same command goes on where an earlier one
    stopped. With DONE, finished dissections and published tables are compared and searched instead.
    """
    with only_results_on_stdout():
        from ..dissection.folding import Fold, read_synonyms
        from .dissect_make import Asked, from_features, make, opened
        from .dissect_tables import result_of, write

        fold = Fold(plurals, read_synonyms(synonyms) if synonyms is not None else {})
        asked = Asked(
            tuple(model or ()), tuple(only or ()), tuple(layers or ()), images, limit, masks, legend, concepts, encoder,
            score, form, parse_settings(settings or []), pooling, view, share, threshold, batch, block, seed,
            weights, device, precision, out, _command(context),
        )  # fmt: skip
        if done:
            _refuse(context, (*MAKING, *STORED, *SHARED), "is for making a dissection, and DONE names finished ones")
            made = opened(done, score or "")
        elif compare:
            raise InputError("name what to compare: folders of finished dissections, or CSV files")
        elif activations or image_features or concept_features:
            _refuse(context, MAKING, "is not for stored features, which --activations names")
            made = from_features(asked, activations or (), image_features, concept_features)
        else:
            made = make(asked)
        result, comparison = result_of(made, fold, find, out)
        write(result, made, comparison, out, page=page and not (done and compare), command=asked.command)
    if json:
        print_json(result)
        return
    from .dissect_tables import print_result

    print_result(result, find)


def _refuse(context: typer.Context, names: Sequence[str], why: str) -> None:
    """Refuse options that belong to another use.

    Raises:
        InputError: one was given.
    """
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source is not None and source.name == "COMMANDLINE":
            raise InputError(f"{parameter.opts[0]} {why}")


def _command(context: typer.Context) -> str:
    """The command as it was written, with the options that were given."""
    import shlex

    words: list[Any] = ["crosslight", "dissect"]
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if source is None or source.name != "COMMANDLINE" or name in ("json", "find"):
            continue
        value = context.params[name]
        if name == "done":
            words += value
        elif isinstance(value, bool):
            words.append(parameter.opts[0] if value else parameter.secondary_opts[0])
        else:
            for one in value if isinstance(value, list | tuple) else [value]:
                words += [parameter.opts[0], one]
    return shlex.join(map(str, words))
