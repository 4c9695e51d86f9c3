"""``crosslight explain``: overlays of a few photographs for a quick look.

With ``--json``: ``out``, ``explanations`` (list of ``photo``, ``model``, ``method``, ``file``, ``prediction``,
``probability``, ``target``, ``status``, ``diagnostics``, null where not finite) and ``failures`` (list of ``photo``,
``model``, ``stage``, ``reason``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import ImageError, InputError, suggestion
from .console import only_results_on_stdout, print_json, print_table, say
from .options import Device, Json, Precision, Weights, parse_settings

if TYPE_CHECKING:
    from ..study import Explanations


def explain(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO...", help="Picture files.")],
    model: Annotated[
        list[str], typer.Option("--model", "-m", metavar="M", help="Such as timm/resnet18.a1_in1k. Repeatable.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the overlays.")],
    method: Annotated[
        list[str] | None, typer.Option("--method", "-x", metavar="X", help="By default grad-cam. Repeatable.")
    ] = None,
    weights: Weights = None,
    target: Annotated[
        str, typer.Option("--target", metavar="T", help="own, top:K, class:NAME-OR-INDEX or contrast:A:B.")
    ] = "own",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A method's setting: depth=0.5, or grad-cam.depth=0.5."),
    ] = None,
    device: Device = None,
    precision: Precision = None,
    json: Json = False,
) -> None:
    """Explain photographs: overlays for a quick look.

    Writes DIR/<photo>--<model>--<method>.png, and names each prediction.
    """
    with only_results_on_stdout():
        names = list(dict.fromkeys(method or ["grad-cam"]))
        result = _explain(photos, model, names, out, weights, target, settings or [], device or "auto", precision)
    for failure in result["failures"]:
        stage = failure["stage"].removeprefix("method:")
        what = f"failed: {failure['photo']}" if failure["photo"] else f"left out: {stage}"
        say(f"{what} ({failure['model'] or stage}): {failure['reason']}")
    if not result["explanations"]:
        raise InputError("none of the photographs could be explained")
    if json:
        print_json(result)
        return
    seen: dict[tuple[str, str, str], list[str]] = {}
    for entry in result["explanations"]:
        row = [entry["photo"], entry["model"], entry["prediction"], f"{100 * entry['probability']:.1f} %"]
        seen.setdefault((entry["photo"], entry["model"], entry["prediction"]), row)
    print_table(list(seen.values()), ["photo", "model", "prediction", "probability"], right=[3])
    if measured := [
        [entry["photo"], entry["model"], entry["method"], _listed(entry["diagnostics"])]
        for entry in result["explanations"]
        if entry["diagnostics"]
    ]:
        print_table(measured, ["photo", "model", "method", "measured about the map"])
    count = len(result["explanations"])
    print(f"{count} overlay{'' if count == 1 else 's'} in {out}")


def _listed(diagnostics: Mapping[str, float | None]) -> str:
    return ", ".join(
        f"{name} {'unknown' if value is None else format(value, '.3g')}" for name, value in diagnostics.items()
    )


def _explain(
    photos: Sequence[Path],
    models: Sequence[str],
    names: Sequence[str],
    out: Path,
    weights: str | None,
    target: str,
    pairs: Sequence[str],
    device: str,
    precision: str | None,
) -> dict[str, Any]:
    tables = method_tables(names, parse_settings(pairs))
    usable, failures = _decoded(photos)
    if not usable:
        return {"out": str(out), "explanations": [], "failures": failures}
    from ..models import load_model
    from ..study import explain as explain_in_memory

    classifiers = [
        load_model(name, weights=weights or "pretrained", precision=precision) for name in dict.fromkeys(models)
    ]
    found = explain_in_memory(classifiers, list(usable), tables, target=target, device=device)
    for note in found.notes:
        say(f"note: {note}")
    return _written(found, usable, out, failures)


def method_tables(names: Sequence[str], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A table for each method; a setting goes to every method that has it, or to the one it is prefixed with."""
    from ..methods import find_method

    tables = [{"name": name} for name in names]
    specs = {name: find_method(name) for name in names}
    fields = {
        name: {*spec.settings.model_fields, *(["parameters"] if spec.parameters is not None else [])}
        for name, spec in specs.items()
    }
    for key, value in settings.items():
        prefix = next((name for name in names if key.startswith(f"{name}.")), None)
        bare = key.removeprefix(f"{prefix}.") if prefix else key
        chosen = [t for t in tables if bare in fields[t["name"]] and prefix in (None, t["name"])]
        if not chosen:
            known = sorted(set().union(*(fields[name] for name in ([prefix] if prefix else names))))
            raise InputError(f"--set {key}: {' and '.join(names)} have no such setting{suggestion(bare, known)}")
        for table in chosen:
            table[bare] = value
    return tables


def _decoded(photos: Sequence[Path]) -> tuple[list[Path], list[dict[str, str]]]:
    """The photographs that can be read, each once, and why the others cannot."""
    from ..images.decode import decode

    usable: list[Path] = []
    failures = []
    for photo in dict.fromkeys(photos):
        try:
            decode(photo)
        except ImageError as error:
            failures.append({"photo": str(photo), "model": "", "stage": "decode", "reason": str(error)})
        else:
            usable.append(photo)
    return usable, failures


def _written(found: Explanations, photos: Sequence[Path], out: Path, failures: list[dict[str, str]]) -> dict[str, Any]:
    """Write every overlay that there is; photographs stand in the order of the images explained."""
    from ..core.maps import Status
    from ..report.caption import captioned, fit, target_name
    from ..report.overlay import overlay_map
    from ..store import slug

    out.mkdir(parents=True, exist_ok=True)
    stems = distinct([photo.stem for photo in photos])
    models = dict(zip(found.models, distinct([slug(label) for label in found.models]), strict=True))
    methods = dict(zip(found.methods, distinct([slug(label) for label in found.methods]), strict=True))
    names = {record.identity: str(photo) for record, photo in zip(found.images, photos, strict=True)}
    failures = failures + [
        {"photo": names.get(f.image, ""), "model": f.model, "stage": f.stage, "reason": f.reason}
        for f in found.failures
    ]
    written = []
    for (model, method), maps in found.maps.items():
        table = found.predictions[model]
        top, probabilities = table.top1, table.probabilities
        for row, (record, photo) in enumerate(zip(found.images, photos, strict=True)):
            status = Status(int(maps.status[row]))
            if not status.has_map or top[row] < 0:
                if status == Status.NO_TARGET:
                    reason = f"the target {maps.attributes['target']!r} is no class for this photograph"
                    failures.append(
                        {"photo": str(photo), "model": model, "stage": f"method:{method}", "reason": reason}
                    )
                continue
            predicted = table.classes[top[row]]
            probability = float(probabilities[row, top[row]])
            explained = target_name(table.classes, maps.targets[row].tolist())
            notes = [f"{model}  ·  {method}"]
            notes += (
                [f"explained: {explained}"] if maps.targets[row, 0] != top[row] or maps.targets[row, 1] >= 0 else []
            )
            notes += [f"the map is {_ODD[status.name]}"] if status.name in _ODD else []
            picture = fit(overlay_map(record.load(), maps, row))
            file = out / f"{stems[row]}--{models[model]}--{methods[method]}.png"
            captioned(picture, f"{predicted}  {100 * probability:.1f} %", notes).save(file)
            written.append(
                {
                    "photo": str(photo),
                    "model": model,
                    "method": method,
                    "file": str(file),
                    "prediction": predicted,
                    "probability": probability,
                    "target": explained,
                    "status": status.name.lower(),
                    "diagnostics": {
                        name: float(values[row]) if isfinite(values[row]) else None
                        for name, values in maps.diagnostics.items()
                    },
                }
            )
    written.sort(key=lambda entry: [str(photo) for photo in photos].index(entry["photo"]))
    return {"out": str(out), "explanations": written, "failures": failures}


_ODD = {"ZERO": "0 everywhere", "CONSTANT": "the same everywhere", "NONFINITE": "not finite"}


def distinct(names: Sequence[str]) -> list[str]:
    """Names with a number behind those that came before."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return unique
