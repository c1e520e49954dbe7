"""Chooses a configuration for every group of trials, on validation data, and makes the final runs of it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.data import resolved
from bench.record import Record
from bench.search.trials import Trial
from bench.spec import Grid, RunSpec
from bench.status import Status


@dataclass(frozen=True)
class Score:
    """A trial's outcome on validation data.

    Attributes:
        trial: the trial.
        metric: the mean of the task's metric over its seeds; ``None`` when a run of it failed.
        sd: sample standard deviation; 0 for one seed.
        rank: for sorting, the best first.
        epochs: the mean best epoch, rounded.
    """

    trial: Trial
    metric: float | None
    sd: float
    rank: tuple[float, float, int]
    epochs: int


def is_over(trials: Iterable[Trial], records: Mapping[str, Record]) -> bool:
    """Returns whether every run of a search has ended, well or not."""
    ended = (Status.DONE, Status.FAILED)
    return all(spec.id in records and records[spec.id].status in ended for trial in trials for spec in trial.runs)


def best(trials: Sequence[Trial], records: Mapping[str, Record]) -> dict[str, list[Score]]:
    """Returns the scores of every group's trials, the best first.

    Best is the best mean validation metric, then the lowest mean loss, then the first draw. A trial with a run that
    failed (its training diverged) comes after all others.
    """
    scores: dict[str, list[Score]] = {}
    for trial in trials:
        scores.setdefault(trial.group, []).append(_score(trial, [records[spec.id] for spec in trial.runs]))
    return {group: sorted(found, key=lambda score: score.rank) for group, found in scores.items()}


def _score(trial: Trial, records: Sequence[Record]) -> Score:
    results = [(record.result, record.data) for record in records if record.status is Status.DONE]
    if len(results) < len(records):
        return Score(trial, None, 0.0, (math.inf, math.inf, trial.number), 0)
    metrics, losses, epochs = [], [], []
    sign = 1.0
    for result, data in results:
        assert result is not None and data is not None and result.validation_loss is not None  # noqa: S101, PT018
        metrics.append(result.of(data.metric, "validation"))
        losses.append(result.validation_loss)
        epochs.append(result.best_epoch)
        sign = -1.0 if data.higher_is_better else 1.0
    mean = statistics.fmean(metrics)
    rank = (sign * mean, statistics.fmean(losses), trial.number)
    sd = statistics.stdev(metrics) if len(metrics) > 1 else 0.0
    return Score(trial, mean, sd, rank, round(statistics.fmean(epochs)))


def final_runs(grid: Grid, trial: Trial, epochs: int) -> tuple[RunSpec, ...]:
    """Returns the runs with the chosen configuration.

    Args:
        grid: with ``final``.
        trial: that was chosen.
        epochs: its mean best epoch.
    """
    final = grid.final
    if final is None:
        return ()
    held: dict[str, Any] = {**final.set, "split.train_on": final.train_on}
    if final.train_on == "train+validation":
        held |= {"train.select": "last", "train.patience": None}
        if final.epochs == "as chosen":
            held["train.stop_after"] = epochs
    return tuple(
        resolved(grid.with_settings(trial.raw, {**trial.settings, **held, "seed": seed})) for seed in final.seeds
    )
