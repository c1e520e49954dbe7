"""The source files that a run depends on. A checkpoint is of use to equal sources only, whatever else a tree holds.

They are hashed when this module is imported, which the server does that runs are forked from: what is edited while a
grid runs is not what its runs are made of.
"""

from __future__ import annotations

import hashlib
import inspect
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from bench import zoo
from cells import Cell

ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = ("baselines", "bench/data", "bench/mcu", "bench/measure", "bench/spec", "bench/train", "cells")
_KINDS = (".cpp", ".h", ".j2", ".py")


def _blob(path: Path) -> str:
    """The hash that git has for a file."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


_HASHES = {
    path.relative_to(ROOT).as_posix(): _blob(path)
    for folder in _FOLDERS
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in _KINDS
}

_gathered: dict[type[Cell], dict[str, str]] = {}


def digest(cell: type[Cell]) -> str:
    """A hash of all sources that a run of a cell depends on."""
    return hashlib.sha256("\n".join(f"{name} {blob}" for name, blob in _of(cell).items()).encode()).hexdigest()


def git_state(cell: type[Cell] | None = None) -> dict[str, Any]:
    """The commit of the running code, and whether sources differ from it; empty outside a checkout.

    Args:
        cell: that of a run, for the sources that the run depends on; all sources otherwise.
    """
    commit, committed = _commit()
    if not commit:
        return {}
    here = _HASHES if cell is None else {name: blob for name, blob in _of(cell).items() if name in _HASHES}
    return {"commit": commit, "dirty": any(committed.get(name) != blob for name, blob in here.items())}


def _of(cell: type[Cell]) -> dict[str, str]:
    """Hashes by file: of the common sources and the cell's own, not of other cells; gathered once."""
    if cell not in _gathered:
        _gathered[cell] = _gather(cell)
    return _gathered[cell]


def _gather(cell: type[Cell]) -> dict[str, str]:
    own = dict.fromkeys(_file(base) for base in cell.__mro__ if issubclass(base, Cell))
    others = {_file(other) for other in zoo.all_cells().values()} - own.keys()
    elsewhere = [path for path in own if not path.is_relative_to(ROOT)]  # on another machine in another folder
    outside = {f"/{number}/{path.name}": _blob(path) for number, path in enumerate(elsewhere)}
    return {name: blob for name, blob in {**_HASHES, **outside}.items() if ROOT / name not in others}


def _file(cls: type) -> Path:
    return Path(inspect.getfile(cls)).resolve()


@cache
def _commit() -> tuple[str, dict[str, str]]:
    """The commit that is checked out, and its hashes by file; empty outside a checkout, or without git."""
    if not (ROOT / ".git").exists():
        return "", {}
    try:
        commit = _git("rev-parse", "HEAD").strip()
        rows = [row.split(maxsplit=3) for row in _git("ls-tree", "-r", "-z", commit).split("\0") if row]
    except (OSError, subprocess.SubprocessError):
        return "", {}
    return commit, {name: blob for _, _, blob, name in rows}


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
