"""Grids of any size and results folders with made-up records of all their runs, written as the harness writes them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import yaml

from bench import record
from bench.execute.grid import prepare_results
from bench.mcu import Board, usual_boards
from bench.record import Latency, LatencyFacts, Result, SizeFacts
from bench.record import latency as beside
from bench.spec import read_grid
from bench.speed.runs import dataset as noise_set
from bench.status import Status
from bench.train import Job
from bench.train.classification import TASK
from bench.train.facts import begun, data_facts
from bench.train.provenance import provenance

_EPOCHS = 20
_DATA = "digits"


def write_grid(path: Path, rows: int, seeds: int) -> Path:
    """Writes a grid of so many rows, cells with a learning rate each, and seeds."""
    rates = [round(1e-6 * (number + 1), 9) for number in range(max(1, rows // 2))]
    axes = {"data": [_DATA], "cell": ["gru", "lstm"][: min(2, rows)], "train.learning_rate": rates}
    body = {"name": "made-up", "grid": {**axes, "seed": list(range(seeds))}}
    path.write_text(yaml.safe_dump(body), encoding="utf-8")
    return path


def write_results(grid_file: Path, results: Path) -> None:
    """Writes a results folder in which all runs of a grid are done, without W&B's files and trained weights."""
    grid = read_grid(grid_file)
    runs = grid.runs()
    prepare_results(results, grid, runs)
    drawn, facts = random.Random(0), data_facts(noise_set(4, 4, 3), TASK.metric)  # noqa: S311
    latency, made_with = Latency(boards=tuple(map(_latency, usual_boards().values()))), provenance()
    for spec in runs:
        job = Job(spec, record.runs_folder(results) / spec.id, grid.name, "disabled")
        job.folder.mkdir()
        ended = {"status": Status.DONE, "data": facts, **_outcome(drawn)}
        record.write(job.folder, begun(job, TASK.name, made_with).model_copy(update=ended))
        beside.write(job.folder, latency)
        lines = (f"{epoch},{drawn.uniform(0.5, 0.9):.4f}" for epoch in range(1, _EPOCHS + 1))
        (job.folder / "metrics.csv").write_text("\n".join(["epoch,validation_accuracy", *lines, ""]), encoding="utf-8")
        (job.folder / "model.pt").touch()


def _outcome(drawn: random.Random) -> dict[str, Any]:
    accuracy, kb = drawn.uniform(0.5, 0.9), drawn.uniform(1, 200)
    return {
        "result": Result(test_accuracy=accuracy, validation_accuracy=accuracy, best_epoch=9, epochs=_EPOCHS),
        "size": SizeFacts(parameters=int(256 * kb), nonzero=int(256 * kb), kb=kb),
    }


def _latency(board: Board) -> LatencyFacts:
    return LatencyFacts(
        board=board.name,
        title=board.title,
        format="float32",
        method="made up",
        cycles_per_step=9,
        cycles=36,
        ms_per_step=1.0,
        ms=4.0,
        ms_low=3.0,
        ms_high=5.0,
        flash_bytes=9,
        ram_bytes=9,
        fits_flash=True,
        fits_ram=True,
    )
