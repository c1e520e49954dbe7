"""Short names of rows: the cell, and the letters of what it is made small by."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import count

from bench.report.labels import printable
from bench.report.results import Results
from bench.report.summary import Summary
from bench.spec import held, row_of


def short_names(summaries: Sequence[Summary]) -> dict[str, str]:
    """Returns a short name for each label: the cell and the letters of its compression.

    Labels that would share one on a data set are numbered.
    """
    own = {summary.label: _short(summary) for summary in summaries if summary.runs}
    uses = Counter((summary.data.name, own[summary.label]) for summary in summaries if summary.runs)
    shared = {name for (_, name), often in uses.items() if often > 1}
    numbers: dict[str, count[int]] = defaultdict(lambda: count(1))
    return {label: f"{name} ({next(numbers[name])})" if name in shared else name for label, name in sorted(own.items())}


def row_names(results: Results, shown: Sequence[Summary] = ()) -> dict[str, str]:
    """Returns for each label the name of its row in the study, where the grid names rows, or else its short name.

    Args:
        results: of a folder.
        shown: the rows that are to be told apart; by default all.
    """
    names = short_names(shown or results.summaries)
    if results.grid is not None and results.grid.rows:
        for row in (row for row in shown or results.summaries if row.runs):
            names[row.label] = row_of(results.grid.rows, row.runs[0].record.spec) or names[row.label]
    return names


def _short(summary: Summary) -> str:
    if summary.runs[0].record.chosen is not None:  # named by what a search chose it for
        return without_brackets(summary.label)
    letters = "" if summary.compression == "dense" else f" {summary.compression}"
    return f"{cell_of(summary)}{letters}"


def cell_of(summary: Summary) -> str:
    """Returns the cell of a row that has runs, and what of it is held and not learnt: ``FastRNN held alpha 0.3``."""
    hold = summary.runs[0].record.spec["cell"].get("hold") or {}
    return printable(" ".join(filter(None, (summary.cell, held(hold)))))


def without_brackets(label: str) -> str:
    """Returns a label whose variant stands without brackets: ``GRU LSQ, 3 KB``."""
    return label.replace("(", "").replace(")", "")
