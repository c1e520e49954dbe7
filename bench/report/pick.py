"""The best model under constraints: which row of a results folder to put on a board, why, and what that gives up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bench.errors import RnnbenchError
from bench.report.rows.results import Results
from bench.report.rows.summary import DataSet, Latency, Summary
from bench.report.statistics import mean, sign_flip, smallest_p
from bench.report.statistics.paired import pair

_LEVEL = 0.05


@dataclass(frozen=True)
class Pace:
    """What a data set asks of a board.

    Attributes:
        hz: samples a second; ``None`` when unknown.
        feature_ms: milliseconds that the board takes to compute the features of a sample, before the step.
    """

    hz: float | None = None
    feature_ms: float = 0.0


Paces = Callable[[Mapping[str, Any]], Pace]
"""The pace of a data set on the board, by how a record names it."""


def _unknown(_: Mapping[str, Any]) -> Pace:
    return Pace()


@dataclass(frozen=True)
class Limits:
    """The limits that a model must keep to; ``None`` for no limit.

    Attributes:
        kb: size, as tables count it.
        ms: time of a sequence of the data set's greatest length.
        hz: samples a second, each of which is to be done before the next, its features and the step; ``None`` for the
            rate of the data set, 0 for no limit.
    """

    kb: float | None = None
    ms: float | None = None
    hz: float | None = None

    def broken(self, row: Summary, latency: Latency, feature_ms: float = 0.0) -> list[str]:
        """Says which limits a row breaks on a board; none for one that keeps to all.

        Args:
            row: with finished runs.
            latency: of its model on the board.
            feature_ms: that the board takes for the features of a sample.
        """
        kb, sample_ms = row.mean("kb") or 0.0, latency.worst_step_ms + feature_ms
        found = [f"more than the {memory} of the board" for memory in ("flash", "ram") if not latency.fits(memory)]
        found += [f"{kb:.1f} KB"] if self.kb is not None and kb > self.kb else []
        found += (
            [f"{latency.mean('ms'):.1f} ms a sequence"] if self.ms is not None and latency.mean("ms") > self.ms else []
        )
        found += [f"{sample_ms:.2f} ms a sample"] if self.hz is not None and sample_ms * self.hz > 1000 else []
        return found


@dataclass(frozen=True)
class Candidate:
    """A row with what it costs on the board.

    Attributes:
        row: the row.
        latency: of its model on the board.
        score: by which rows are chosen, as printed, higher for better: of validation data where every row has one; of
            final runs of a search, that of the trial which was chosen.
        broken: the limits that it does not keep to.
    """

    row: Summary
    latency: Latency
    score: float
    broken: tuple[str, ...]


@dataclass(frozen=True)
class Picked:
    """The choice on a data set.

    Attributes:
        data: the data set.
        best: the row that keeps to the limits and scores best.
        run: the id of the run to export: the median of its seeds by what was compared, the first if they have none.
        by: what was compared: ``validation accuracy``.
        others: the other rows that keep to the limits, best first, and then those that do not.
        own_hz: samples a second of the data set, where that is a limit because none was given.
        behind: whether no row within the other limits keeps up with them: then they are no limit.
        feature_ms: milliseconds of the board for the features of a sample, which count as a part of it.
    """

    data: DataSet
    best: Candidate
    run: str
    by: str
    others: tuple[Candidate, ...]
    own_hz: float | None = None
    behind: bool = False
    feature_ms: float = 0.0

    @property
    def as_good(self) -> list[Candidate]:
        """The rows within the limits that are not significantly worse and cost less time or fewer KB."""
        return [
            other
            for other in self.others
            if not other.broken and not _worse(self.best.row, other.row) and _cheaper(other, self.best)
        ]

    @property
    def given_up(self) -> Candidate | None:
        """The row that scores best without the limits; ``None`` when it is the one chosen."""
        first = max((self.best, *self.others), key=lambda candidate: candidate.score)
        return None if first is self.best else first


def pick(results: Results, board: str, limits: Limits, paces: Paces = _unknown) -> list[Picked]:
    """Chooses a row for every data set that has finished runs.

    Args:
        results: of a folder.
        board: its name.
        limits: that a row must keep to.
        paces: says how many samples a second a data set has, and what their features cost.

    Raises:
        RnnbenchError: when no run is done, none of a data set has a latency on the board, or none keeps to the limits.
    """
    done = {data: [row for row in results.rows_on(data) if row.n] for data in results.data_sets}
    if not any(done.values()):
        raise RnnbenchError("no run is done yet: there is nothing to choose from")
    return [_keeping_up(data, rows, board, limits, paces) for data, rows in done.items() if rows]


def _keeping_up(data: DataSet, rows: Sequence[Summary], board: str, limits: Limits, paces: Paces) -> Picked:
    """Chooses a row that keeps up with its data set, where no other rate is asked for; the best, where none does."""
    pace = paces(rows[0].runs[0].record.spec["data"])
    choose = partial(_on, data, rows, board, feature_ms=pace.feature_ms)
    best = choose(limits)
    if limits.hz is not None or not pace.hz:
        return best
    with suppress(RnnbenchError):
        return replace(choose(replace(limits, hz=pace.hz)), own_hz=pace.hz)
    return replace(best, own_hz=pace.hz, behind=True)


def _on(data: DataSet, rows: Sequence[Summary], board: str, limits: Limits, *, feature_ms: float) -> Picked:
    found = [(row, latency) for row in rows if (latency := row.latency(board)) is not None]
    if not found:
        raise RnnbenchError(f"no finished run on {data.title} has a latency on board {board!r}")
    judged = f"validation_{data.facts.metric}" if data.facts else ""
    validated = [_validated(row, judged) for row, _ in found]
    by = data.quality if None in validated else judged
    scores = [row.mean(by) for row, _ in found] if None in validated else validated
    sign = data.scale if data.upwards else -data.scale
    made = [
        Candidate(row, latency, sign * (score or 0.0), tuple(limits.broken(row, latency, feature_ms)))
        for (row, latency), score in zip(found, scores, strict=True)
    ]
    made.sort(key=lambda candidate: (bool(candidate.broken), -candidate.score))
    best, *others = made
    if best.broken:
        closest = min(made, key=lambda candidate: (len(candidate.broken), candidate.row.mean("kb") or 0.0))
        raise RnnbenchError(
            f"no model on {data.title} keeps to the limits: {closest.row.label} comes closest, but has "
            f"{' and '.join(closest.broken)}; allow more, or run smaller ones"
        )
    runs = [run for run in best.row.runs if run.done]
    ranked = sorted((run for run in runs if by in run.figures), key=lambda run: run.figures[by])
    middle = ranked[len(ranked) // 2] if ranked else runs[0]
    words = by.replace("_", " ") if by.startswith("validation") else f"test {data.word}"
    return Picked(data, best, middle.record.id, words, tuple(others), feature_ms=feature_ms)


def _validated(row: Summary, metric: str) -> float | None:
    """The mean of a metric on validation data; of final runs, that of the trial which their settings come from."""
    origins = [run.record.chosen for run in row.runs if run.done]
    found = [origin.validation for origin in origins if origin is not None]
    return row.mean(metric) if len(found) < len(origins) else mean(found)


def _worse(best: Summary, other: Summary) -> bool:
    """Whether a row is not to be called as good: it is significantly worse, or of so few seeds that none could be."""
    own, theirs = best.scores, other.scores
    common = own.keys() & theirs.keys()
    if not common or smallest_p(len(common)) > _LEVEL:
        return True
    differences = pair(own, theirs) * (1 if best.data.upwards else -1)
    return bool(differences.mean() > 0 and sign_flip(differences) <= _LEVEL)


def _cheaper(other: Candidate, best: Candidate) -> bool:
    return (other.row.mean("kb") or 0.0) < (best.row.mean("kb") or 0.0) or other.latency.mean("ms") < best.latency.mean(
        "ms"
    )
