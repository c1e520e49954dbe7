"""Runs, and the same gathered over seeds: the content of a table's row under one data set."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from bench.record import DataFacts, LatencyFacts, Record, gradients
from bench.record.gradients import Gradients
from bench.report.rows.conditions import Conditions, conditions
from bench.report.rows.labels import compression, data_name, hidden_size, labels
from bench.report.statistics import deviation, mean, t_interval
from bench.status import Status

SPREAD = (
    *("accuracy", "float_accuracy", "f1", "perplexity", "loss"),
    *("validation_accuracy", "validation_perplexity", "train_perplexity"),
)
"""Figures that differ from seed to seed: they have a mean and a standard deviation.

Accuracy, perplexity and loss without prefix are the test set's. Accuracy and perplexity of a quantised run are those of
its integers; ``float_accuracy`` is the same network's in float32. Tables leave out a run's ``float_perplexity``.
"""
MEANS = ("epochs", "minutes", "parameters", "nonzero", "kb", "kb_in_all")
"""Figures that have a mean: minutes of training; KB without and with an embedding and a language model's softmax."""
_BYTES_PER_NUMBER = 4
SHARES = ("accuracy", "f1")
"""The ends of the names of figures that are shares, and printed in %."""


class DataSet(NamedTuple):
    """A data set as its runs found it.

    Attributes:
        name: with the options that are not its defaults.
        title: its name, where no run opened it.
        facts: of the last run that opened it.
        quality: the metric that runs are compared by: what is reported on the data set, ``f1`` of a word among others;
            accuracy where no run opened it.
        percent: whether the metric is a share, printed in %.
        upwards: whether a higher value of the metric is better.
    """

    name: str
    title: str
    facts: DataFacts | None
    quality: str
    percent: bool
    upwards: bool

    @property
    def word(self) -> str:
        """The metric in words."""
        return "F1" if self.quality == "f1" else self.quality

    @property
    def quality_title(self) -> str:
        """The metric with its unit."""
        return f"{self.word} (%)" if self.percent else self.word

    @property
    def scale(self) -> int:
        """The factor from the metric as recorded to the metric as printed."""
        return 100 if self.percent else 1


class Run(NamedTuple):
    """A run: its data set and the label of its row; without figures, latency and conditions unless it is done."""

    record: Record
    data: str
    label: str
    seed: int
    done: bool
    figures: dict[str, float]
    latency: tuple[LatencyFacts, ...]
    conditions: Conditions


class Latency(NamedTuple):
    """The latency of one configuration on one board, in one number format, for every seed.

    It is stale when an earlier model of latency made it, or other costs of kernels and boards.
    """

    board: str
    title: str
    format: str
    method: str
    stale: bool
    seeds: list[LatencyFacts]

    def mean(self, name: str) -> float:
        """Returns the mean of a figure over the seeds."""
        return mean(getattr(facts, name) for facts in self.seeds) or 0.0

    @property
    def worst_step_ms(self) -> float:
        """Milliseconds a step, flash wait states at their worst: what counts where a sensor must be kept up with."""
        return self.mean("ms_per_step") * self.mean("ms_high") / (self.mean("ms") or 1)

    def fits(self, memory: str) -> bool:
        """Returns whether every seed's model fits ``flash`` or ``ram``."""
        return all(getattr(facts, f"fits_{memory}") for facts in self.seeds)


@dataclass(frozen=True)
class Summary:
    """The runs of one configuration on one data set.

    Attributes:
        data: the data set.
        label: of the row.
        runs: in order of id; empty for a combination that nobody ran.
        absent: seeds that other rows have on this data set and this one has not.
        cell: the cell's title; empty, and what follows ``None``, where nobody ran it.
        hidden_size: the hidden size that was asked for.
        compression: letters of low rank (L), diagonal blocks (B), sparsity (S), quantisation (Q), or ``dense``.
        moved: whether its metric moved beyond noise against earlier results that it is held against.
        unplanned: whether the grid has no run of it: nobody is to wait for one.
        combination: its place on the grid's axes but data set and seed; ``None`` where that is not known.
    """

    data: DataSet
    label: str
    runs: tuple[Run, ...]
    absent: tuple[int, ...] = ()
    cell: str = ""
    hidden_size: int | None = None
    compression: str | None = None
    moved: bool = False
    unplanned: bool = False
    combination: tuple[int, ...] | None = None

    @cached_property
    def n(self) -> int:
        """How many runs are done."""
        return sum(run.done for run in self.runs)

    @property
    def scores(self) -> dict[int, float]:
        """The metric that runs are compared by, of every run that is done, by seed, as printed."""
        name = self.data.quality
        return {run.seed: self.data.scale * run.figures[name] for run in self.runs if name in run.figures}

    def values(self, name: str) -> list[float]:
        """Returns a figure of every run that has it."""
        return [run.figures[name] for run in self.runs if name in run.figures]

    def mean(self, name: str) -> float | None:
        """Returns the mean of a figure over the runs that are done."""
        return mean(self.values(name))

    def sd(self, name: str) -> float | None:
        """Returns the sample standard deviation of a figure that differs from seed to seed; ``None`` of any other."""
        return deviation(self.values(name)) if name in SPREAD else None

    @property
    def half_interval(self) -> float | None:
        """Half of Student's 95 % interval of the mean score, as printed; ``None`` of fewer than two seeds."""
        interval = t_interval(np.array([*self.scores.values()]))
        return None if interval is None else (interval.high - interval.low) / 2

    @cached_property
    def latencies(self) -> tuple[Latency, ...]:
        """Latencies, one for each board, number format, method and age, in the order of the records."""
        found: dict[tuple[str, str, str, str, bool], Latency] = {}
        for run in self.runs:
            for facts in run.latency:
                key = (facts.board, facts.title, facts.format, facts.method, run.record.latency_stale)
                found.setdefault(key, Latency(*key, [])).seeds.append(facts)
        return tuple(found.values())

    @cached_property
    def gradients(self) -> tuple[tuple[Run, Gradients], ...]:
        """The finished runs that have measured gradients, with them."""
        done = ((run, run.record.folder) for run in self.runs if run.done)
        found = ((run, gradients.read(folder)) for run, folder in done if folder is not None)
        return tuple((run, own) for run, own in found if own)

    def latency(self, board: str) -> Latency | None:
        """Returns the latency on a board, one that is not stale if there is any."""
        own = (latency for latency in self.latencies if latency.board == board)
        return min(own, key=lambda latency: latency.stale, default=None)


def gather(records: Sequence[Record]) -> tuple[Summary, ...]:
    """Gathers runs over seeds: every label on every data set, in order of data set and label."""
    by_data: dict[str, list[Run]] = defaultdict(list)
    for record, label in zip(records, labels(records), strict=True):
        run = _run(record, label)
        by_data[run.data].append(run)
    names = sorted({run.label for runs in by_data.values() for run in runs})
    return tuple(row for name in sorted(by_data, key=_natural) for row in _summaries(name, by_data[name], names))


def _natural(name: str) -> list[tuple[int, str]]:
    """Returns the key that sorts numbers in names by value: ``fold=2`` before ``fold=16``."""
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", name)]


def _summaries(name: str, runs: Sequence[Run], names: Sequence[str]) -> Iterator[Summary]:
    """Yields the rows of a data set, with those that nobody ran."""
    data, seeds = _data_set(name, runs), {run.seed for run in runs}
    rows: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        rows[run.label].append(run)
    for label in names:
        own = tuple(rows.get(label, ()))
        if not own:
            yield Summary(data, label, ())
            continue
        absent, first = tuple(sorted(seeds - {run.seed for run in own})), own[0].record
        yield Summary(data, label, own, absent, first.labels.cell, hidden_size(first), compression(first))


def _data_set(name: str, runs: Sequence[Run]) -> DataSet:
    facts = next((run.record.data for run in reversed(runs) if run.record.data), None)
    if facts is None:
        return DataSet(name, name, None, "accuracy", percent=True, upwards=True)
    quality = facts.reported or facts.metric
    return DataSet(name, facts.title, facts, quality, quality in SHARES, facts.higher_is_better)


def _run(record: Record, label: str) -> Run:
    done = record.status is Status.DONE
    run = Run(record, data_name(record), label, record.spec.get("seed", 0), done, {}, (), {})
    if not done:
        return run  # its numbers are not results
    return run._replace(figures=figures(record), latency=record.latency, conditions=conditions(record))


def figures(record: Record) -> dict[str, float]:
    """Returns the figures of a finished run by name: those of :data:`SPREAD` and :data:`MEANS` that it has."""
    found: dict[str, float] = {}
    if record.result is not None:
        found = {
            key.removeprefix("test_"): float(value) for key, value in record.result if isinstance(value, (int, float))
        }
        for metric in ("accuracy", "perplexity"):
            if f"integer_{metric}" in found:
                found[f"float_{metric}"], found[metric] = found[metric], found.pop(f"integer_{metric}")
    if record.times.train_s is not None:
        found["minutes"] = record.times.train_s / 60
    if record.size is not None:
        number_bytes = 1 if "float_perplexity" in found else _BYTES_PER_NUMBER  # int8, softmax and embedding, too
        kb, beside = record.size.kb, number_bytes * record.size.embedding_parameters / 1024
        found |= {"parameters": float(record.size.parameters), "nonzero": float(record.size.nonzero)}
        found |= {"kb": kb, "kb_in_all": kb + beside}
    return found
