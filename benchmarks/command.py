"""The command: which sections are run, and what is printed of them."""

from __future__ import annotations

import argparse
import json
import platform
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from . import (
    dissection,
    dissection_pass,
    dynamics,
    faithfulness,
    filling,
    masks,
    memory,
    precision,
    sanity,
    shapley,
    similarity,
)
from .cams import GROUPS, cam_rows
from .networks import NAMES, SOURCES, classifier
from .passes import Bench
from .peers import load_peers
from .rows import Row, as_json, attempted, printed
from .sampled import SETTINGS, sampled_row

METHODS = (*GROUPS, *SETTINGS)
COLUMNS = ("evaluations", "pass ms", "ours s", "peer s", "faster", "limit", "difference")


@dataclass(frozen=True)
class Section:
    """A table.

    Attributes:
        title: what its numbers are.
        columns: of every row.
        rows: makes them, one after the other.
        ready: whether it belongs to a run that names no sections.
    """

    title: str
    columns: tuple[str, ...]
    rows: Callable[[argparse.Namespace], Iterator[Row]]
    ready: Callable[[argparse.Namespace], bool] = lambda options: True


def table(options: argparse.Namespace) -> Iterator[Row]:
    """All methods on all networks."""
    if not options.no_peers:
        load_peers()
    for name in options.models:
        bench = Bench(
            classifier(name, options.device),
            rounds=options.rounds,
            peers=not options.no_peers,
            quick=options.quick,
            peer_channels=options.peer_channels,
        )
        _ = bench.classifier.sites
        groups = [group for group in GROUPS if group in options.methods]
        if groups:
            yield from attempted(bench.classifier.label, " ".join(groups), cam_rows(bench, groups))
        for method in SETTINGS:
            if method in options.methods:
                yield from attempted(bench.classifier.label, method, sampled_row(bench, method))


SECTIONS = {
    "table": Section(
        "CPU seconds (on a GPU seconds), medians; faster = peer / ours; limit = ours / (evaluations x the best pass\n"
        "over such inputs), of ablation-cam ours / (one pass + a tail for each channel); difference of maps as a\n"
        "share of the peer's largest value",
        COLUMNS,
        table,
    ),
    "masks": Section(
        "microseconds of an evaluation beside the pass; share = ours / captum's at its best batch size",
        masks.COLUMNS,
        lambda options: masks.mask_rows(
            rounds=max(options.rounds, masks.ROUNDS),
            quick=options.quick,
            device=options.device,
            peers=not options.no_peers,
        ),
    ),
    "memory": Section(
        "peak resident memory of a process",
        memory.COLUMNS,
        lambda options: memory.memory_rows((6, 60), "squeezenet") if options.quick else memory.memory_rows(),
    ),
    "precision": Section(
        "seconds in fp32 and bf16; correlation of the two's maps, median over photographs",
        precision.COLUMNS,
        lambda options: precision.precision_rows(options.rounds, options.quick, options.device, options.bf16_models),
    ),
    "similarity": Section(
        "CPU seconds of cosine, Pearson, RBF, IoU and kappa of all pairs of sets, with floors and 10,000 resamples",
        similarity.COLUMNS,
        lambda options: similarity.similarity_rows(16 if options.quick else options.images, options.quick),
        lambda options: options.quick,
    ),
    "faithfulness": Section(
        "CPU seconds; limit = ours / the passes alone, over the same inputs; faster = Quantus' pixel flipping / ours",
        faithfulness.COLUMNS,
        lambda options: faithfulness.faithfulness_rows(
            max(options.rounds, 1 if options.quick else 5), options.quick, options.device, not options.no_peers
        ),
    ),
    "sanity": Section(
        "CPU seconds of parameter randomisation, every layer on its own; faster = Quantus' / ours",
        sanity.COLUMNS,
        lambda options: sanity.sanity_rows(options.rounds, options.quick, not options.no_peers),
        lambda options: options.quick,
    ),
    "filling": Section(
        "CPU milliseconds of one filling of removed pixels, mean over 10 to 90 % removed; errors are means over the\n"
        "removed pixels, as shares of the picture's range",
        filling.COLUMNS,
        lambda options: filling.filling_rows(1 if options.quick else max(options.rounds, 3), options.quick),
        lambda options: not options.no_peers,
    ),
    "dissection": Section(
        "CPU seconds and MiB of labels of units by words; share, memory = ours / those of images times concepts",
        dissection.COLUMNS,
        lambda options: dissection.dissection_rows(options.quick),
        lambda options: options.quick,
    ),
    "dissection-pass": Section(
        "CPU seconds of dissection by masks; recording, whole = ours / decoding and forward passes alone",
        dissection_pass.COLUMNS,
        lambda options: dissection_pass.pass_rows(options.quick),
        lambda options: options.quick,
    ),
    "dynamics": Section(
        "CPU seconds of recording a training beside those of the evaluation pass (share = ours / pass); of a large\n"
        "history: its size on disk, opening it, measuring it",
        dynamics.COLUMNS,
        lambda options: dynamics.dynamics_rows(1 if options.quick else options.rounds, options.quick),
        lambda options: options.quick,
    ),
    "shapley": Section(
        "squared error of Shapley values relative to the exact ones, at equal evaluations",
        shapley.COLUMNS,
        lambda options: shapley.shapley_rows(options.cache),
        lambda options: any(options.cache.glob("*.npy")),
    ),
}


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description="Compare Crosslight with its peers.")
    made.add_argument("--section", nargs="+", choices=list(SECTIONS), help="by default all that are quick to make")
    made.add_argument("--models", nargs="+", default=list(SOURCES), choices=NAMES, help="networks of the table")
    made.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS, help="rows of the table")
    made.add_argument("--rounds", type=int, default=3, help="rounds of a measurement; one of seconds takes one round")
    made.add_argument("--threads", type=int, default=1)
    made.add_argument("--device", default="cpu", help="cpu or cuda")
    made.add_argument("--no-peers", action="store_true", help="ours and the limit alone")
    made.add_argument("--quick", action="store_true", help="one round of few evaluations: does the benchmark work?")
    made.add_argument(
        "--peer-channels",
        type=int,
        help="channels that grad-cam runs of Score-CAM and Ablation-CAM, to be extrapolated; with --quick 16, else all",
    )
    made.add_argument(
        "--bf16-models", nargs="+", default=list(precision.TARGETS), choices=NAMES, help="networks of the section"
    )
    made.add_argument(
        "--images", type=int, default=1024, help="images of the section similarity, which takes 8 MB of disk for each"
    )
    made.add_argument(
        "--cache",
        type=Path,
        default=shapley.CACHE,
        help="where the section shapley keeps the outcomes of all coalitions",
    )
    made.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return made


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    if options.quick:
        options.rounds, options.peer_channels = 1, options.peer_channels or 16
    torch.set_num_threads(options.threads)
    warnings.filterwarnings("ignore")
    chosen = options.section or [name for name, section in SECTIONS.items() if section.ready(options)]
    where = described(options)
    if options.json:
        found = {name: [as_json(row) for row in SECTIONS[name].rows(options)] for name in chosen}
        print(json.dumps({"where": where, "sections": found}))
        return int(any(row["error"] for rows in found.values() for row in rows))
    print(where)
    rows: list[Row] = []
    for name in chosen:
        section = SECTIONS[name]
        print(f"\n{name}: {section.title}")
        for line in printed(section.columns, remembered(section.rows(options), rows)):
            print(line, flush=True)
    missed = [f"{row.model} {row.method} ({', '.join(row.missed)})" for row in rows if row.missed]
    print(f"\n{sum(bool(row.targets) for row in rows)} rows with targets; missed: {'; '.join(missed) or 'none'}")
    return int(any(row.error for row in rows))


def remembered(rows: Iterator[Row], known: list[Row]) -> Iterator[Row]:
    """The same rows, each put down in a list as it passes."""
    for row in rows:
        known.append(row)
        yield row


def described(options: argparse.Namespace) -> str:
    """What ran where."""
    device = torch.device(options.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{platform.machine()} {_processor()}"
    quick = ", QUICK: not for comparison" if options.quick else ""
    return f"{name.strip()}, torch {torch.__version__}, {options.threads} thread(s), {options.rounds} round(s){quick}"


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
