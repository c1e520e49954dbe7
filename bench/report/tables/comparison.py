"""The comparison: rows are cells, spanners data sets, and under each stand the quality, the size and the latency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.record import Record
from bench.report.board import Board
from bench.report.caption import caption
from bench.report.entries import entries
from bench.report.notes import STALE, Notes, explain_latency, explain_majority
from bench.report.results import Results
from bench.report.summary import DataSet, Summary
from bench.report.table import DASH, Column, Entry, Row, Spanner, Table, number, typeset
from bench.status import Status


def table(results: Results) -> Table | None:
    """The table of a grid, rows by size; ``None`` without records."""
    if not results.records:
        return None
    board, notes = results.board, Notes()
    columns = tuple(column for data in results.data_sets for column in _columns(data, board))
    rows = []
    for label in results.by_size:
        summaries = [results.summary(data, label) for data in results.data_sets]
        rows.append(Row((label,), tuple(entry for found in summaries for entry in _entries(found, board, notes))))
    title = caption(results.name, results.summaries, board)
    return typeset(
        Table(results.name, title, columns, tuple(rows), notes.listed(), tuple(_remarks(results.records, board)))
    )


def _columns(data: DataSet, board: Board | None) -> list[Column]:
    spanner = Spanner(data.name, data.title)
    columns = [
        Column(data.quality_title, spanner, data.quality, "high" if data.upwards else "low", places=2),
        Column("KB", spanner, "kb", "low"),
    ]
    if data.quality == "perplexity":
        columns.append(Column("KB in all", spanner, "kb_in_all", "low"))
    if board is not None:
        columns.append(Column("ms", spanner, "ms", "low"))
    return columns


def _entries(summary: Summary, board: Board | None, notes: Notes) -> list[Entry]:
    """Returns the entries of a row under one data set, before the columns are compared and printed."""
    names = [column.name for column in _columns(summary.data, None)]
    quality, *sizes = entries(summary, names, notes)
    if summary.n and summary.data.percent:
        quality = _mark_majority(quality, summary, notes)
    return [quality, *sizes, *([] if board is None else [_latency(summary, board, notes)])]


def _mark_majority(quality: Entry, summary: Summary, notes: Notes) -> Entry:
    daggered, some = explain_majority(summary)
    marks = (*notes.dagger(daggered), *quality.marks) if daggered else (*quality.marks, *notes.mark(some))
    return replace(quality, marks=marks)


def _latency(summary: Summary, board: Board, notes: Notes) -> Entry:
    if not summary.n:
        return DASH
    latency = summary.latency(board.name)
    reason = explain_latency(summary, board)
    if latency is None or reason:
        return replace(DASH, marks=notes.mark(reason))
    marks = notes.mark(f"in {latency.format}" if latency.format != board.format else "")
    marks += notes.mark(STALE if latency.stale and not board.stale else "")
    return replace(number(latency.mean("ms"), n=summary.n), marks=marks)


def _remarks(records: Sequence[Record], board: Board | None) -> Iterator[str]:
    """Yields what hinders a comparison: data that changed between runs, latencies that are stale or missing."""
    if board is not None and board.stale:
        yield f"Every latency is {STALE}."
    prints: dict[str, set[str]] = {}
    for record in records:
        if record.status is Status.DONE and record.data is not None:
            prints.setdefault(record.data.title, set()).add(record.data.fingerprint)
    for title, versions in sorted(prints.items()):
        if len(versions) > 1:
            yield f"Not comparable throughout: runs on {title} saw {len(versions)} different versions of the data."
    done = [record for record in records if record.status is Status.DONE]
    if not any(record.latency for record in done):
        for reason in sorted({record.latency_reason for record in done if record.latency_reason}):
            yield f"No latency: {reason}."
