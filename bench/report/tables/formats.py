"""Cells in float32 and in int8: accuracy with its interval, KB, and ms on every board, or that a model does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from bench.report.caption import kb_meaning
from bench.report.comparing.twins import names, smaller_by, twins
from bench.report.notes import MOVED, STALE, Notes, explain_runs
from bench.report.rows.results import Results
from bench.report.rows.summary import Summary
from bench.report.statistics import t_interval
from bench.report.table import CELL, DASH, Column, Entry, Row, Spanner, Table, between, number, typeset

_DATA = Column("Data", align="left")
_WORDS = {"L": "low rank", "B": "blocks", "S": "sparse", "Q": "int8"}


def table(results: Results) -> Table | None:
    """The table, cells by the size of their dense rows; ``None`` where no cell is there in both formats."""
    found = sorted(twins(results), key=lambda both: (both.dense.data.name, both.dense.mean("kb") or 0.0))
    shown = list({(row.data.name, row.label): row for row in chain.from_iterable(found)}.values())
    if not shown:
        return None
    short, notes, boards = names(results), Notes(), _boards(shown)
    several = len({row.data.name for row in shown}) > 1
    rows = [
        Row(
            (row.data.title, short.get(row.label, row.label))[not several :],
            (*_quality(row, notes), *(_time(row, board, notes) for board in boards)),
        )
        for row in shown
    ]
    stub = (_DATA, *CELL)[not several :]
    name, caption, columns = f"{results.name}-formats", _caption(results, shown), _columns(shown, boards)
    return typeset(Table(name, caption, columns, tuple(rows), notes.listed(), stub=stub))


def _boards(rows: Sequence[Summary]) -> dict[str, str]:
    """Returns the titles of boards by name."""
    return {latency.board: latency.title for row in rows for latency in row.latencies}


def _columns(rows: Sequence[Summary], boards: dict[str, str]) -> tuple[Column, ...]:
    titles = {row.data.quality_title: None for row in rows}
    ms = (Column(title.removeprefix("Arduino "), Spanner("ms", "ms"), "ms") for title in boards.values())
    return (
        Column(" or ".join(titles), places=2),
        Column("95 % interval", align="right"),
        Column("KB", name="kb"),
        *ms,
    )


def _quality(row: Summary, notes: Notes) -> tuple[Entry, ...]:
    interval = t_interval(np.array([*row.scores.values()]))
    quality = number(row.mean(row.data.quality), n=row.n, scale=row.data.scale)
    return (
        replace(quality, marks=(*((MOVED,) if row.moved else ()), *notes.mark(explain_runs(row)[1]))),
        between(interval),
        number(row.mean("kb")),
    )


def _time(row: Summary, board: str, notes: Notes) -> Entry:
    latency = row.latency(board)
    if latency is None:
        return DASH
    marks = notes.mark(STALE if latency.stale else "")
    if latency.fits("flash") and latency.fits("ram"):
        return replace(number(latency.mean("ms")), marks=marks)
    return Entry("does not fit", marks=marks)


def _caption(results: Results, rows: Sequence[Summary]) -> str:
    seeds = sorted({row.n for row in rows})
    return (
        f"{results.name}: the same cells, dense in float32 and made small in int8{_letters(rows)}. Test results, means "
        f"over {' to '.join(map(str, seeds[:: max(1, len(seeds) - 1)]))} seeds, of an int8 model those of its integer "
        "program; 95 % interval: Student's, of the mean over ever more seeds on the same test data. "
        f"{kb_meaning(rows)} ms: a sequence of the data set's greatest length, predicted for the exported code in the "
        "row's format."
    )


def _letters(rows: Sequence[Summary]) -> str:
    """Says what the letters stand for where rows are made small by more than int8."""
    used = "".join(map(smaller_by, rows))
    said = [f"{letter}: {word}" for letter, word in _WORDS.items() if letter in used]
    return f" ({', '.join(said)})" if said else ""
