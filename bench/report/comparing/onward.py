"""Commands that lead on from results with a cell in float32 and in int8."""

from __future__ import annotations

import shlex

from bench.report.comparing.finding import ends, usable
from bench.report.comparing.twins import twins
from bench.report.rows.results import Results


def onward(results: Results) -> list[tuple[str, str]]:
    """Returns commands, each with what it does; none where no cell is there in both formats."""
    found = twins(results)
    if not found or results.folder is None:
        return []
    smallest, largest = ends(found)
    run = next(run for run in smallest.small.runs if run.done).record.id
    cell = largest.dense.runs[0].record.spec["cell"]["name"]
    folder = shlex.quote(str(results.folder))
    commands = [
        (
            f"rnnbench compare {folder} --against {shlex.quote(cell)}",
            f"every cell against {largest.dense.cell}, by seed",
        ),
        ("rnnbench new cell mine", "a cell of your own, to name in a grid: {file: mine.py}"),
    ]
    board = next(filter(usable, smallest.small.latencies), None)  # boards stand in order of their flash
    if board is None:
        return commands
    export = f"rnnbench export {folder}/runs/{run} --board {board.board} --out model"
    return [(export, f"{smallest.small.cell} in int8 as C for {board.title}"), *commands]
