"""Writes a file so that it is there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, content: str | bytes, *, new: bool = False) -> None:
    """Writes a file whole or not at all: a temporary file beside it, fsync, rename, fsync of the folder.

    Args:
        path: the file.
        content: all that it is to hold.
        new: whether it must not be there yet, whoever may be writing it now.

    Raises:
        FileExistsError: when it is there and should be ``new``.
        OSError: when the folder cannot be written; the file that was there is untouched.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)  # results are for reading; mkstemp makes them private
        if new and _linked(name, path):
            os.unlink(name)
        else:
            os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    to_disk(path.parent)


def _linked(name: str, path: Path) -> bool:
    """Gives a file a second name, unless somebody else has given it; whether the file system can."""
    try:
        os.link(name, path)
    except FileExistsError:
        raise
    except OSError:
        if path.exists():
            raise FileExistsError(path) from None
        return False
    return True


def to_disk(path: Path) -> None:
    """Waits until a file, or what a folder lists, is on the disk and no longer in memory alone."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
