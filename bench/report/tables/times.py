"""Minutes of training beside those that a paper prints, such as Tables 2 and 3 of FastGRNN (NeurIPS 2018)."""

from __future__ import annotations

from itertools import chain

from bench.report.rows.published import Target, target
from bench.report.rows.results import Results
from bench.report.rows.summary import DataSet, Summary
from bench.report.table import DASH, Column, Entry, Row, Spanner, Table, number, typeset


def table(results: Results) -> Table | None:
    """The rows that have a published time on some data set, by size; ``None`` where none has."""
    pairs = [(row, own) for row in results.summaries if row.n and (own := target(row)) is not None]
    found = {(row.data.name, row.label): own for row, own in pairs if own.minutes is not None}
    data_sets = [data for data in results.data_sets if any(name == data.name for name, _ in found)]
    labels = [label for label in results.by_size if any(label == own for _, own in found)]
    if not found:
        return None
    rows = []
    for label in labels:
        parts = (_entries(results.summary(data, label), found.get((data.name, label))) for data in data_sets)
        rows.append(Row((label,), tuple(chain.from_iterable(parts))))
    columns = tuple(chain.from_iterable(map(_columns, data_sets)))
    where = ", ".join(dict.fromkeys(f"{own.paper}, {own.where}, on {own.machine}" for own in found.values()))
    notes = (
        f"Paper: {where}. Machines differ, and so may epochs: only the ratios of a column's rows can be held against "
        "the paper's.",
    )
    caption = (
        f"{results.name}: minutes of training, ours and published. Ours: wall time, mean over seeds, of machines that "
        "may have done other work, too."
    )
    return typeset(Table(f"{results.name}-times", caption, columns, tuple(rows), notes=notes))


def _columns(data: DataSet) -> tuple[Column, ...]:
    spanner = Spanner(data.name, data.title)
    return Column("min", spanner, "minutes"), Column("paper min", spanner)


def _entries(summary: Summary, published: Target | None) -> tuple[Entry, ...]:
    """Returns our minutes and the paper's, each a dash where there are none."""
    ours = number(summary.mean("minutes"), n=summary.n) if summary.n else DASH
    return ours, DASH if published is None else number(published.minutes)
