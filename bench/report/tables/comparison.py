"""The comparison: rows are cells, spanners data sets, and under each stand the quality, the size and the latency."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from bench.report.beside import Beside
from bench.report.caption import IN_ALL, KB, MS, QUALITY, caption
from bench.report.comparing.likeness import packed
from bench.report.comparing.standing import Standing, explain, standing, unlike_rows
from bench.report.entries import entries
from bench.report.notes import STALE, Notes, explain_latency, explain_majority, explain_unstarted
from bench.report.rows.board import Board
from bench.report.rows.results import Results
from bench.report.rows.summary import DataSet, Summary
from bench.report.table import DASH, Column, Entry, Row, Spanner, Table, columns_named, number, typeset


def table(results: Results) -> Table | None:
    """The table of a grid, rows by size; ``None`` without records."""
    return compared(results) if results.records else None


def compared(results: Results, wanted: Sequence[str] = (), order: Sequence[str] = ()) -> Table:
    """Returns the table of the rows that the results show, with what must be known of these and these columns alone.

    Args:
        results: with records.
        wanted: titles of columns or names of their figures; all by default.
        order: labels of the rows; by size where there is none.
    """
    board, notes, published = results.board, Notes(), Beside(results.summaries)
    every = tuple(column for data in results.data_sets for column in _columns(data, board, published))
    kept = columns_named(every, wanted)
    columns = tuple(every[at] for at in kept)
    standings = {data.name: standing(data, results.rows_on(data)) for data in results.data_sets}
    rows = []
    for label in order or results.by_size:
        summaries = [results.summary(data, label) for data in results.data_sets]
        parts = (_entries(summary, standings[summary.data.name], board, published, notes) for summary in summaries)
        entries = tuple(chain.from_iterable(parts))
        rows.append(Row((label,), tuple(entries[at] for at in kept)))
    shown = {_part(column) for column in columns}
    best = explain([*standings.values()] if QUALITY in shown else [], bool(shown & {KB, IN_ALL, MS}))
    title = f"{caption(results.name, results.summaries, board, shown, not order)} {best}".strip()
    titles = {column.title for column in columns}
    beside = published.remarks("difference" in titles) if {"paper", "paper KB", "difference"} & titles else ()
    remarks = (*_remarks(results, shown), *beside)
    return typeset(Table(results.name, title, columns, tuple(rows), notes.listed(), remarks))


def _part(column: Column) -> str:
    """Returns which of the parts that a caption explains a column is; empty for none."""
    return column.name if column.name in (KB, IN_ALL, MS) else QUALITY if column.name else ""


def _columns(data: DataSet, board: Board | None, published: Beside) -> list[Column]:
    spanner = Spanner(data.name, data.title)
    quality = Column(data.quality_title, spanner, data.quality, places=2)
    columns = [quality, *published.columns(data, spanner), Column("KB", spanner, "kb", "low")]
    if data.quality == "perplexity":
        columns.append(Column("KB in all", spanner, "kb_in_all", "low"))
    if board is not None:
        columns.append(Column("ms", spanner, "ms", "low"))
    return columns


def _entries(summary: Summary, standing: Standing, board: Board | None, published: Beside, notes: Notes) -> list[Entry]:
    """Returns the entries of a row under one data set, before the columns are compared and printed."""
    names = [summary.data.quality, "kb", *(["kb_in_all"] if summary.data.quality == "perplexity" else [])]
    quality, *sizes = entries(summary, names, notes)
    quality = replace(quality, best=summary.label in standing.best, leads=summary.label in standing.leaders)
    if summary.n and summary.data.percent:
        quality = _mark_majority(quality, summary, notes)
    return [
        quality,
        *published.entries(summary, notes),
        *sizes,
        *([] if board is None else [_latency(summary, board, notes)]),
    ]


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


def _remarks(results: Results, shown: Collection[str]) -> Iterator[str]:
    """Yields what hinders a comparison: rows that are not alike, data that changed, latencies stale or missing."""
    yield from results.remarks
    if results.unstarted:
        yield explain_unstarted(results.unstarted)
    if results.board is not None and results.board.stale and MS in shown:
        yield f"Every latency is {STALE}."
    done = [run.record for run in results.runs if run.done]
    prints: dict[str, set[str]] = {}
    for record in done:
        if record.data is not None:
            prints.setdefault(record.data.title, set()).add(record.data.fingerprint)
    for title, versions in sorted(prints.items()):
        if len(versions) > 1:
            yield f"Not comparable throughout: runs on {title} saw {len(versions)} different versions of the data."
    for data in results.data_sets if QUALITY in shown else ():
        yield from unlike_rows(data, results.rows_on(data))
    if together := packed(done):
        yield together
    if not any(record.latency for record in done):
        for reason in sorted({record.latency_reason for record in done if record.latency_reason}):
            yield f"No latency: {reason}."
