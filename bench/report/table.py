"""The comparison table: what every writer (LaTeX, Markdown, HTML, terminal) reads.

Rows are cells, spanners are data sets, and under each stand the quality, the size and the latency on one board.
Everything that a reader must know to read a number is in the caption and the footnotes, so no writer adds words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from bench.errors import RnnbenchError, nearest
from bench.report.caption import METHODS, caption, is_percent, metric
from bench.report.frame import plain
from bench.report.notes import DAGGER, Notes, explain_latency, explain_majority, explain_runs


@dataclass(frozen=True)
class Entry:
    """What stands in one place of the table.

    Attributes:
        text: as printed, without marks: ``"94.94 ± 0.28"``, ``"failed"``, ``"-"``.
        mean: as printed in a number's place, in the column's unit; ``None`` for an entry that is not a number.
        sd: sample standard deviation (ddof 1) in the column's unit; ``None`` for fewer than two seeds.
        n: runs behind the number.
        best: whether it is (one of) the best of its column.
        marks: of footnotes.
    """

    text: str
    mean: float | None = None
    sd: float | None = None
    n: int = 0
    best: bool = False
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column under a spanner: ``accuracy (%)``, ``KB``, ``ms``."""

    kind: str
    title: str
    higher_is_better: bool


@dataclass(frozen=True)
class Spanner:
    """A data set and its columns."""

    name: str
    title: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Row:
    """A cell and its entries, one for each column of each spanner, from left to right."""

    label: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Footnote:
    """A mark (a dagger or letters) and what it means."""

    mark: str
    text: str


@dataclass(frozen=True)
class Board:
    """The board of the latency columns, and how their latencies were obtained: quantised models in integers."""

    name: str
    title: str
    formats: tuple[str, ...]
    methods: tuple[str, ...]

    @property
    def format(self) -> str:
        """The numeric format, or all that there are."""
        return " or ".join(self.formats)

    @property
    def method(self) -> str:
        """How latencies were obtained."""
        return " or ".join(METHODS.get(each, each) for each in self.methods)


@dataclass(frozen=True)
class Table:
    """The comparison table."""

    name: str
    caption: str
    spanners: tuple[Spanner, ...]
    rows: tuple[Row, ...]
    footnotes: tuple[Footnote, ...] = ()
    board: Board | None = None
    general: tuple[str, ...] = field(default=())
    """Remarks without a mark."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, from left to right."""
        return tuple(column for spanner in self.spanners for column in spanner.columns)


def build(
    name: str, runs: pd.DataFrame, summary: pd.DataFrame, board: str | None = None, general: Iterable[str] = ()
) -> Table:
    """The table of a grid.

    Args:
        name: of the grid.
        runs: from :func:`bench.report.frame.runs_frame`.
        summary: of those runs, from :func:`bench.report.frame.summary`.
        board: whose latency to show; by default the one that most models fit, the first of them.
        general: remarks to print below.

    Raises:
        RnnbenchError: when no run has a latency on that board.
    """
    shown = _choose(runs, summary, board)
    lines = plain(summary)
    order = _row_order(lines)
    sets = {line["data"]: line for line in lines}
    spanners = tuple(_spanner(line, shown) for line in sets.values())
    notes = Notes()
    attempts = plain(runs.drop_duplicates("id"))
    entries = {
        label: [e for data in sets for e in _entries(lines, attempts, data, label, shown, notes)] for label in order
    }
    columns = [column for spanner in spanners for column in spanner.columns]
    done = [finish([entries[label][i] for label in order], column) for i, column in enumerate(columns)]
    rows = tuple(Row(label, tuple(column[at] for column in done)) for at, label in enumerate(order))
    footnotes = tuple(Footnote(mark, text) for mark, text in notes.listed())
    return Table(name, caption(name, lines, shown), spanners, rows, footnotes, shown, tuple(general))


def _choose(runs: pd.DataFrame, summary: pd.DataFrame, board: str | None) -> Board | None:
    """The board to show; ``None`` when no run has a latency."""
    seen = plain(runs.dropna(subset=["board"]).drop_duplicates(["board", "format", "method"]))
    if board is not None:
        seen = [row for row in seen if row["board"] == board]
        if not seen:
            known = sorted({str(name) for name in runs["board"].dropna()})
            raise RnnbenchError(f"no run has a latency on board {board!r}{nearest(board, known)}")
    if not seen:
        return None

    def fitting(name: str) -> int:
        lines = summary[summary["board"] == name]
        return int((lines["fits_flash"].fillna(False) & lines["fits_ram"].fillna(False)).sum())

    chosen = max(dict.fromkeys(row["board"] for row in seen), key=fitting)  # the first of equals
    routes = [row for row in seen if row["board"] == chosen]
    formats, methods = (tuple(sorted({row[key] for row in routes})) for key in ("format", "method"))
    return Board(chosen, routes[0]["board_title"], formats, methods)


def _row_order(lines: Sequence[dict[str, Any]]) -> list[str]:
    """Labels by mean KB, smallest first; cells without a finished run last."""
    sizes: dict[str, dict[str, float]] = {}
    for line in lines:
        found = sizes.setdefault(line["label"], {})
        if line["kb"] is not None:
            found[line["data"]] = line["kb"]
    mean = {label: sum(found.values()) / len(found) if found else math.inf for label, found in sizes.items()}
    return sorted(mean, key=lambda label: (mean[label], label))


def _spanner(line: dict[str, Any], board: Board | None) -> Spanner:
    percent = is_percent(line["metric"])
    quality = Column("quality", "accuracy (%)" if percent else line["metric"], line["higher_is_better"] is not False)
    columns = [quality, Column("kb", "KB", False)]
    if metric(line) == "perplexity":
        columns.append(Column("kb_in_all", "KB in all", False))
    if board is not None:
        columns.append(Column("ms", "ms", False))
    return Spanner(line["data"], line["data_title"], tuple(columns))


def _entries(
    lines: Sequence[dict[str, Any]],
    attempts: Sequence[dict[str, Any]],
    data: str,
    label: str,
    board: Board | None,
    notes: Notes,
) -> list[Entry]:
    """The entries of one row under one data set, before the columns are compared and printed."""
    own = [line for line in lines if line["data"] == data and line["label"] == label]
    of_data = [run for run in attempts if run["data"] == data]
    word, why = explain_runs([run for run in of_data if run["label"] == label], of_data)
    marks = (notes.mark(why),) if why else ()
    line = own[0]
    empty = Entry("-")
    sizes = ["kb", "kb_in_all"] if metric(line) == "perplexity" else ["kb"]
    if not line["n"]:
        return [Entry(word, marks=marks), *(empty for _ in sizes), *([empty] if board else [])]
    scale = 100 if is_percent(line["metric"]) else 1
    if is_percent(line["metric"]):
        daggered, some = explain_majority(line, [run for run in of_data if run["label"] == label])
        if daggered:
            notes.dagger(daggered)
            marks = (DAGGER, *marks)
        elif some:
            marks = (*marks, notes.mark(some))
    quality = number(line[f"{metric(line)}_mean"], line[f"{metric(line)}_sd"], line["n"], scale, marks)
    found = [quality, *(number(line[size], None, line["n"]) for size in sizes)]
    if board is not None:
        at = next((each for each in own if each["board"] == board.name), None)
        reason = explain_latency(at, board.title)
        if at is None or reason:
            found.append(Entry("-", marks=(notes.mark(reason),)))
        else:
            several = (notes.mark(f"in {at['format']}"),) if len(board.formats) > 1 else ()
            found.append(number(at["ms"], None, line["n"], marks=several))
    return found


def number(mean: float | None, sd: float | None, n: int, scale: float = 1, marks: tuple[str, ...] = ()) -> Entry:
    """An entry to be printed by :func:`finish`; a dash where there is no number."""
    if mean is None:
        return Entry("-", marks=marks)
    return Entry("", mean * scale, None if sd is None else sd * scale, n, marks=marks)


def finish(column: Sequence[Entry], of: Column, best: bool = True) -> list[Entry]:
    """Prints the numbers of a column alike, and finds the best where that is asked: those that print as it does."""
    numbers = [entry.mean for entry in column if entry.mean is not None]
    if not numbers:
        return list(column)
    places = 2 if of.kind == "quality" else _places(min(map(abs, numbers)))
    top = f"{(max if of.higher_is_better else min)(numbers):.{places}f}"
    return [
        entry
        if entry.mean is None
        else replace(entry, text=_text(entry, places), best=best and f"{entry.mean:.{places}f}" == top)
        for entry in column
    ]


def _text(entry: Entry, places: int) -> str:
    spread = "" if entry.sd is None else f" ± {entry.sd:.{places}f}"
    return f"{entry.mean:.{places}f}{spread}"


def _places(smallest: float) -> int:
    """Decimal places that leave the smallest number of a column two figures or more."""
    return 0 if smallest >= 100 else 1 if smallest >= 1 else 2 if smallest >= 0.1 else 3
