"""Files that survive a crash: written under a temporary name, flushed to disk, then renamed into place.

Temporary names live in one folder of the store and begin with the process that made them, so whatever a
killed process left behind is found in one place. `os.fsync` and `os.replace` are looked up at each call.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from ..core.errors import StoreError

#: flushes under way at once
FLUSHES = 8


def flush(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows neither needs nor allows flushing a folder
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_all(paths: Iterable[Path]) -> None:
    """Wait until all are on disk; asked for together, so that a journalling file system commits once.

    On a busy disk this takes a small part of the time of one after the other.
    """
    with ThreadPoolExecutor(FLUSHES) as pool:
        list(pool.map(flush, paths))


@contextmanager
def reported(doing: str) -> Iterator[None]:
    """Turn the system's errors, such as a full disk, into ours."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{doing}: {error.strerror or error}") from error


def make_folder(path: Path) -> None:
    """Create a folder and its missing parents, and flush the names of what was created.

    Raises:
        StoreError: the folder cannot be created.
    """
    if path.is_dir():
        return
    make_folder(path.parent)
    with reported(f"cannot create {path}"):
        path.mkdir(exist_ok=True)
        flush(path.parent)


def remove_file(path: Path) -> None:
    """Remove a file, if it is there, for good.

    Raises:
        StoreError: it cannot be removed.
    """
    if path.exists():
        with reported(f"cannot remove {path}"):
            path.unlink(missing_ok=True)
            flush(path.parent)


def write_files(files: Mapping[Path, bytes], partial: Path) -> None:
    """Write files so that each is there complete, or as it was before; all are on disk on return.

    Args:
        files: content by final path; the folders exist.
        partial: folder for temporary files, on the same file system.

    Raises:
        StoreError: the disk is full, the folder is not writable, or the like.
    """
    temporary = {path: partial / _temporary_name(path) for path in files}
    try:
        with reported(f"cannot write into {partial.parent}"):
            for path, content in files.items():
                temporary[path].write_bytes(content)
            flush_all(temporary.values())
            for path in files:
                os.replace(temporary[path], path)
            flush_all({path.parent for path in files})
    finally:
        for path in temporary.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)


def place_folder(files: Mapping[str, bytes], target: Path, partial: Path) -> bool:
    """Create a folder with files at once: after a crash it is there complete or not at all.

    Args:
        files: content by path relative to the new folder.
        target: the new folder; its parent exists.
        partial: folder for temporary files, on the same file system.

    Returns:
        False where `target` is there already, with something in it; it is left alone.

    Raises:
        StoreError: the disk is full, the folder is not writable, or the like.
    """
    work = partial / _temporary_name(target)
    try:
        with reported(f"cannot create {target}"):
            for name, content in files.items():
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                (work / name).write_bytes(content)
            flush_all([work, *work.rglob("*")])
            try:
                os.rename(work, target)
            except OSError:
                if target.exists():
                    return False
                raise
            flush(target.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return True


def sweep_partial(partial: Path) -> list[str]:
    """Remove temporary files that no running process of this machine is writing.

    Returns:
        The removed names.
    """
    removed = []
    for path in sorted(partial.iterdir()) if partial.is_dir() else ():
        if _in_use(path.name):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        if not path.exists():
            removed.append(path.name)
    return removed


def _temporary_name(path: Path) -> str:
    return f"{os.getpid()}-{uuid.uuid4().hex[:12]}-{path.name[:60]}"


def _in_use(name: str) -> bool:
    owner = name.split("-", 1)[0]
    # On Windows signal 0 is Ctrl-C, and files that are open cannot be removed anyway.
    if os.name == "nt" or not owner.isdecimal() or int(owner) == os.getpid():
        return False
    try:
        os.kill(int(owner), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
