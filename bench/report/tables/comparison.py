"""The comparison: rows are cells, spanners data sets, and under each stand the quality, the size and the latency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from bench.report.beside import Beside
from bench.report.board import Board
from bench.report.caption import caption
from bench.report.entries import entries
from bench.report.likeness import packed
from bench.report.notes import STALE, Notes, explain_latency, explain_majority, explain_unstarted
from bench.report.results import Results
from bench.report.standing import Standing, explain, standing, unlike_rows
from bench.report.summary import DataSet, Summary
from bench.report.table import DASH, Column, Entry, Row, Spanner, Table, number, typeset
from bench.status import Status


def table(results: Results) -> Table | None:
    """The table of a grid, rows by size; ``None`` without records."""
    if not results.records:
        return None
    board, notes, published = results.board, Notes(), Beside(results.summaries)
    columns = tuple(column for data in results.data_sets for column in _columns(data, board, published))
    standings = {data.name: standing(data, results.rows_on(data)) for data in results.data_sets}
    rows = []
    for label in results.by_size:
        summaries = [results.summary(data, label) for data in results.data_sets]
        parts = (_entries(summary, standings[summary.data.name], board, published, notes) for summary in summaries)
        rows.append(Row((label,), tuple(chain.from_iterable(parts))))
    title = f"{caption(results.name, results.summaries, board)} {explain([*standings.values()])}"
    remarks = (*_remarks(results), *published.remarks())
    return typeset(Table(results.name, title, columns, tuple(rows), notes.listed(), remarks))


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


def _remarks(results: Results) -> Iterator[str]:
    """Yields what hinders a comparison: rows that are not alike, data that changed, latencies stale or missing."""
    yield from results.remarks
    if results.unstarted:
        yield explain_unstarted(results.unstarted)
    if results.board is not None and results.board.stale:
        yield f"Every latency is {STALE}."
    done = [record for record in results.records if record.status is Status.DONE]
    prints: dict[str, set[str]] = {}
    for record in done:
        if record.data is not None:
            prints.setdefault(record.data.title, set()).add(record.data.fingerprint)
    for title, versions in sorted(prints.items()):
        if len(versions) > 1:
            yield f"Not comparable throughout: runs on {title} saw {len(versions)} different versions of the data."
    for data in results.data_sets:
        yield from unlike_rows(data, results.rows_on(data))
    if together := packed(done):
        yield together
    if not any(record.latency for record in done):
        for reason in sorted({record.latency_reason for record in done if record.latency_reason}):
            yield f"No latency: {reason}."
