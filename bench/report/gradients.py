"""Reads ``gradients.json`` of finished runs."""

from __future__ import annotations

from collections.abc import Iterator

from bench.record import gradients
from bench.record.gradients import Gradients
from bench.report.summary import Run, Summary


def measured(row: Summary) -> Iterator[tuple[Run, Gradients]]:
    """Yields the finished runs of a row that have measured gradients, with them."""
    for run in row.runs:
        found = gradients.read(run.record.folder) if run.done and run.record.folder else None
        if found:
            yield run, found


def conditions(row: Summary) -> dict[int, float]:
    """Returns by seed the log10 of the condition number from the first state to the last, after training.

    A seed whose Jacobians are singular has none.
    """
    found = ((run.seed, own.end.log10_condition[-1]) for run, own in measured(row))
    return {seed: value for seed, value in found if value is not None}
