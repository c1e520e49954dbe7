"""``rnnbench simulate --delta``: cycles that columns save which are not applied, and what that costs in accuracy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cli.console import leave_out_faulty, out, print_json, print_table
from bench.errors import RnnbenchError

if TYPE_CHECKING:
    from bench.mcu import Board
    from bench.report import Table

UNIT = 256
"""Thresholds are given in 256ths, as the paper's Q8.8 has them."""
_NOTE = (
    "Threshold: in 256ths; a column is applied when its factor changed by more since it last was (Neil et al. 2017). "
    "plain: the program as it is; 0 gives its bits. Cycles of a step: mean and most over all steps; saved: of the "
    "plain mean, below 0 where it takes more. Accuracy: of the integers over the whole test set."
)


def thresholds(text: str) -> list[float]:
    """Reads thresholds, in 256ths: ``0,1,2,4``.

    Raises:
        RnnbenchError: when one is no number of at least 0.
    """
    try:
        found = [float(word) for word in text.split(",")]
    except ValueError:
        found = [-1.0]
    if not all(0 <= value < float("inf") for value in found):
        raise RnnbenchError(f"--delta takes numbers of at least 0, in 256ths, such as 0,1,2,4, not {text!r}")
    return found


def skip(what: Path, boards: Sequence[Board], text: str, *, count: int, steps: int, as_json: bool) -> bool:
    """Prints what every threshold saves, model by model; returns whether all bits were the interpreter's.

    Raises:
        RnnbenchError: when it can be said of no model; where it can of others, a model's fault is printed.
    """
    from bench.deploy.model import models

    wanted, rows = thresholds(text), list[dict[str, Any]]()
    faults: dict[str, RnnbenchError] = {}
    exact = True
    for name, load in models(what).items():
        own: list[dict[str, Any]] = []
        try:
            model = load()
            for board in boards:
                found = [{"id": name, "board": board.name, **row} for row in _rows(model, board, wanted, count, steps)]
                own += found
                exact = exact and all(row["exact"] for row in found)  # also of one left out for another board
                if not as_json:
                    out.print(f"{name} on the {board.title}{'' if model.trained else ' (not trained)'}", style="bold")
                    print_table(_table(found))
        except RnnbenchError as error:  # of this model alone
            faults[name] = error
        else:
            rows += own
    leave_out_faulty(faults, rows)
    if as_json:
        print_json(rows)
    else:
        out.print(_NOTE, style="dim")
    return exact


def _rows(model: Any, board: Board, wanted: Sequence[float], count: int, steps: int) -> Iterator[dict[str, Any]]:
    from bench.deploy.simulation import skipped

    in_unit = [value / UNIT for value in wanted]
    for found, accuracy in skipped(model, board, in_unit, count=count, steps=steps):
        yield {
            "threshold": None if found.threshold is None else found.threshold * UNIT,
            "mean_cycles": found.mean,
            "worst_cycles": found.worst,
            "saved": found.saved,
            "accuracy": accuracy,
            "constants_bytes": found.constants,
            "ram_bytes": found.ram_bytes,
            "exact": found.exact,
        }


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    from bench.report.table import Column, Entry, Row, Table, plain

    titles = ("mean cycles", "worst", "saved %", "accuracy %", "constants", "RAM", "bit-exact")
    lines = [
        (
            "plain" if row["threshold"] is None else plain(row["threshold"]),
            f"{row['mean_cycles']:.0f}",
            f"{row['worst_cycles']:.0f}",
            f"{100 * row['saved']:+.1f}",
            "-" if row["accuracy"] is None else f"{100 * row['accuracy']:.2f}",
            str(row["constants_bytes"]),
            str(row["ram_bytes"]),
            "yes" if row["exact"] else "NO",
        )
        for row in rows
    ]
    columns = tuple(Column(title, align="right") for title in titles)
    stub = (Column("threshold", align="right"),)
    return Table(
        "delta", "", columns, tuple(Row((first,), tuple(map(Entry, rest))) for first, *rest in lines), stub=stub
    )
