"""What can be known to go wrong before the first run starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import torch
import yaml
from torch import nn

from bench import mcu, record, zoo
from bench.data import infos, prepare
from bench.errors import RnnbenchError, nearest
from bench.plan import Grid
from bench.spec import RunSpec
from bench.train.network import build_cell


def try_out(runs: Iterable[RunSpec]) -> None:
    """Runs each kind of cell on a short sequence of zeros, and traces it, so that its defects show before training.

    Raises:
        RnnbenchError: names the cell, its line and the error.
    """
    known, tried = infos(), set()
    for spec in runs:
        features = known[spec.data.name].features
        kind = (features, spec.cell.model_dump_json(), bool(spec.boards))
        if kind in tried:
            continue
        tried.add(kind)
        cell = build_cell(spec.cell, features).eval()
        try:
            with torch.no_grad():
                h_TBH, _ = cell(torch.zeros(2, 3, features))
            if h_TBH.shape != (2, 3, spec.cell.hidden_size):
                raise ValueError(f"h has shape {list(h_TBH.shape)}, not {[2, 3, spec.cell.hidden_size]}")
        except Exception as error:  # whatever a user's cell raises
            what = str(error).strip().partition("\n")[0]
            raise RnnbenchError(
                f"cell {spec.cell.name!r} fails on zeros: {type(error).__name__}: {what}{zoo.place_of(error)}"
            ) from error
        if spec.boards:
            mcu.count([cell], nn.Identity())


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


def prepare_results(results: Path, grid: Grid, runs: Iterable[RunSpec]) -> None:
    """Makes the results folder and notes which grid it belongs to, and which runs that has now.

    Raises:
        RnnbenchError: when it cannot be written, or belongs to another grid.
    """
    note = results / record.GRID_NOTE
    try:
        record.runs_folder(results).mkdir(parents=True, exist_ok=True)
        if note.exists():
            name = (yaml.safe_load(note.read_text(encoding="utf-8")) or {}).get("name")
            if name != grid.name:
                raise RnnbenchError(f"{results} holds the grid {name!r}, not {grid.name!r}: choose another with --out")
        body = {**grid.model_dump(mode="json"), "runs": [spec.id for spec in runs]}
        record.write_atomically(note, yaml.safe_dump(body, sort_keys=False))
    except OSError as error:
        raise RnnbenchError(f"cannot write to {results}: {error.strerror}; choose another folder with --out") from None
