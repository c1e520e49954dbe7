"""The entries of a row under one data set: what the comparison, the ladder and a study have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.report.comparing.fallen import fallen
from bench.report.comparing.likeness import mixed
from bench.report.notes import MOVED, Notes, explain_runs
from bench.report.rows.summary import SHARES, Summary
from bench.report.table import DASH, Entry, number


def entries(summary: Summary | None, names: Sequence[str], notes: Notes) -> list[Entry]:
    """Returns an entry for each figure: its mean and deviation.

    Where no run is done, the first entry is the word for that. Its footnotes say which runs are missing and why, in
    what those behind the mean differ that should differ in their seeds alone, and which fell apart in training.

    Args:
        summary: the runs of the row on the data set; ``None`` for a row that has none by intent.
        names: of figures of the summary, at least one.
        notes: of the table.
    """
    if summary is None:
        return [DASH] * len(names)
    word, why = explain_runs(summary)
    if summary.n:
        first, *rest = (number(summary.mean(name), summary.sd(name), summary.n, _scale(name)) for name in names)
    else:
        first, *rest = Entry(word), *[DASH] * (len(names) - 1)
    marks = (MOVED,) if summary.moved and summary.n else ()
    more = (mark for text in (why, mixed(summary), fallen(summary)) for mark in notes.mark(text))
    return [replace(first, marks=(*marks, *more)), *rest]


def _scale(name: str) -> int:
    """Returns 100 for shares, which are printed in %."""
    return 100 if name.endswith(SHARES) else 1
