"""Times runs trained together against the same runs one after another, in a process that has done both before."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.speed import runs
from bench.speed.clock import Timed, interleave
from bench.speed.report import Comparison, compared

RUNS = 8
_SIZES = {16: 0.4, 32: None, 64: None}
"""Hidden units, and the share of the time of separate runs that packed runs may take."""
_SHAPE = (28, 32, 9)
_STEPS = 200


def compare_pack(rounds: int) -> Comparison:
    """Times eight runs trained together, and one after another: whole runs, with validation, test and record.

    Args:
        rounds: how many turns a contender has.
    """
    comparison = Comparison(f"{RUNS} runs in one process (ms of a run)")
    T, B, D = _SHAPE
    data = runs.dataset(T, B, D)
    for H, target in _SIZES.items():
        specs = [runs.spec(B, H, _STEPS, seed) for seed in range(RUNS)]
        contenders = {
            "together": _timed(lambda specs=specs: runs.do(specs, data, together=True)),  # type: ignore[misc]
            "one after another": _timed(lambda specs=specs: runs.do(specs, data, together=False)),  # type: ignore[misc]
        }
        times = interleave(contenders, rounds, turn_s=0)
        where = f"T{T} B{B} D{D} H{H}, {_STEPS} steps"
        comparison.rows.append(compared(where, times, "together", "one after another", target, parts=RUNS))
    return comparison


def _timed(work: Callable[[], object]) -> Timed:
    def go(count: int) -> float:
        began = time.process_time()
        for _ in range(count):
            work()
        return time.process_time() - began

    return go
