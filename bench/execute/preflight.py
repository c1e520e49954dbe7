"""What can be known to go wrong before the first run starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import yaml

from bench import mcu, record
from bench.data import infos, prepare
from bench.errors import RnnbenchError, nearest
from bench.plan import Grid
from bench.spec import RunSpec
from bench.train.network import build_cell


def check(runs: Iterable[RunSpec]) -> None:
    """Checks that every data set and board exists and every cell can be built.

    Raises:
        RnnbenchError: the first fault found.
    """
    known, built = infos(), set()
    for spec in runs:
        if spec.data.name not in known:
            raise RnnbenchError(f"unknown data set {spec.data.name!r}{nearest(spec.data.name, known)}")
        for name in spec.boards:
            mcu.board(name)
        kind = (spec.data.name, spec.cell.model_dump_json())
        if kind not in built:
            build_cell(spec.cell, known[spec.data.name].features)
            built.add(kind)


def prepare_data(runs: Iterable[RunSpec], say: Callable[[str], None]) -> None:
    """Fetches what data the runs need and is not here yet.

    Args:
        runs: the runs about to start.
        say: told the name of each set before it is looked at.

    Raises:
        RnnbenchError: when a set cannot be had; says what to do.
    """
    for name in dict.fromkeys(spec.data.name for spec in runs):
        say(name)
        prepare(name)


def prepare_results(results: Path, grid: Grid) -> None:
    """Makes the results folder and notes which grid it belongs to.

    Raises:
        RnnbenchError: when it cannot be written, or belongs to another grid.
    """
    note = results / "grid.yaml"
    try:
        record.runs_folder(results).mkdir(parents=True, exist_ok=True)
        if note.exists():
            name = (yaml.safe_load(note.read_text(encoding="utf-8")) or {}).get("name")
            if name != grid.name:
                raise RnnbenchError(f"{results} holds the grid {name!r}, not {grid.name!r}: choose another with --out")
        record.write_atomically(note, yaml.safe_dump(grid.model_dump(mode="json"), sort_keys=False))
    except OSError as error:
        raise RnnbenchError(f"cannot write to {results}: {error.strerror}; choose another folder with --out") from None
