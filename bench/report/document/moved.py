"""What moved between two states of results: metrics beyond the noise of the seeds, sizes and latencies at all."""

from __future__ import annotations

import io
import math
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.errors import RnnbenchError
from bench.report.rows.results import Results
from bench.report.rows.short import short_names
from bench.report.rows.summary import Summary
from bench.report.statistics import Interval, mean, pair, t_interval


class Moved(NamedTuple):
    """A row in two states of results.

    Attributes:
        grid: whose row it is.
        name: its short name.
        now: the row.
        before: the same row earlier.
        difference: now less before, in the unit of the printed metric.
        interval: of that, over the seeds that both have; ``None`` of fewer than two.
        kb: before and now, over these seeds, where they are not equal.
        ms: of the board where they differ most, of those that both have in one format and that are not stale.
        board: which.
    """

    grid: str
    name: str
    now: Summary
    before: Summary
    difference: float
    interval: Interval | None
    kb: tuple[float, float] | None = None
    ms: tuple[float, float] | None = None
    board: str = ""

    @property
    def same(self) -> bool:
        """Whether metric, size and latency are what they were."""
        return self.verdict == "same" and self.kb is None and self.ms is None

    @property
    def verdict(self) -> str:
        """Whether its metric moved beyond noise: whether the interval leaves zero out."""
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
                kb = _changed(_sizes(old), _sizes(row))
                board, ms = _latency(old, row)
                difference = float(values.mean())
                yield Moved(results.name, names[row.label], row, old, difference, t_interval(values), kb, ms, board)


def _sizes(row: Summary) -> dict[int, float]:
    return {run.seed: run.figures["kb"] for run in row.runs if "kb" in run.figures}


def _latency(old: Summary, row: Summary) -> tuple[str, tuple[float, float] | None]:
    """Returns the board whose milliseconds changed most, by their ratio, with them."""
    before, now = _times(old), _times(row)
    found = {key[0]: both for key in before if (both := _changed(before[key], now.get(key, {}))) is not None}
    return max(found.items(), key=lambda own: abs(math.log(own[1][1] / own[1][0])), default=("", None))


def _times(row: Summary) -> dict[tuple[str, str, str], dict[int, float]]:
    """Returns the milliseconds of each seed by board, number format and method, without those that are stale."""
    found: dict[tuple[str, str, str], dict[int, float]] = {}
    for run in (run for run in row.runs if not run.record.latency_stale):
        for facts in run.latency:
            found.setdefault((facts.title, facts.format, facts.method), {})[run.seed] = facts.ms
    return found


def _changed(before: Mapping[int, float], now: Mapping[int, float]) -> tuple[float, float] | None:
    """Returns the means over the seeds that both have, where they are not equal but for rounding."""
    seeds = before.keys() & now.keys()
    first, second = (mean(own[seed] for seed in seeds) for own in (before, now))
    if first is None or second is None or math.isclose(first, second, rel_tol=1e-6):
        return None
    return first, second


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
