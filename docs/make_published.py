"""Make the table of published numbers beside ours: ``python docs/make_published.py FOLDER``.

FOLDER holds the matrices of the reference thesis (github.com/mstaczek/cnn-vs-transformers-msc-thesis, ``results/``) and
``expected.json``, the numbers that were published about them or follow from them. Without it, the environment variable
CROSSLIGHT_SHARED names the folder above ``reference/thesis``. Every number comes from ``crosslight agree --json``. It
takes about a minute.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from crosslight.cli.app import app

OUT = Path(__file__).resolve().parent / "tables" / "published.inc"
ROUNDING = 5.1e-7  # of numbers that are known to six digits

#: what the page calls the files, relative to the folder
FILES = {
    "GC256": "20240410-gradcam-256/20240410_1129_similarity_matrix_gradcam_cosine.csv",
    "GR256": "20240410-gradcam-256/20240410_1129_similarity_matrix_gradcam_rbf.csv",
    "GC1024": "20240410-gradcam-1024/20240410_1442_similarity_matrix_gradcam_cosine.csv",
    "GR1024": "20240410-gradcam-1024/20240410_1442_similarity_matrix_gradcam_rbf.csv",
    "KC64": "20240410-kernelshap-64/20240410_1425_similarity_matrix_kernelshap_cosine.csv",
    "KR64": "20240410-kernelshap-64/20240410_1425_similarity_matrix_kernelshap_rbf.csv",
    "SC256": "20240417-gradcam-256-only-same-prediction/20240417_1037_similarity_matrix_gradcam_cosine.csv",
    "SCM": "20240417-gradcam-256-only-same-prediction/20240417_1037_similarity_matrix_gradcam_cosine_only_matching.csv",
    "SR256": "20240417-gradcam-256-only-same-prediction/20240417_1037_similarity_matrix_gradcam_rbf.csv",
    "SRM": "20240417-gradcam-256-only-same-prediction/20240417_1037_similarity_matrix_gradcam_rbf_only_matching.csv",
    "SAME": "20240417-gradcam-256-only-same-prediction/20240417_1037_gradcam_same_predictions_count.csv",
}
#: by the name of a published correlation: which matrix goes with the counts of same predictions
CORRELATED = {"cosine": "SC256", "cosine_only_matching": "SCM", "rbf": "SR256", "rbf_only_matching": "SRM"}

TRANSFORMERS = ("DeiT_S", "DeiT_T", "PyramidViT_V2_B2", "Swin_T", "ViT_B_32")
NETWORKS = (
    *("ConvNeXtV2_Nano", "DenseNet121", "EfficientNet_B3", "EfficientNet_B4", "MobileNetV3"),
    *("ResNet18", "ResNet50", "ResNeXt50", "Res2Net50"),
)
LINEAGES = {
    "DeiT": ("DeiT_S", "DeiT_T"),
    "EfficientNet": ("EfficientNet_B3", "EfficientNet_B4"),
    "ResNet": ("ResNet18", "ResNet50"),
}
FAULTY = "EfficientNet_B4"


@dataclass(frozen=True)
class Entry:
    """One line of the table.

    Attributes:
        number: what it is.
        published: as text.
        ours: as text.
        command: options of ``crosslight agree``.
        covers: how many numbers of ``expected.json`` it stands for.
        agrees: whether both are the same.
    """

    number: str
    published: str
    ours: str
    command: str
    covers: int
    agrees: bool


def agree(folder: Path, command: str, *quick: str) -> dict[str, Any]:
    """What ``crosslight agree`` finds; names of files in capitals stand for `FILES`."""
    arguments = [str(folder / FILES[word]) if word in FILES else word for word in command.split()]
    done = CliRunner().invoke(app, ["agree", *arguments, *quick, "--json"], prog_name="crosslight")
    if done.exit_code:
        raise RuntimeError(f"{command}: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def number(name: str, published: float, ours: float, command: str) -> Entry:
    """A published number beside ours."""
    agrees = abs(published - ours) <= ROUNDING
    return Entry(name, f"{published:.6f}", f"{ours:.6f}", command, 1, agrees)


def entries(folder: Path) -> Iterator[Entry]:
    """Every published number that follows from a matrix, beside ours; each matrix is analysed once."""
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    commands = {name: f"--matrix {name}" for name in FILES}
    commands |= {name: f"--matrix {name} --with SAME" for name in CORRELATED.values()}
    commands["KC64"] += " --radius 0.1 --neighbours 5"
    quick = ("--seeds", "1")  # communities are not among the published numbers
    found = {name: agree(folder, f"{command} --clusters 3", *quick) for name, command in commands.items()}
    for key, name in CORRELATED.items():
        own, figures = found[name]["with"], expected[f"corr/{key}"]
        what = f"Pearson r, same predictions with {key.replace('_', ' ')}"
        for over, published, ours in (
            ("all entries, diagonal included", "pearson_all_196_entries", own["all_entries"]),
            ("pairs above the diagonal", "pearson_upper_triangle_91", own["pairs"]),
        ):
            yield number(f"{what}: {over}", figures[published], ours["pearson"], commands[name])
    for key, value in expected["same_prediction"].items():
        ours = found["SAME"]["matrix"]["off_diagonal"][key]
        yield number(f"share of same predictions: {key} over pairs", value, ours, commands["SAME"])
    for key, figures in expected.items():
        if key.startswith("pca/"):
            name = next(short for short, path in FILES.items() if path == key.removeprefix("pca/"))
            yield from of_matrix(name, figures, found[name], commands[name])
    published = expected["clusters_k3_on_cosine"]
    for name, key in (("GC256", "gradcam-256 and"), ("GC1024", "gradcam-256 and"), ("KC64", "kernelshap-64 (from")):
        wanted = next(groups for title, groups in published.items() if key in title)
        structure = found[name]["structure"]
        for words, part in (
            ("k-means of the rows", structure["k_means_of_rows"]),
            ("Ward linkage of the rows", structure["trees"]["ward of rows"]),
        ):
            agrees = as_sets(wanted) == as_sets(part["clusters"])
            yield Entry(
                f"{name}: three clusters, {words}", written(wanted), written(part["clusters"]),
                f"--matrix {name} --clusters 3", 0, agrees,
            )  # fmt: skip
    noise = found["KC64"]["structure"]["dbscan_of_rows"]
    wanted = ["DenseNet121", "MobileNetV3", "Res2Net50", "ResNeXt50"]
    agrees = sorted(noise["noise"]) == wanted and len(noise["clusters"]) == 1
    ours = ", ".join(sorted(noise["noise"]))
    yield Entry("KC64: noise of DBSCAN", ", ".join(wanted), ours, commands["KC64"], 0, agrees)


def of_matrix(name: str, figures: dict[str, Any], found: dict[str, Any], command: str) -> Iterator[Entry]:
    """The numbers that were published about one matrix."""
    own = found["structure"]["pca"]
    for axis, (share, ours) in enumerate(zip(figures["explained_variance_ratio"], own["explained"], strict=True), 1):
        yield number(f"{name}: variance explained by principal component {axis}", share, ours, command)
    scores = figures["scores_up_to_sign"]
    if set(scores) != set(own["points"]):
        raise RuntimeError(f"{name}: other labels than published")
    worst = 0.0
    for axis in (0, 1):
        differences = [
            max(abs(sign * own["points"][label][axis] - score[axis]) for label, score in scores.items())
            for sign in (1, -1)
        ]
        worst = max(worst, min(differences))
    yield Entry(
        f"{name}: scores on both components, up to sign", f"{2 * len(scores)} numbers",
        f"the same; largest difference {worst:.1e}", command, 2 * len(scores), worst <= ROUNDING,
    )  # fmt: skip
    for key, value in figures["off_diagonal"].items():
        yield number(f"{name}: {key} over pairs", value, found["matrix"]["off_diagonal"][key], command)


def as_sets(clusters: Sequence[Sequence[str]]) -> set[frozenset[str]]:
    """Clusters without any order."""
    return set(map(frozenset, clusters))


def written(clusters: Sequence[Sequence[str]]) -> str:
    """Clusters in words, the largest last and not spelt out."""
    ordered = sorted((sorted(one) for one in clusters), key=lambda one: (len(one), one))
    return "; ".join([*("{" + ", ".join(one) + "}" for one in ordered[:-1]), f"the other {len(ordered[-1])}"])


def write_groups(path: Path) -> Path:
    """The table of families and lineages of the thesis' models."""
    lineage = {label: name for name, labels in LINEAGES.items() for label in labels}
    families = [(label, "convolutional networks") for label in NETWORKS]
    families += [(label, "transformers") for label in TRANSFORMERS]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(
        [("label", "group", "lineage"), *((label, group, lineage.get(label, "")) for label, group in families)]
    )
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


def repaired(folder: Path, path: Path) -> Path:
    """The matrix of 1,024 images with the faulty model's row and column from the corrected one of 256 images."""
    with (folder / FILES["GC1024"]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with (folder / FILES["SC256"]).open(encoding="utf-8", newline="") as file:
        corrected = {row[0]: row for row in csv.reader(file)}
    place = rows[0].index(FAULTY)
    for row in rows[1:]:
        row[place] = corrected[FAULTY][rows[0].index(row[0])]
    rows[place] = corrected[FAULTY]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return path


def sentences(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """The family question on the Grad-CAM matrix of 1,024 images: which matrix, the command, the sentence, and the
    p-values of labels that move by lineage."""
    with tempfile.TemporaryDirectory() as place:
        groups = write_groups(Path(place) / "families.csv")
        fixed = repaired(folder, Path(place) / "REPAIRED")
        for what, command in (
            ("as published", "--matrix GC1024 --groups families.csv"),
            (f"{FAULTY} left out", f"--matrix GC1024 --groups families.csv --drop {FAULTY}"),
            (f"{FAULTY} from SC256, which is corrected", "--matrix REPAIRED --groups families.csv"),
        ):
            called = command.replace("families.csv", str(groups)).replace("REPAIRED", str(fixed))
            family = agree(folder, called, "--seeds", "1", "--clusters", "3")["family"]
            moved = family["blocks"]
            lineage = f"ANOSIM p = {moved['anosim']:.3f}, PERMANOVA p = {moved['permanova']:.3f}"
            lineage += f" ({moved['count']} labelings)"
            yield what, f"``{command}``", family["sentence"], lineage.replace("= 0.", "= .")


def table(title: str, heads: Sequence[str], widths: str, rows: Sequence[Sequence[str]]) -> str:
    """A table in reStructuredText."""
    lines = [f".. list-table:: {title}", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in (heads, *rows):
        lines += [f"   {'*' if not i else ' '} - {cell}" for i, cell in enumerate(row)]
    return "\n".join(lines) + "\n\n"


def main(folder: Path) -> None:
    """Write the page's tables."""
    made = list(entries(folder))
    wrong = [entry for entry in made if not entry.agrees]
    text = ".. Written by ``docs/make_published.py``; do not edit.\n\n"
    text += table(
        "Names of the files below",
        ("Name", "File"),
        "15 85",
        [(f"``{key}``", f"``{path}``") for key, path in FILES.items()],
    )
    text += table(
        "Published numbers and ours",
        ("Number", "Published", "Ours", "``crosslight agree``"),
        "36 20 20 24",
        [(one.number, one.published, one.ours, f"``{one.command}``") for one in made],
    )
    text += table(
        "The family question",
        ("Matrix", "``crosslight agree``", "What it says", "With labels that move by lineage"),
        "14 20 48 18",
        list(sentences(folder)),
    )
    OUT.write_text(text.rstrip() + "\n", encoding="utf-8")
    print(f"{OUT.name}: {sum(one.covers for one in made)} numbers, {len(wrong)} of {len(made)} lines differ")
    for one in wrong:
        print(one)


if __name__ == "__main__":
    shared = os.environ.get("CROSSLIGHT_SHARED")
    if len(sys.argv) < 2 and not shared:
        sys.exit("name the folder with the matrices and expected.json")
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(str(shared)) / "reference" / "thesis")
