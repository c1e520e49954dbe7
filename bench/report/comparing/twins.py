"""Twins: the same cell twice on a data set, dense in float32 and in int8."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, NamedTuple

from bench.report.comparing.likeness import unlike
from bench.report.rows.conditions import DATA, number_format
from bench.report.rows.results import Results
from bench.report.rows.short import cell_of
from bench.report.rows.summary import Summary


class Twins(NamedTuple):
    """A dense float32 row and an int8 row of the same cell on the same data."""

    dense: Summary
    small: Summary


def twins(results: Results) -> list[Twins]:
    """Returns every int8 row with the dense row of its cell, options and hidden size, in order of data set and label.

    A cell has none where it has several dense rows, since none of them is the one to compare with.
    """
    found = []
    for data in results.data_sets:
        done = [row for row in results.rows_on(data) if row.n]
        dense: dict[str, list[Summary]] = defaultdict(list)
        for row in done:
            if row.compression == "dense":
                dense[_cell(row)].append(row)
        for row in done:
            own = dense[_cell(row)]
            if format_of(row) == "int8" and len(own) == 1 and DATA not in unlike(row, own[0]):
                found.append(Twins(own[0], row))
    return found


def names(results: Results) -> dict[str, str]:
    """Returns short names of the twins' rows by label; a name that several rows would have is none's.

    They are ``LSTM float32`` and ``LSTM int8``, or ``LSTM LSQ`` of one that is low rank or sparse as well.
    """
    rows = {row.label: f"{cell_of(row)} {smaller_by(row) or format_of(row)}" for pair in twins(results) for row in pair}
    uses = Counter(rows.values())
    return {label: name for label, name in rows.items() if uses[name] == 1}


def smaller_by(row: Summary) -> str:
    """Returns the letters of what a row is made small by; empty where its number format is all that there is to say."""
    return "" if row.compression in ("dense", "Q") else str(row.compression)


def format_of(row: Summary) -> str:
    """Returns the format of the numbers that a row's accuracy, size and latency are of."""
    return number_format(row.runs[0].record)


def _cell(row: Summary) -> str:
    """Returns what the cell is, without what it is made small by."""
    cell: dict[str, Any] = row.runs[0].record.spec["cell"]
    return repr(
        sorted((key, value) for key, value in cell.items() if key not in ("rank", "blocks") and value not in (None, {}))
    )
