"""Reads several results folders as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bench.errors import RnnbenchError
from bench.record import Record, runs_folder
from bench.report.rows.results import Results, read
from bench.status import Status


class Source(NamedTuple):
    """A results folder, and the label that tells its rows from those of other folders; empty to pool them."""

    folder: Path
    label: str = ""

    @classmethod
    def parse(cls, text: str) -> Source:
        """``"results/a=before"`` as folder and label; a folder that is there goes by its whole name."""
        folder, equals, label = text.rpartition("=")
        return cls(Path(folder), label) if equals and folder and not Path(text).exists() else cls(Path(text))


def read_several(sources: Sequence[Source], board: str | None = None) -> Results:
    """Reads results folders as one.

    Folders with the same label, or none, are pooled: runs that differ in nothing but the seed share a row, whichever
    folder they lie in, and the table says so where they were not made alike. Folders with different labels have rows of
    their own. A run that several folders of one label hold counts once: the first that is done, in the order given.

    Args:
        sources: at least one.
        board: whose latency to show.

    Raises:
        RnnbenchError: as :func:`bench.report.rows.results.read`, or when a folder is given twice.
    """
    if len(sources) == 1 and not sources[0].label:
        return read(sources[0].folder, board)
    places = [source.folder.resolve() for source in sources]
    if twice := {str(place) for place in places if places.count(place) > 1}:
        raise RnnbenchError(f"results folder {min(twice)} is given twice")
    parts = [(source, read(source.folder)) for source in sources]
    chosen: dict[tuple[str, str], Record] = {}
    repeated: set[tuple[str, str]] = set()
    for source, part in parts:
        for record in part.records:
            key, known = (source.label, record.id), chosen.get((source.label, record.id))
            if known is not None:
                repeated.add(key)
            if known is None or (record.status is Status.DONE and known.status is not Status.DONE):
                chosen[key] = _labelled(record, source.label)
    unstarted = {(source.label, name) for source, part in parts for name in part.unstarted} - chosen.keys()
    grids = [part.grid for _, part in parts]
    grid = grids[0] if all(found == grids[0] for found in grids) else None
    name = " + ".join(dict.fromkeys(part.name for _, part in parts))
    remarks = [f"Runs of {', '.join(_say(source, part) for source, part in parts)}."]
    if repeated:
        remarks.append(f"Runs that several of these folders hold: {len(repeated)}; the first that is done counts.")
    return Results(
        name,
        tuple(chosen.values()),
        grid=grid,
        wanted=board,
        remarks=tuple(remarks),
        unstarted=tuple(sorted(name for _, name in unstarted)),
        titles={new: old for _, part in parts for new, old in part.titles.items()},
    )


def _labelled(record: Record, label: str) -> Record:
    """Puts the label of its folder into the name of a run's row."""
    return record.model_copy(update={"labels": record.labels.model_copy(update={"folder": label})}) if label else record


def _say(source: Source, part: Results) -> str:
    label = f", as {source.label}" if source.label else ""
    return f"{source.folder} ({sum(record.status is Status.DONE for record in part.records)} done{label})"


def folders_in(place: Path) -> list[Path]:
    """Returns the results folders of a place: itself, or those in it, in order of name.

    Raises:
        RnnbenchError: when there is none.
    """
    found = (
        [place]
        if runs_folder(place).is_dir()
        else sorted(path for path in place.glob("*") if runs_folder(path).is_dir())
    )
    if not found:
        raise RnnbenchError(f"{place} is no results folder and holds none: run a grid first")
    return found


def read_all_in(folders: Sequence[Path]) -> list[Results]:
    """Reads several results folders, each by itself; where two are of one grid, all go by their folders' names."""
    found = [read(folder) for folder in folders]
    if len({results.name for results in found}) == len(found):
        return found
    return [replace(results, name=folder.name) for results, folder in zip(found, folders, strict=True)]
