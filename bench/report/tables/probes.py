"""What ``evaluate`` of a grid measured besides accuracy: random first states, and gradients through time.

The authors of FastGRNN told their reviewers that accuracy from three random first states has a standard deviation of
.09 points; section 3.1.1 of the paper (NeurIPS 2018) bounds the condition number of FastRNN's gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.report.caption import seeds
from bench.report.rows.results import Results
from bench.report.rows.short import row_legend, row_names
from bench.report.rows.summary import Summary
from bench.report.statistics import deviation, mean
from bench.report.table import Column, Row, Spanner, Table, number, typeset

_SAID = {
    "first state": "First state: accuracy from zeros, the mean of the accuracies from a seed's random draws of "
    "N(0, 1), and their standard deviation.",
    "condition": "Condition: of the last state's Jacobian with respect to the first state, as a power of ten, the "
    "median over a few training sequences; seeds where it is singular are left out.",
}
_Figure = Callable[[Summary], Sequence[float]]


def table(results: Results) -> Table | None:
    """A row for every row of the grid that has such a figure; ``None`` where none has."""
    rows = [row for row in results.summaries if any(figure(row) for figure in _FIGURES.values())]
    used = {column: figure for column, figure in _FIGURES.items() if any(figure(row) for row in rows)}
    if not used:
        return None
    names, made = row_names(results, rows), []
    for row in rows:
        values = (figure(row) for figure in used.values())
        entries = tuple(number(mean(own), deviation(own), len(own)) for own in values)
        made.append(Row((row.data.title, names[row.label]), entries))
    said = (_SAID[name] for name in dict.fromkeys(column.spanner.name for column in used if column.spanner))
    stub = tuple(Column(title, align="left") for title in ("Data", "Row"))
    caption = " ".join([f"{results.name}: what was measured besides, {seeds(rows)}.", *said])
    return typeset(
        Table(f"{results.name}-probes", caption, tuple(used), tuple(made), notes=row_legend(results, rows), stub=stub)
    )


def _draws(row: Summary) -> list[tuple[float, ...]]:
    """Returns the accuracies from random first states, in percent, of every finished run that has some."""
    found = (run.record.result.random_h0_accuracy for run in row.runs if run.done and run.record.result)
    return [tuple(100 * value for value in own) for own in found if own]


def _from_zeros(row: Summary) -> list[float]:
    values = row.values("float_accuracy") or row.values("accuracy")
    return [100 * value for value in values] if _draws(row) else []


def _conditions(row: Summary, time: str) -> list[float]:
    found = (getattr(own, time).log10_condition[-1] for _, own in row.gradients)
    return [value for value in found if value is not None]


def _columns(title: str, *columns: tuple[str, _Figure]) -> dict[Column, _Figure]:
    return {Column(name, Spanner(title, title), places=2): figure for name, figure in columns}


_FIGURES = {
    **_columns(
        "first state",
        ("zeros (%)", _from_zeros),
        ("random (%)", lambda row: [mean(own) or 0.0 for own in _draws(row)]),
        ("sd of draws", lambda row: [sd for own in _draws(row) if (sd := deviation(own)) is not None]),
    ),
    **_columns(
        "condition",
        ("before training", lambda row: _conditions(row, "start")),
        ("after", lambda row: _conditions(row, "end")),
    ),
}
