"""Training that fell apart: runs that keep the weights of an epoch in which they fit their training data less well."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from bench.record import metrics
from bench.report.notes import name_seeds
from bench.report.rows.summary import Summary

FALL = 0.05
"""The least fall that is remarked on, as a share of the training data."""


class Course(NamedTuple):
    """The share of the training data that a run answered right while it was trained: at best, and in its last epoch."""

    best: float
    last: float


def fallen(summary: Summary) -> str:
    """Says which finished runs fell apart in training and are tested on what is left; empty where none did.

    Runs that keep their best epoch are not among them: what came after it does not count.
    """
    kept_last = (run for run in summary.runs if run.done and run.record.spec.get("train", {}).get("select") == "last")
    found = ((run.seed, course(run.record.folder)) for run in kept_last if run.record.folder is not None)
    fell = [(seed, own) for seed, own in found if own is not None and own.best - own.last > FALL - 1e-9]
    if not fell:
        return ""
    best, last = (100 * fmean(values) for values in zip(*(own for _, own in fell), strict=True))
    which = "" if len(fell) == summary.n else f" of {name_seeds({seed for seed, _ in fell})}"
    return (
        f"training{which} fell apart, and the last epoch is kept: {best:.1f} % of the training data right in the best "
        f"epoch, {last:.1f} in the last"
    )


def course(folder: Path) -> Course | None:
    """Reads ``metrics.csv`` of a classifier's run; ``None`` where it does not say.

    Only the stage of compression that the run ends in counts: entries are taken away between stages.
    """
    titles, lines = metrics(folder)
    try:
        share, stage = titles.index("train_accuracy"), titles.index("stage")
        shares = [float(line[share]) for line in lines if line[stage] == lines[-1][stage]]
    except ValueError:
        return None
    return Course(max(shares), shares[-1]) if shares else None
