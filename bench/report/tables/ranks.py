"""The average rank of every cell over the data sets, with what so few data sets can show (``docs/statistics.md``)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.report.conditions import number_format
from bench.report.likeness import varying
from bench.report.results import Results
from bench.report.statistics import rank
from bench.report.summary import DataSet, Summary
from bench.report.table import Column, Row, Table, number, typeset

_FEWEST = 3
"""Data sets below which there is no such table."""
_STUB = (Column("Format", align="left"), Column("Cell", align="left"))
_COLUMNS = (Column("average rank", name="rank", places=2), Column("best", places=0))


def table(results: Results) -> Table | None:
    """The table of the rows that have finished runs on every data set; ``None`` below three data sets or two rows."""
    data = results.data_sets
    rows = [(label, [results.summary(one_set, label) for one_set in data]) for label in results.by_size]
    whole = [(label, own) for label, own in rows if all(summary.n for summary in own)]
    lines: list[Row] = []
    notes: list[str] = []
    for format in ("float32", "int8"):
        group = [(label, own) for label, own in whole if _formats(own) == {format}]
        if len(data) >= _FEWEST and len(group) > 1:
            made, said = _group(format, data, group)
            lines += made
            notes += said
    if not lines:
        return None
    caption = _caption(results, data)
    return typeset(Table(f"{results.name}-ranks", caption, _COLUMNS, tuple(lines), (), tuple(notes), _STUB))


def _formats(own: Sequence[Summary]) -> set[str]:
    return {number_format(run.record) for summary in own for run in summary.runs if run.done}


def _group(
    format: str, data: Sequence[DataSet], group: Sequence[tuple[str, Sequence[Summary]]]
) -> tuple[list[Row], list[str]]:
    """Returns the rows of a number format, and what its ranks show."""
    scores = np.array(
        [
            [(1 if each.upwards else -1) * (own[at].mean(each.quality) or 0.0) for _, own in group]
            for at, each in enumerate(data)
        ]
    )
    found = rank(scores)
    first = (scores == scores.max(axis=1, keepdims=True)).sum(axis=0)
    lines = [
        Row((format, label), (number(average, n=1), number(int(times), n=1)))
        for (label, _), average, times in zip(group, found.average, first, strict=True)
    ]
    said = f"{format}: Friedman's chi-square {found.statistic:.2f}, p {found.p:.2g}; Nemenyi's critical difference "
    notes = [said + f"{found.critical_difference:.2f}.", *([f"{found.warning}."] if found.warning else [])]
    for at, each in enumerate(data):
        if different := varying([own[at] for _, own in group]):
            notes.append(f"{format}, {each.title}: rows differ in {', '.join(different)}.")
    return lines, notes


def _caption(results: Results, data: Sequence[DataSet]) -> str:
    titles = ", ".join(one_set.title for one_set in data)
    return (
        f"{results.name}: average ranks over {len(data)} data sets ({titles}), 1 the best, of mean test scores among "
        "the rows of one number format that are there on all of them; best: on how many it is first. Two cells whose "
        "average ranks differ by less than the critical difference are not told apart at 5 %; it depends on the cells "
        "in the pool."
    )
