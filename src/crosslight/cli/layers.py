"""``crosslight layers``: the places in a classifier where features can be read.

With ``--json``: ``model``, ``family``, ``parameters``, ``input`` (height, width), ``flops``, ``last`` (a name) and
``layers``, a list of ``name``, ``resolution`` (rows, columns), ``channels``, ``depth``, ``kind``, ``coverage`` and
``layout``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import count, only_results_on_stdout, print_json, print_table, say
from .options import Json, Weights, parse_settings

if TYPE_CHECKING:
    from ..models import Classifier

KINDS = {
    "cut": "every path from the image to the logits runs through a cut",
    "token": "token: every path of the patches does, but the class token goes past",
    "partial": "partial: other paths go past",
}


def layers(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Such as timm/resnet18.a1_in1k.")],
    all_: Annotated[bool, typer.Option("--all", help="Partial ones too, and every step within a block.")] = False,
    weights: Weights = None,
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="An option of the constructor. Repeatable.")
    ] = None,
    json: Json = False,
) -> None:
    """List the layers of a classifier whose features can be read, with their depth.

    A method's setting depth, in (0, 1], takes the layer whose share of the network's FLOPs is nearest; 1 is the last.
    """
    with only_results_on_stdout():
        from ..models import load_model

        classifier = load_model(model, weights=weights or "pretrained", options=parse_settings(options or []))
        result = _described(classifier, all_)
    if json:
        print_json(result)
        return
    _print(result)


def _described(classifier: Classifier, every: bool) -> dict[str, Any]:
    sites = classifier.sites
    facts = classifier.facts
    shown = [site for site in sites.sites if every or site.cut or site == sites.last]
    if not every:  # of layers at one depth the last stands for all, as `Sites.at` chooses
        by_depth = {(site.depth, site.resolution): site for site in shown}
        shown = sorted(by_depth.values(), key=lambda site: site.order)
    return {
        "model": classifier.label,
        "family": facts.family if facts is not None else "unknown",
        "parameters": facts.parameters if facts is not None else None,
        "input": list(sites.image),
        "flops": sites.flops,
        "last": sites.last.name,
        "layers": [
            {
                "name": site.name,
                "resolution": list(site.resolution),
                "channels": site.channels,
                "depth": site.depth,
                "kind": site.kind,
                "coverage": site.coverage,
                "layout": site.layout.kind,
            }
            for site in shown
        ],
    }


def _print(result: dict[str, Any]) -> None:
    rows = [
        [
            layer["name"] + (" *" if layer["name"] == result["last"] else ""),
            " x ".join(map(str, layer["resolution"])),
            str(layer["channels"]),
            f"{layer['depth']:.3f}",
            layer["kind"],
        ]
        for layer in result["layers"]
    ]
    parameters = f"{result['parameters'] / 1e6:.1f} M parameters, " if result["parameters"] else ""
    height, width = result["input"]
    title = (
        f"{result['model']}: {result['family']}, {parameters}{result['flops'] / 2e9:.2f} G multiplications "
        f"for {height} x {width} pixels"
    )
    print_table(rows, ["layer", "cells", "channels", "depth", "kind"], title=title, right=[2, 3])
    there = {layer["kind"] for layer in result["layers"]}
    print("\n".join(text for kind, text in KINDS.items() if kind in there))
    say(f"{count(len(rows), 'layer')}; * is the last, which depth = 1 means")
