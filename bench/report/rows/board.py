"""The board whose latency tables and figures show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bench.errors import RnnbenchError, nearest
from bench.report.rows.summary import Summary

METHODS = {
    "code": "predicted for the exported code",
    "model": "operations of a traced step charged",
    "simulation": "simulated",
}
"""Says how a latency was obtained, by the word of its record."""


class Board(NamedTuple):
    """A board, the number formats of its latencies, how they were obtained, and whether every one is stale."""

    name: str
    title: str
    format: str
    method: str
    stale: bool


def choose(summaries: Sequence[Summary], wanted: str | None) -> Board | None:
    """Returns the board that is wanted, by default the one that most models fit; ``None`` without latencies.

    Of boards that as many models fit, it is the first in the records.

    Raises:
        RnnbenchError: when no run has a latency on the board that is wanted.
    """
    runs = sorted((run for summary in summaries for run in summary.runs), key=lambda run: run.record.id)
    known = list(dict.fromkeys(latency.board for run in runs for latency in run.latency))
    if wanted is not None and wanted not in known:
        raise RnnbenchError(f"no run has a latency on board {wanted!r}{nearest(wanted, known)}")
    if not known:
        return None
    models = [latency for summary in summaries for latency in summary.latencies]
    fitting = [latency.board for latency in models if latency.fits("flash") and latency.fits("ram")]
    name = wanted or max(known, key=fitting.count)  # the first of equals
    shown = [latency for latency in models if latency.board == name]
    methods = (METHODS.get(method, method) for method in sorted({latency.method for latency in shown}))
    formats = " or ".join(sorted({latency.format for latency in shown}))
    return Board(name, shown[0].title, formats, " or ".join(methods), all(latency.stale for latency in shown))
