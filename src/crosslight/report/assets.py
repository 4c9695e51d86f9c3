"""The folder of a page's assets: staged beside its place, named after its content, put there in one step."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
_STAGED = ".part-"


@dataclass
class Assets:
    """Assets on their way.

    Attributes:
        folder: where they are written, until `place`; then where they are.
        parent: the folder of all assets of the page.
    """

    folder: Path
    parent: Path

    def place(self) -> str:
        """Put them in place.

        Returns:
            Their address, relative to the page.
        """
        final = self.parent / _digest(self.folder)
        if final.exists():
            shutil.rmtree(self.folder)
        else:
            self.folder.rename(final)
        self.folder = final
        return f"assets/{final.name}"


@contextmanager
def staged_assets(out: Path) -> Iterator[Assets]:
    """A folder for the assets of a page; afterwards those of earlier pages are removed.

    Args:
        out: the page's own folder; it is created.
    """
    parent = out / "assets"
    parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=_STAGED, dir=parent))
    assets = Assets(staged, parent)
    try:
        staged.chmod(0o755)  # readable for others, as any other folder
        yield assets
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    for other in parent.iterdir():
        if other != assets.folder and other.is_dir() and _is_ours(other):
            shutil.rmtree(other, ignore_errors=True)


def copy_bundle(folder: Path) -> None:
    """Copy the scripts and styles of every page."""
    for path in sorted(STATIC.iterdir()):
        if path.suffix in (".css", ".js"):
            shutil.copyfile(path, folder / path.name)


def _digest(folder: Path) -> str:
    """A name for a folder's content, so that a page never meets the assets of another."""
    total = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        total.update(f"{path.name}\x1f{path.stat().st_size}\x1e".encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def _is_ours(folder: Path) -> bool:
    return folder.name.startswith(_STAGED) or (len(folder.name) == 12 and (folder / "data.js").is_file())
