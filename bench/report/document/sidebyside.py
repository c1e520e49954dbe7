"""Ours beside the paper's in one table: every row of every grid that has a published figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.report.entries import entries
from bench.report.notes import Notes
from bench.report.published import Target, target
from bench.report.results import Results
from bench.report.short import row_names
from bench.report.summary import Summary
from bench.report.table import DASH, Column, Entry, Row, Table, number, typeset

_STUB = tuple(Column(title, align="left") for title in ("Data", "Row", "Grid"))
_COLUMNS = (
    Column("ours", places=2),
    Column("n", places=0),
    Column("paper", places=2),
    Column("difference", places=2),
    Column("95 % interval", align="right"),
    Column("KB"),
    Column("paper KB"),
)
_CAPTION = (
    "Ours beside what is printed, of every row whose data are a paper's own and whose method has a figure there: test "
    "accuracy in % or perplexity, mean ± sample standard deviation over n seeds. Difference: ours less the paper's; "
    "its interval is Student's, of our seeds alone, for a paper prints one figure. Footnotes: what of our protocol is "
    "not the paper's, and which training fell apart."
)


def table(folders: Sequence[Results]) -> Table:
    """Returns a row for each configuration of each folder that has finished runs and a published figure."""
    notes, rows = Notes(), []
    for results in folders:
        names = row_names(results)
        for summary in results.summaries:
            own = target(summary) if summary.n else None
            if own is not None:
                labels = (summary.data.title, names[summary.label], results.name)
                rows.append(Row(labels, _entries(summary, own, notes)))
    rows.sort(key=lambda row: row.labels[0])
    return typeset(Table("side-by-side", _CAPTION, _COLUMNS, tuple(rows), notes.listed(), stub=_STUB))


def _entries(summary: Summary, own: Target, notes: Notes) -> tuple[Entry, ...]:
    ours, kb = entries(summary, [summary.data.quality, "kb"], notes)
    difference = (ours.mean or 0.0) - own.value
    apart = "; ".join(own.differences)
    said = f"{own.paper}, {own.where}; {f'not the same protocol: {apart}' if apart else 'its protocol'}"
    return (
        ours,
        number(summary.n),
        replace(number(own.value), marks=notes.mark(said)),
        number(difference),
        _interval(difference, summary.half_interval),
        kb,
        number(own.kb),
    )


def _interval(middle: float, half: float | None) -> Entry:
    return DASH if half is None else Entry(f"{middle - half:.2f} to {middle + half:.2f}")
