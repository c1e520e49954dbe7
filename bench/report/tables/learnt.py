"""What cells learnt for alpha and beta, against the number of steps, in the form of Table 7 of the FastGRNN paper.

The paper's figure stands beside a row on its own data set at its number of steps (NeurIPS 2018, appendix).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from bench.report.caption import seeds
from bench.report.rows.learnt import alpha_beta, error, printed, ratio
from bench.report.rows.results import Results
from bench.report.rows.short import row_legend, row_names
from bench.report.rows.summary import DataSet
from bench.report.statistics import deviation, mean
from bench.report.table import DASH, Column, Entry, Row, Spanner, Table, number, typeset

_OURS, _PAPER = Spanner("ours", "ours"), Spanner("paper", "the paper's Table 7")
_COLUMNS = (
    *(Column(title, _OURS, places=4) for title in ("alpha", "beta", "alpha/beta")),
    Column("error (%)", _OURS, places=2),
)
_BESIDE = tuple(Column(title, _PAPER, places=4) for title in ("alpha", "beta"))
_STUB = tuple(Column(title, align="left") for title in ("Data", "Row", "T"))


def table(results: Results) -> Table | None:
    """A row for every row of the grid whose cell learnt alpha and beta freely, the longest sequences first.

    ``None`` where no cell did.
    """
    found = [(row, known) for row in results.summaries if row.data.facts and (known := alpha_beta(row))]
    if not found:
        return None
    shown = [row for row, _ in found]
    names, said = row_names(results, shown), row_legend(results, shown)
    found.sort(key=lambda own: (own[0].data.name.partition(" ")[0], -_steps(own[0].data), own[0].label))
    beside = [_printed(row.data) for row, _ in found]
    rows = [
        Row(
            (row.data.title, names[row.label], str(_steps(row.data))),
            (*_entries(known), *(_beside(own) if any(beside) else ())),
        )
        for (row, known), own in zip(found, beside, strict=True)
    ]
    caption = (
        f"{results.name}: what cells learnt for alpha and beta, {seeds(shown)}. T: steps of a "
        "sequence. Error: how far beta is from 1 - alpha, in percent of that."
    )
    columns = (*_COLUMNS, *(_BESIDE if any(beside) else ()))
    return typeset(Table(f"{results.name}-learnt", caption, columns, tuple(rows), notes=said, stub=_STUB))


def _steps(data: DataSet) -> int:
    return data.facts.steps if data.facts else 0


def _printed(data: DataSet) -> Mapping[str, float] | None:
    """Returns the paper's row for a data set at its number of steps."""
    return next((row for row in printed(data) if row["steps"] == _steps(data)), None)


def _beside(printed: Mapping[str, float] | None) -> tuple[Entry, Entry]:
    return (number(printed["alpha"]), number(printed["beta"])) if printed else (DASH, DASH)


def _entries(known: Sequence[tuple[float, float]]) -> tuple[Entry, ...]:
    """Returns means over the seeds; a dash where a seed has no such number."""
    figures = zip(*((*own, ratio(*own), error(*own)) for own in known), strict=True)
    return tuple(
        DASH if any(map(math.isnan, values)) else number(mean(values), deviation(values), len(values))
        for values in figures
    )
