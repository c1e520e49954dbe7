"""The interval of a difference over new people, from what every run got right."""

from __future__ import annotations

from typing import NamedTuple

from bench.record import Items, items
from bench.report.rows.summary import Run, Summary
from bench.report.statistics import Interval, clustered


class People(NamedTuple):
    """An interval over new seeds and new people.

    Attributes:
        interval: of the mean difference in accuracy, at 95 %, in points.
        groups: how many people (subjects, speakers, recordings) the test set has.
    """

    interval: Interval
    groups: int


def over_people(own: Summary, reference: Summary) -> People | None:
    """Returns the interval of the difference in accuracy between two rows of a data set, over new people.

    Args:
        own: a row.
        reference: the row that it is compared with.

    Returns:
        ``None`` where the rows have no seed in common, where a record lacks its answers or is of other people, or where
        accuracy is not what they are compared by.
    """
    import numpy as np  # here: slow to import, and most tables do without it

    if own.data.quality != "accuracy":
        return None
    mine, theirs = _by_seed(own), _by_seed(reference)
    common = sorted(mine.keys() & theirs.keys())
    pairs = [(_read(mine[seed]), _read(theirs[seed])) for seed in common]
    first = next((pair[0] for pair in pairs if pair[0]), None)
    if first is None:
        return None
    differences = []
    for each, other in pairs:
        if each is None or other is None:
            return None
        if not (np.array_equal(each.group, first.group) and np.array_equal(other.group, first.group)):
            return None
        differences.append(100.0 * (each.correct.astype(float) - other.correct.astype(float)))
    return People(clustered(np.stack(differences), first.group), len(np.unique(first.group)))


def _by_seed(row: Summary) -> dict[int, Run]:
    return {run.seed: run for run in row.runs if run.done}


def _read(run: Run) -> Items | None:
    return None if run.record.folder is None else items.read(run.record.folder)
