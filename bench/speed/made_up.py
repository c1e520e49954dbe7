"""Grids of any size and results folders with made-up records of all their runs, written as the harness writes them."""

from __future__ import annotations

import random
from pathlib import Path

import yaml

from bench import record
from bench.data import describe
from bench.execute.grid import prepare_results
from bench.mcu import boards
from bench.record import DataFacts, Labels, Latency, LatencyFacts, Record, Result, SizeFacts, Times
from bench.record import latency as beside
from bench.spec import RunSpec, read_grid
from bench.status import Status
from bench.train.facts import data_facts

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
    """Writes a results folder in which all runs of a grid are done."""
    grid = read_grid(grid_file)
    runs = grid.runs()
    prepare_results(results, grid, runs)
    drawn, facts = random.Random(0), data_facts_of(_DATA)  # noqa: S311
    latency = Latency(boards=tuple(_latency(name) for name in boards()))
    for spec in runs:
        folder = record.runs_folder(results) / spec.id
        folder.mkdir()
        record.write(folder, _record(spec, facts, drawn))
        beside.write(folder, latency)
        lines = (f"{epoch},{drawn.uniform(0.5, 0.9):.4f}" for epoch in range(1, _EPOCHS + 1))
        (folder / "metrics.csv").write_text("\n".join(["epoch,validation_accuracy", *lines, ""]), encoding="utf-8")
        (folder / "model.pt").touch()
