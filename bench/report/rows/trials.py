"""The trials of a search as tables and figures read them: validation scores by group, and what was chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from bench.record import Choice, Record, read_choice, read_trials
from bench.report.rows.flat import flat
from bench.report.rows.labels import compression, group_label
from bench.report.rows.results import Results
from bench.report.rows.short import SHORT, without_brackets
from bench.report.statistics import mean
from bench.status import Status


@dataclass(frozen=True)
class Group:
    """The trials of one combination of axes.

    Attributes:
        name: in words.
        title: the metric, with its unit.
        upwards: whether a higher value is better.
        trials: how many were drawn.
        failed: how many of them have a run that failed.
        scores: the mean over its seeds of every trial that is done, as printed.
        choice: what was chosen; ``None`` before.
        settings: of the choice, by dotted path: what was drawn, and what of the axes was chosen among.
        data: title of the data set; empty while no trial has opened it.
        row: the name of its row: that of its final runs, or the cell and what else the group is called, or its letters.
        cell: title of the cell.
        drawn: whether its trials were drawn from a prior, and are not each another place on an axis.
    """

    name: str
    title: str
    upwards: bool
    trials: int
    failed: int
    scores: tuple[float, ...]
    choice: Choice | None
    data: str = ""
    row: str = ""
    cell: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    drawn: bool = True


def groups(results: Results) -> list[Group]:
    """Returns the groups of the search of a results folder, in the order drawn; none where nothing was searched."""
    drawn = None if results.folder is None else read_trials(results.folder)
    if results.folder is None or not drawn or not results.trials:
        return []
    choices = {choice.group: choice for choice in read_choice(results.folder) or ()}
    records = {record.id: record for record in results.trials}
    by_group: dict[str, list[list[Record]]] = {}
    for trial in drawn:
        by_group.setdefault(trial.group, []).append([records[key] for key in trial.runs if key in records])
    seeds = {trial.group: len(trial.runs) for trial in drawn}
    search = results.grid.search if results.grid else None
    priors = search is None or bool(search.prior) or any(own.prior for own in search.extra)
    drawn_from = {trial.group for trial in drawn if trial.settings and priors}
    named = {
        run.record.chosen.group: without_brackets(summary.label)
        for summary in results.summaries
        for run in summary.runs
        if run.record.chosen
    }
    found = [_group(name, trials, seeds[name], choices.get(name)) for name, trials in by_group.items()]
    rows = Counter((group.data, group.row) for group in found)
    whole = {name: first for name, trials in by_group.items() if (first := next(chain.from_iterable(trials), None))}
    return [
        replace(group, row=named.get(group.name) or _row(group, rows, whole), drawn=group.name in drawn_from)
        for group in found
    ]


def _row(group: Group, rows: Mapping[tuple[str, str], int], whole: Mapping[str, Record]) -> str:
    """Returns the name of a row without final runs: a short one in place of a long one that no other row shares."""
    if group.name not in whole:
        return group.name
    label = without_brackets(group_label(whole[group.name], group.name))
    if len(label) <= SHORT or rows[group.data, group.row] > 1:
        return label
    return ", ".join([group.row, *(word for word in label.split(", ") if word.endswith(" KB"))])


def _group(name: str, trials: list[list[Record]], seeds: int, choice: Choice | None) -> Group:
    records = [record for runs in trials for record in runs]
    facts = next((record.data for record in records if record.data), None)
    metric, upwards = (facts.metric, facts.higher_is_better) if facts else ("accuracy", True)
    percent = "accuracy" in metric
    scores = [_score(runs, metric, 100 if percent else 1) for runs in trials if len(runs) == seeds]
    failed = sum(any(record.status is Status.FAILED for record in runs) for runs in trials)
    title = f"{metric} (%)" if percent else metric
    data = facts.title if facts else ""
    done = tuple(score for score in scores if score is not None)
    cell, settings = records[0].labels.cell if records else "", _settings(records, choice)
    letters = {compression(record) for record in records}
    row = cell if len(letters) != 1 else f"{cell} {letters.pop()}".removesuffix(" dense")
    return Group(name, title, upwards, len(trials), failed, done, choice, data, row, cell, settings)


def _settings(records: Sequence[Record], choice: Choice | None) -> dict[str, Any]:
    """Returns what was drawn of a choice, and what else its trial has that others of the group have not."""
    if choice is None or choice.entry is None:
        return {}
    specs = {record.id: flat({**record.spec, "seed": 0}) for record in records}
    own, *others = [specs[name] for name in choice.entry.trial_runs if name in specs] or [{}]
    common = {path: value for path, value in own.items() if all(other.get(path) == value for other in others)}
    apart = {path: value for path, value in common.items() if any(spec.get(path) != value for spec in specs.values())}
    return {**apart, **choice.entry.settings}


def _score(runs: list[Record], metric: str, scale: int) -> float | None:
    """Returns the mean over a trial's seeds; ``None`` while one is not done."""
    results = [record.result for record in runs if record.status is Status.DONE]
    if len(results) < len(runs):
        return None
    return mean(scale * result.of(metric, "validation") for result in results if result)
