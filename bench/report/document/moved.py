"""What moved between two states of results, beyond the noise of the seeds."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.errors import RnnbenchError
from bench.report.results import Results
from bench.report.short import short_names
from bench.report.statistics import Interval, pair, t_interval
from bench.report.summary import Summary


class Moved(NamedTuple):
    """A row in two states of results.

    Attributes:
        grid: whose row it is.
        name: its short name.
        now: the row.
        before: the same row earlier.
        difference: now less before, in the unit of the printed metric.
        interval: of that, over the seeds that both have; ``None`` of fewer than two.
    """

    grid: str
    name: str
    now: Summary
    before: Summary
    difference: float
    interval: Interval | None

    @property
    def verdict(self) -> str:
        """Whether it moved beyond noise: whether the interval leaves zero out."""
        if self.difference == 0 and self.interval in (None, Interval(0.0, 0.0)):
            return "same"
        if self.interval is None:
            return "one seed: no noise is known"
        if self.interval.low <= 0 <= self.interval.high:
            return "within noise"
        return "moved"


def moved(now: Sequence[Results], before: Sequence[Results]) -> Iterator[Moved]:
    """Yields every row that both states have of a grid, a data set and a configuration, and that has common seeds."""
    earlier = {
        (results.name, row.data.name, row.label): row for results in before for row in results.summaries if row.n
    }
    for results in now:
        names = short_names(results.summaries)
        for row in (row for row in results.summaries if row.n):
            old = earlier.get((results.name, row.data.name, row.label))
            values = np.zeros(0) if old is None else pair(row.scores, old.scores)
            if old is not None and len(values):
                yield Moved(results.name, names[row.label], row, old, float(values.mean()), t_interval(values))


def at_commit(place: Path, commit: str, into: Path) -> Path:
    """Unpacks a folder as it was at a commit.

    Args:
        place: the folder, in a Git repository.
        commit: a commit, tag or branch.
        into: an empty folder.

    Returns:
        The folder within ``into``.

    Raises:
        RnnbenchError: when the place is in no repository, or the commit does not have it.
    """
    command = ["git", "archive", "--format=tar", commit, "."]
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, check=False)
    except OSError as error:
        raise RnnbenchError(f"cannot run git: {error}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RnnbenchError(
            f"--against {commit}: neither a folder nor a commit with {place}: {said[0] if said else ''}"
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(into, filter="data")
    return into
