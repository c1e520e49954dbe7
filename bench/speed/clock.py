"""Interleaved timings, so that background load cancels in their ratios."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping

Timed = Callable[[int], float]
"""Repeats a step so many times; returns the processor seconds of its thread."""

_TURN_S = 0.1
"""The least length of a turn: the state in which the last contender left the caches must not count."""


def timed(step: Callable[[], object]) -> Timed:
    """Times a step by the processor time of its thread, to which other programs do not add.

    Every step counts as long as the median, for now and then a step pays for memory that another contender gave back.
    """

    def run(count: int) -> float:
        times = []
        for _ in range(count):
            began = time.thread_time()
            step()
            times.append(time.thread_time() - began)
        return count * statistics.median(times)

    return run


def interleave(contenders: Mapping[str, Timed], rounds: int, turn_s: float = _TURN_S) -> dict[str, list[float]]:
    """The seconds per step of every contender in every round; turns go A B C, C B A, and so on.

    Args:
        contenders: the contenders by name.
        rounds: how many turns a contender has.
        turn_s: the least length of a turn, which has as many steps as fill it after a first that is not counted.
    """
    counts = {}
    for name, run in contenders.items():
        run(1)
        counts[name] = max(1, min(1000, math.ceil(turn_s / max(run(1), 1e-6))))
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            contenders[name](1)  # not counted: it pays for the memory and caches that others changed
            times[name].append(contenders[name](counts[name]) / counts[name])
    return times


def ratio(times: Mapping[str, list[float]], ours: str, theirs: str) -> float:
    """The median over the rounds of the ratio of two contenders' times."""
    return statistics.median(a / b for a, b in zip(times[ours], times[theirs], strict=True))
