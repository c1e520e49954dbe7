"""The average rank of every cell over the data sets, with what so few data sets can show (``docs/statistics.md``)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.report.comparing.likeness import varying
from bench.report.rows.conditions import number_format
from bench.report.rows.results import Results
from bench.report.rows.summary import DataSet, Summary
from bench.report.statistics import rank
from bench.report.table import Column, Row, Table, number, typeset

_FEWEST = 3
"""Data sets below which there is no such table."""
_STUB = (Column("Format", align="left"), Column("Cell", align="left"))
_COLUMNS = (Column("average rank", name="rank", places=2), Column("best", places=0))


def table(results: Results) -> Table | None:
    """The table of the rows that have finished runs on every data set; ``None`` below three data sets or two rows.

    A data set under several options, such as its foldings, is one.
    """
    data, sets = results.data_sets, _sets(results.data_sets)
    rows = [(label, [results.summary(one_set, label) for one_set in data]) for label in results.by_size]
    whole = [(label, own) for label, own in rows if all(summary.n for summary in own)]
    lines: list[Row] = []
    notes: list[str] = []
    for format in ("float32", "int8"):
        group = [(label, own) for label, own in whole if _formats(own) == {format}]
        if len(sets) >= _FEWEST and len(group) > 1:
            made, said = _group(format, data, group)
            lines += made
            notes += said
    if not lines:
        return None
    caption = _caption(results, sets)
    return typeset(Table(f"{results.name}-ranks", caption, _COLUMNS, tuple(lines), (), tuple(notes), _STUB))


def _sets(data: Sequence[DataSet]) -> list[list[int]]:
    """Returns the places of the data sets that differ in their options alone, together."""
    found: dict[str, list[int]] = {}
    for at, each in enumerate(data):
        found.setdefault(each.name.partition(" ")[0], []).append(at)
    return [*found.values()]


def _formats(own: Sequence[Summary]) -> set[str]:
    return {number_format(run.record) for summary in own for run in summary.runs if run.done}


def _group(
    format: str, data: Sequence[DataSet], group: Sequence[tuple[str, Sequence[Summary]]]
) -> tuple[list[Row], list[str]]:
    """Returns the rows of a number format, and what its ranks show."""
    every = np.array(
        [
            [(1 if each.upwards else -1) * (own[at].mean(each.quality) or 0.0) for _, own in group]
            for at, each in enumerate(data)
        ]
    )
    scores = np.array([every[places].mean(axis=0) for places in _sets(data)])
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


def _caption(results: Results, sets: Sequence[Sequence[int]]) -> str:
    titles = ", ".join(" with ".join(results.data_sets[at].title for at in places) for places in sets)
    pooled = " Options of one data set count as one, by their mean." if any(len(places) > 1 for places in sets) else ""
    return (
        f"{results.name}: average ranks over {len(sets)} data sets ({titles}), 1 the best, of mean test scores among "
        f"the rows of one number format that are there on all of them; best: on how many it is first.{pooled} Two "
        "cells whose average ranks differ by less than the critical difference are not told apart at 5 %; it depends "
        "on the cells in the pool."
    )
