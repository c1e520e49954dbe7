"""The table of a study: the rows that its grid names, in its order, in the form of the FastGRNN paper.

Its Tables 2 and 16 (NeurIPS 2018) print test and train perplexity, KB and minutes; of classifiers this prints accuracy,
KB and minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from bench.errors import RnnbenchError
from bench.record import GRID_NOTE, Record
from bench.report.caption import kb_meaning, metric, seeds
from bench.report.frame import plain
from bench.report.notes import Notes, explain_runs
from bench.report.table import Column, Entry, Footnote, Row, Spanner, Table, finish, number
from bench.spec import Grid, parse, row_of

_PERPLEXITY = (
    Column("quality", "test perplexity", False),
    Column("quality", "train perplexity", False),
    Column("kb", "KB", False),
    Column("minutes", "min", False),
)
_ACCURACY = (
    Column("quality", "accuracy (%)", True),
    Column("kb", "KB", False),
    Column("minutes", "min", False),
)
_FIGURES = {
    "perplexity": ("perplexity_mean", "train_perplexity_mean", "kb", "minutes"),
    "accuracy": ("accuracy_mean", "kb", "minutes"),
}


def noted_grid(results: Path) -> Grid | None:
    """The grid that a results folder belongs to; ``None`` where none was noted."""
    try:
        note = yaml.safe_load((results / GRID_NOTE).read_text(encoding="utf-8"))
        note.pop("runs", None)
        found: Grid = parse(Grid, note, str(results / GRID_NOTE))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError, RnnbenchError):
        return None
    return found


def study(grid: Grid | None, records: Sequence[Record], runs: pd.DataFrame, summary: pd.DataFrame) -> Table | None:
    """The table, or ``None`` when the grid names no rows.

    Args:
        grid: of the results folder, if there is one.
        records: of the folder.
        runs: the frame of the records.
        summary: of those runs.

    Raises:
        RnnbenchError: when a row has runs of several configurations on one data set.
    """
    if grid is None or not grid.rows:
        return None
    named = {record.id: row_of(grid.rows, record.spec) for record in records}
    attempts = plain(runs.drop_duplicates("id"))
    labels = _labels(named, attempts)
    lines = {(line["data"], line["label"]): line for line in plain(summary)}
    sets = {line["data"]: line for line in lines.values()}
    notes = Notes()
    entries: dict[str, list[Entry]] = {row: [] for row in grid.rows}
    for row in grid.rows:
        for data, of_data in sets.items():
            line = lines.get((data, labels.get((row, data), "")))
            entries[row] += _entries(line, of_data, attempts, notes)
    spanners = tuple(Spanner(data, line["data_title"], _columns(line)) for data, line in sets.items())
    columns = [column for spanner in spanners for column in spanner.columns]
    done = [
        finish([entries[row][at] for row in grid.rows], column, best=column.kind != "minutes")
        for at, column in enumerate(columns)
    ]
    rows = tuple(Row(row, tuple(column[at] for column in done)) for at, row in enumerate(grid.rows))
    footnotes = tuple(Footnote(mark, text) for mark, text in notes.listed())
    return Table(
        f"{grid.name}-study", _caption(grid, list(sets.values()), list(lines.values())), spanners, rows, footnotes
    )


def _labels(named: Mapping[str, str | None], attempts: Sequence[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """The label of the configuration that each row is on each data set."""
    found: dict[tuple[str, str], str] = {}
    for run in attempts:
        row = named[run["id"]]
        if row is not None and found.setdefault((row, run["data"]), run["label"]) != run["label"]:
            both = f"{found[row, run['data']]!r} and {run['label']!r}"
            raise RnnbenchError(f"row {row!r} of the grid names two configurations on {run['data']}: {both}")
    return found


def _columns(line: dict[str, Any]) -> tuple[Column, ...]:
    return _PERPLEXITY if metric(line) == "perplexity" else _ACCURACY


def _entries(
    line: dict[str, Any] | None, of_data: dict[str, Any], attempts: Sequence[dict[str, Any]], notes: Notes
) -> list[Entry]:
    """What stands in a row under one data set, before the columns are printed."""
    width = len(_columns(of_data))
    if line is None:
        return [Entry("-")] * width
    tried = [run for run in attempts if run["data"] == line["data"]]
    word, why = explain_runs([run for run in tried if run["label"] == line["label"]], tried)
    marks = (notes.mark(why),) if why else ()
    if not line["n"]:
        return [Entry(word, marks=marks), *[Entry("-")] * (width - 1)]
    found = []
    for name in _FIGURES[metric(line)]:
        scale = 100 if name == "accuracy_mean" else 1
        spread = line[name.replace("_mean", "_sd")] if name.endswith("_mean") else None
        found.append(number(line[name], spread, line["n"], scale))
    return [replace(found[0], marks=marks), *found[1:]]


def _caption(grid: Grid, sets: Sequence[dict[str, Any]], lines: Sequence[dict[str, Any]]) -> str:
    what = [f"{grid.name}: {grid.about or 'the rows of the study'}", f"{seeds(lines)}."]
    if any(metric(line) == "perplexity" for line in sets):
        what.append(
            "Test perplexity: of the whole test text but its first word, the state carried over. Train perplexity: of "
            "the final weights on as many of the first words of the training text."
        )
    return " ".join([what[0].rstrip(".") + ",", *what[1:], kb_meaning(lines), "min: wall time of training."])
