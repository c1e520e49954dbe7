"""Tables for the commands about microcontrollers, from the rows that these gather."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.report.discover import all_tables
from bench.report.rows.latency import Against, Beside, Prediction, Published, Simulation, of_model, typed
from bench.report.rows.results import Results
from bench.report.table import Table
from bench.report.tables.predicted import OF_MODEL as PREDICTED
from bench.report.tables.simulated import OF_MODEL as SIMULATED
from bench.report.write import write_all
from bench.report.writers import to_csv, to_latex, to_markdown

Rows = Sequence[Mapping[str, Any]]


def predicted(rows: Rows) -> Results:
    """Returns the results from rows of ``rnnbench latency``."""
    return Results("latency", rows=typed(Prediction, rows))


def simulated(rows: Rows) -> Results:
    """Returns the results from rows of ``rnnbench simulate``."""
    return Results("simulation", rows=typed(Simulation, rows))


def against(rows: Rows) -> Results:
    """Returns the results from rows of ``rnnbench simulate --against``."""
    return Results("against", rows=typed(Against, rows))


def published(table: Mapping[str, Any], rows: Rows) -> Results:
    """Returns the results from a published table, as its YAML has it, and rows that have ours beside it.

    A data set that is not to be compared has a star.
    """
    sets = {name: f"{facts['title']}{'' if facts['compare'] else '*'}" for name, facts in table["datasets"].items()}
    return Results("published", rows=typed(Beside, rows), published=Published(table["source"], table["caveats"], sets))


def model_table(results: Results) -> Table:
    """Lays out one model on several boards, for a terminal."""
    simulations = results.rows_of(Simulation)
    return of_model(simulations, SIMULATED) if simulations else of_model(results.rows_of(Prediction), PREDICTED)


def board_tables(results: Results) -> list[Table]:
    """Makes the tables of the results, board by board."""
    boards = dict.fromkeys(row.board for row in results.rows)
    parts = (replace(results, rows=tuple(row for row in results.rows if row.board == board)) for board in boards)
    return [table for part in parts for table in all_tables(part).values()]


def write_latencies(folder: Path, results: Results, rows: Rows, origin: Mapping[str, Any]) -> list[Path]:
    """Writes ``<name>.csv``, ``.md``, ``.tex``, and ``.json`` with the origin; the name is the results'.

    Args:
        folder: where the files go.
        results: made from the rows.
        rows: in full, for the CSV.
        origin: the commit and the versions that they were made with.

    Raises:
        OSError: when the folder cannot be written.
    """
    tables = board_tables(results)
    texts = {
        folder / f"{results.name}.csv": to_csv(rows),
        folder / f"{results.name}.md": "\n".join(to_markdown(table, heading=True) for table in tables),
        folder / f"{results.name}.tex": to_latex(*tables),
        folder / f"{results.name}.json": json.dumps(origin, indent=1) + "\n",
    }
    write_all(texts)
    return list(texts)
