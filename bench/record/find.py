"""Finds a run by its folder, or by its id or a part of it."""

from __future__ import annotations

from pathlib import Path

from bench.errors import RnnbenchError


def find(run: str, results: Path | None = None, file: str = "record.json") -> Path:
    """Returns the folder of a run.

    Args:
        run: the folder, or the id, the beginning or the end of it.
        results: the results folder to look for the id in; all of ``results/`` when ``None``.
        file: that the run has.

    Raises:
        RnnbenchError: when there is no such run, or several.
    """
    if (Path(run) / file).is_file():
        return Path(run)
    places = [results] if results else sorted(path for path in Path("results").glob("*") if path.is_dir())
    folders = [path.parent for place in places for path in sorted((place / "runs").glob(f"*/{file}"))]
    found = [folder for folder in folders if folder.name == run] or [
        folder for folder in folders if run and (folder.name.startswith(run) or folder.name.endswith(run))
    ]
    if not found:
        raise RnnbenchError(f"there is no run {run!r}: give its folder, or an id of a run in {results or 'results/'}")
    if len(found) > 1:
        raise RnnbenchError(f"{run!r} is {found[0]} or {found[1]}: give the folder, or more of the id")
    return found[0]
