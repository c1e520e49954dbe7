"""Ours beside the paper's in one table: every row of every grid that has a published figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from bench.report.entries import entries
from bench.report.notes import Notes, explain_majority
from bench.report.rows.published import Target, target
from bench.report.rows.results import Results
from bench.report.rows.short import told_names
from bench.report.rows.summary import Summary
from bench.report.rows.words import optimiser
from bench.report.statistics import Interval
from bench.report.table import Column, Entry, Row, Table, as_printed, between, number, typeset

_STUB = tuple(Column(title, align="left") for title in ("Data", "Row", "the paper's", "Grid"))
_PLACES = 2
_COLUMNS = (
    Column("optimiser", align="left"),
    Column("ours", places=_PLACES),
    Column("n", places=0),
    Column("paper", places=_PLACES),
    Column("difference", places=_PLACES),
    Column("95 % interval", align="right"),
    Column("KB"),
    Column("paper KB"),
)
_CAPTION = (
    "Ours beside what is printed, of every row that has a published figure: test accuracy in %, or perplexity, of "
    "which less is better; mean ± sample standard deviation over n seeds. Difference: ours less the paper's; its "
    "interval is Student's, of our seeds alone, for a paper prints one figure. Footnotes say what of data and "
    "protocol is not the paper's, which runs are missing, and what fell apart. A training that several grids have "
    "stands once."
)


class _Found(NamedTuple):
    """A row, what is published of it, and the grids that have it."""

    summary: Summary
    target: Target
    name: str
    grids: list[str]


def table(folders: Sequence[Results]) -> Table:
    """Returns a row for each configuration that has finished runs and a published figure, by data set and grid."""
    found: dict[frozenset[tuple[str, float | None]], _Found] = {}
    for results in folders:
        names = told_names(results)
        for summary in results.summaries:
            own = target(summary) if summary.n else None
            if own is not None:
                done = (run for run in summary.runs if run.done)
                same = frozenset((run.record.id, run.figures.get(summary.data.quality)) for run in done)
                row = found.setdefault(same, _Found(summary, own, names[summary.label], []))
                row.grids.append(results.name)
    notes = Notes()
    ordered = sorted(found.values(), key=lambda row: row.summary.data.title)
    rows = tuple(_row(row, notes) for row in ordered)
    caveats = tuple(dict.fromkeys(caveat for row in ordered for caveat in row.target.caveats))
    return typeset(Table("side-by-side", _CAPTION, _COLUMNS, rows, notes.listed(), caveats, _STUB))


def _row(found: _Found, notes: Notes) -> Row:
    summary, own = found.summary, found.target
    ours, kb = entries(summary, [summary.data.quality, "kb"], notes)
    majority, some = explain_majority(summary)
    ours = replace(ours, marks=(*(notes.dagger(majority) if majority else ()), *ours.marks, *notes.mark(some)))
    apart = "; ".join(own.differences)
    said = f"{own.paper}, {own.where}; {f'not the same protocol: {apart}' if apart else 'its protocol'}"
    difference = None if ours.mean is None else ours.mean - own.value
    cells = (
        Entry(optimiser(summary.runs[0].record.spec)),
        ours,
        number(len(summary.scores)),
        replace(number(own.value), marks=notes.mark(said)),
        number(difference),
        _interval(difference, summary.half_interval),
        kb,
        as_printed(own.kb),
    )
    return Row((summary.data.title, found.name, own.method, ", ".join(dict.fromkeys(found.grids))), cells)


def _interval(middle: float | None, half: float | None) -> Entry:
    return between(None if middle is None or half is None else Interval(middle - half, middle + half))
