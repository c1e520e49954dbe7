"""Runs trained together against the same runs one after another, in one process that has done both before."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from bench.speed import runs
from bench.speed.clock import Timed, interleave, ratio
from bench.speed.report import Comparison, Row

RUNS = 8
_SIZES = {16: 0.4, 32: None, 64: None}
"""Hidden units, and the part of the time alone that runs together may take."""
_SHAPE = (28, 32, 9)
_STEPS = 200


def compare_pack(rounds: int) -> Comparison:
    """Times eight runs together, and alone: data order, validation, test, record and model included.

    Args:
        rounds: turns of each.
    """
    found = Comparison(f"{RUNS} runs in one process (ms of a run)")
    T, B, D = _SHAPE
    data = runs.dataset(T, B, D)
    for H, target in _SIZES.items():
        specs = [runs.spec(B, H, _STEPS, seed) for seed in range(RUNS)]
        contenders = {
            "together": _timed(lambda specs=specs: runs.do(specs, data, together=True)),  # type: ignore[misc]
            "alone": _timed(lambda specs=specs: runs.do(specs, data, together=False)),  # type: ignore[misc]
        }
        times = interleave(contenders, rounds, turn_s=0)
        ms = {each: 1e3 * statistics.median(values) / RUNS for each, values in times.items()}
        where = f"T{T} B{B} D{D} H{H}, {_STEPS} steps"
        value = ratio(times, "together", "alone")
        found.rows.append(Row(where, "together", "one after another", value, target, ms["together"], ms["alone"]))
    return found


def _timed(work: Callable[[], object]) -> Timed:
    def go(count: int) -> float:
        began = time.process_time()
        for _ in range(count):
            work()
        return time.process_time() - began

    return go
