"""The numbers alpha and beta that cells learnt, and those that the FastGRNN paper prints of its own (Table 7)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from bench.report.rows.published import book
from bench.report.rows.summary import DataSet, Summary


def alpha_beta(row: Summary) -> list[tuple[float, float]]:
    """Returns alpha and beta of the finished runs of a row that learnt both; none where one is tied or held."""
    free = (run.record for run in row.runs if run.done and not run.record.spec["cell"].get("hold"))
    learnt = (record.result.learnt or {} for record in free if record.result)
    return [(own["alpha"], own["beta"]) for own in learnt if {"alpha", "beta"} <= own.keys()]


def ratio(alpha: float, beta: float) -> float:
    """Returns alpha by beta; not a number where beta is zero."""
    return alpha / beta if beta else math.nan


def error(alpha: float, beta: float) -> float:
    """Returns by how many percent beta is not 1 - alpha; not a number where alpha is 1."""
    return 100 * abs(beta - 1 + alpha) / (1 - alpha) if alpha != 1 else math.nan


def printed(data: DataSet) -> Sequence[Mapping[str, float]]:
    """Returns the rows of Table 7 on a data set, at any number of steps; none on one that the paper has not."""
    names = {own["data"]: own["dataset"] for own in book()["data_sets"]}
    name = names.get(data.name.partition(" ")[0])
    return [row for row in book()["table_7"]["rows"] if row["dataset"] == name]
