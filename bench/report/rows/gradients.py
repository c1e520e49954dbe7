"""What was measured of gradients, over the seeds of a row."""

from __future__ import annotations

from bench.report.rows.summary import Summary


def conditions(row: Summary) -> dict[int, float]:
    """Returns by seed the log10 of the condition number from the first state to the last, after training.

    A seed whose Jacobians are singular has none.
    """
    found = ((run.seed, own.end.log10_condition[-1]) for run, own in row.gradients)
    return {seed: value for seed, value in found if value is not None}
