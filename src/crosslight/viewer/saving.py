"""What is seen, as a study: photographs, a study file, and its results with their report."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..report.words import study_toml
from ..store import slug
from .asking import Asked
from .classifiers import Offer
from .engine import Engine
from .jobs import Job
from .refusal import Refused

PHOTOGRAPHS, RESULTS, STUDY = "photographs", "results", "study.toml"
#: of zlib: beyond it a photograph takes several times as long for a few per cent
_COMPRESSION = 2


class Saves:
    """The folder that studies are saved into, and those that this viewer saved.

    Args:
        folder: made when the first study is saved.
    """

    def __init__(self, folder: Path):
        self.folder = folder.expanduser().absolute()
        self._saved: dict[str, Path] = {}

    @property
    def possible(self) -> bool:
        """Whether a study could be saved there."""
        near = next((path for path in (self.folder, *self.folder.parents) if path.exists()), self.folder)
        return near.is_dir() and os.access(near, os.W_OK)

    def reserve(self, name: str) -> Path:
        """Make the folder of a new study; a name that is taken gets a number.

        Args:
            name: as a person wrote it; never used as a path.

        Raises:
            Refused: the folder cannot be made.
        """
        stem = slug(name.strip()) if name.strip() else "study"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for number in range(1, 10_000):
                path = self.folder / (stem if number == 1 else f"{stem}-{number}")
                try:
                    path.mkdir()
                except FileExistsError:
                    continue
                self._saved[path.name] = path
                return path
        except OSError as error:
            raise Refused(
                422, f"the study cannot be saved: {error.strerror}", "start the viewer with --save DIR"
            ) from None
        raise Refused(422, f"there are too many studies called {stem!r}", "choose another name")

    def report_of(self, name: str) -> Path | None:
        """The folder of a saved study's report."""
        path = self._saved.get(name)
        return None if path is None else path / RESULTS / "report"


class _Told:
    """Passes on what a run tells, and stops it where it is no longer wanted."""

    def __init__(self, job: Job, stage: str):
        self._job, self._stage = job, stage
        self._what = ""

    def start(self, total: int, what: str) -> None:
        self._job.start(self._stage, max(1, total))

    def advance(self, units: int, what: str) -> None:
        self._job.checkpoint()
        self._job.now = f"{self._stage}: {what}" if what else self._stage
        self._job.advance(units)

    def message(self, text: str) -> None:
        """Nothing: what failed stands in the report."""

    def finish(self) -> None:
        """Nothing: the next stage says what it is."""


def saving(job: Job, asked: Asked, engine: Engine, folder: Path, device: str) -> Iterator[None]:
    """Write a study and run it.

    Stopped before the study file is written, it leaves nothing; later, a study that ``crosslight run`` goes on with.

    Args:
        job: told of everything.
        asked: photographs, classifiers, methods.
        engine: has the photographs.
        folder: made by `Saves.reserve`.
        device: where the study runs.
    """
    from ..agreement.analysis import analyse, save_analysis
    from ..report import write_report
    from ..study import Study
    from ..study.runner import run_plan

    job.of = len(asked.photos) + 3
    file = folder / STUDY
    try:
        (folder / PHOTOGRAPHS).mkdir()
        for photo, name in zip(asked.photos, file_names([photo.name for photo in asked.photos]), strict=True):
            job.start(f"writing {photo.name}")
            picture = engine.photos.picture(photo)
            picture.save(folder / PHOTOGRAPHS / name, "PNG", compress_level=_COMPRESSION)
            job.complete()
            yield
        offers = [engine.classifiers.offers[model] for model in asked.models]
        file.write_text(study_text(asked, offers, folder.name), encoding="utf-8")
    except BaseException:
        _remove(folder)
        raise
    plan = Study.from_file(file).plan(folder / RESULTS, device)
    for failure in plan.failures:
        kind = "skipped" if failure.left_out else "failed"
        job.emit(kind, photo=None, model=None, method=None, reason=f"{failure.model}: {failure.reason}")
    job.checkpoint()
    store = run_plan(plan, folder / RESULTS, _Told(job, "running the study"))
    job.complete()
    yield
    analysis = analyse(store, progress=_Told(job, "comparing maps"))
    save_analysis(analysis, store)
    job.complete()
    yield
    write_report(store, analysis=analysis, progress=_Told(job, "writing the report"))
    job.complete()
    job.end("saved", folder=folder.name, report=f"/saved/{folder.name}/index.html", seconds=job.seconds)


def study_text(asked: Asked, offers: list[Offer], name: str) -> str:
    """The study file, which stands beside the folder of photographs.

    Args:
        asked: methods and target.
        offers: the classifiers.
        name: of the study where the person gave none.
    """
    title = "".join(character for character in asked.name if character.isprintable()).replace("${", "$ {").strip()
    spec = {
        "study": {"name": title or name, "target": asked.target},
        "images": {"source": PHOTOGRAPHS},
        "models": [{"label": offer.label, **placed(offer)} for offer in offers],
        "methods": [
            {"name": method.spec.name, "label": method.label, **method.given} for method in asked.methods
        ],
    }  # fmt: skip
    return study_toml(spec)


def placed(offer: Offer) -> Mapping[str, Any]:
    """A classifier's table with its paths absolute: the study file stands elsewhere."""
    section = dict(offer.section)
    base = offer.base.absolute()
    for key in ("weights", "classes"):
        value = section.get(key)
        if value and value not in ("pretrained", "none"):
            section[key] = str(base / Path(value).expanduser())
    kind, _, rest = offer.name.partition(":")
    if kind == "python":
        path, _, function = rest.rpartition(":")
        section["name"] = f"python:{base / Path(path).expanduser()}:{function}"
    elif offer.name.startswith("hf/") and (base / Path(offer.name[3:]).expanduser()).is_dir():
        section["name"] = f"hf/{base / Path(offer.name[3:]).expanduser()}"
    return section


def file_names(names: list[str]) -> list[str]:
    """A safe file name for each photograph, different ones."""
    found: list[str] = []
    for name in names:
        stem = slug(name.rpartition(".")[0] or name)
        number, wanted = 1, f"{stem}.png"
        while wanted in found:
            number += 1
            wanted = f"{stem}-{number}.png"
        found.append(wanted)
    return found


def _remove(folder: Path) -> None:
    """Take back what was written of a study: a folder that this viewer made."""
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def check_saving(asked: Asked) -> None:
    """A study has at least one method.

    Raises:
        Refused: it has none.
    """
    if not asked.methods:
        raise Refused(422, "a study needs a method", "choose at least one")
