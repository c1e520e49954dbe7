"""Predicted and simulated latency for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from bench.report.latency import Row, entry


def predicted_table(rows: Sequence[Row]) -> Table:
    """One model on boards.

    Args:
        rows: as :func:`bench.report.latency.latency_sheets` takes them.
    """
    cycles, memory = ("cycles/step", "ms/step", "cycles/answer", "ms", "ms from-to"), ("flash", "RAM")
    return _table(rows, (*cycles, *memory, "x limit", "keeps up"))


def simulated_table(rows: Sequence[Row]) -> Table:
    """One model on boards, predicted against simulated.

    Args:
        rows: as :func:`bench.report.latency.simulation_sheets` takes them.
    """
    return _table(rows, ("predicted", "simulated", "error %", "x limit", "agrees"))


def _table(rows: Sequence[Row], heads: Sequence[str]) -> Table:
    table = Table("board", "format", *heads, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(row["board"], row["format"], *(entry(row, head) for head in heads))
    return table
