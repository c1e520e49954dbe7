"""Footnotes: why a place of the table has no number, or one to be read with care."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from bench.errors import RnnbenchError
from bench.report.rows.board import Board
from bench.report.rows.summary import Summary
from bench.report.table import Footnote
from bench.status import Status

DAGGER, MOVED = "†", "‡"
"""Marks that are no letters; the second, of a figure that moved against earlier results, is explained in captions."""
_WORST_FIRST = (Status.FAILED, Status.INTERRUPTED, Status.RUNNING, Status.SKIPPED, Status.PLANNED)
_LONGEST = 90
_MOST = 8
STALE = "stale: made by an earlier model of latency, or with other costs of kernels and boards"
_MAJORITY = "no better than always answering the most frequent class"


class Notes:
    """Hands out marks in order of use; the same text has the same mark."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}
        self._daggers: dict[str, None] = {}

    def mark(self, text: str) -> tuple[str, ...]:
        """Returns the mark of a text: a to z, then aa, ab, ...; none for an empty text."""
        if not text:
            return ()
        if text not in self._marks:
            at, letters = len(self._marks) + 1, ""
            while at:
                at, rest = divmod(at - 1, 26)
                letters = chr(ord("a") + rest) + letters
            self._marks[text] = letters
        return (self._marks[text],)

    def dagger(self, where: str) -> tuple[str, ...]:
        """Returns the dagger, for a data set whose majority rate the row does not beat."""
        self._daggers[where] = None
        return (DAGGER,)

    def listed(self) -> tuple[Footnote, ...]:
        """Returns the footnotes, in the order to print them."""
        daggers = [Footnote(DAGGER, f"{_MAJORITY} ({', '.join(self._daggers)})")] if self._daggers else []
        return (*daggers, *(Footnote(mark, text) for text, mark in self._marks.items()))


def shorten(reason: str) -> str:
    """Shortens a reason to its first line, to the words of its first 90 characters, without our own errors' name."""
    line = " ".join(next((line for line in reason.splitlines() if line.strip()), "").split())
    line = line.removeprefix(f"{RnnbenchError.__name__}: ")
    if len(line) <= _LONGEST:
        return line
    whole, space, _ = line[: _LONGEST - 1].rpartition(" ")
    return f"{whole} …" if space else f"{line[: _LONGEST - 1]}…"


def explain_runs(summary: Summary) -> tuple[str, str]:
    """Returns the word for a combination without a result, and a remark on the runs that are missing and why."""
    if summary.unplanned:
        return "-", "the grid has no run of this combination"
    if not summary.runs:
        return "not run", "no run of this combination has started"
    undone = [run for run in summary.runs if not run.done]
    worst = min((run.record.status for run in undone), key=_WORST_FIRST.index, default=Status.DONE)
    groups: dict[str, list[int]] = defaultdict(list)
    for run in undone:
        reason = shorten(run.record.reason)
        groups[f"{run.record.status}: {reason}" if reason else run.record.status].append(run.seed)
    if summary.absent:
        groups["not run"] = list(summary.absent)
    total = len(summary.runs) + len(summary.absent)
    what = "; ".join(f"{name_seeds(seeds)} {how}" if total > 1 else how for how, seeds in groups.items())
    return worst.value, f"{summary.n} of {total} seeds; {what}" if what and summary.n else what


def explain_unstarted(ids: Sequence[str]) -> str:
    """Says which runs of the grid have no record yet: cells by the beginning of their ids, and seeds; may be empty."""
    found: dict[str, list[int]] = defaultdict(list)
    for name in ids:
        cell, _, rest = name.rpartition("-s")
        seed = rest.partition("-")[0]
        found[cell if seed.isdecimal() else name] += [int(seed)] if seed.isdecimal() else []
    named = [f"{cell} ({name_seeds(set(seeds))})" if seeds else cell for cell, seeds in sorted(found.items())]
    more = f" and {len(named) - _MOST} more" if len(named) > _MOST else ""
    what = f"{len(ids)} run{'s' if len(ids) > 1 else ''} of the grid {'have' if len(ids) > 1 else 'has'} not begun"
    return f"{what}: {', '.join(named[:_MOST])}{more}." if ids else ""


def explain_majority(summary: Summary) -> tuple[str, str]:
    """Remarks on a mean, or else on single seeds, that a constant answer would have reached.

    Returns:
        The data set and its majority rate when the mean is not above it; a remark when only some seeds are not.
    """
    facts, mean = summary.data.facts, summary.mean("accuracy")
    if facts is None or facts.majority is None or mean is None:
        return "", ""
    majority = facts.majority
    limit = majority + 1e-6  # less than one example of a million; float32 is no more exact
    if mean <= limit:
        return f"{summary.data.title}: {100 * majority:.2f} %", ""
    low = sum(accuracy <= limit for accuracy in summary.values("accuracy"))
    return "", f"{low} of {summary.n} seeds {_MAJORITY}" if low else ""


def explain_latency(summary: Summary, board: Board) -> str:
    """Says why a finished model has no latency on a board; empty when it has one."""
    latency = summary.latency(board.name)
    if latency is None:
        reasons = {run.record.latency_reason for run in summary.runs} - {""}
        return f"no latency: {min(reasons)}" if reasons else f"no latency on {board.title} is in the records"
    missing = [] if latency.fits("flash") else ["the weights do not fit its flash"]
    missing += [] if latency.fits("ram") else ["the state does not fit its RAM"]
    return f"not on {board.title}: {' and '.join(missing)}" if missing else ""


def name_seeds(seeds: Collection[int]) -> str:
    """Returns seeds in words."""
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, sorted(seeds)))}"
