"""Times of several ways to do a thing, so taken that what else the machine does falls out of their ratios."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping

Timed = Callable[[int], float]
"""Does a thing so many times; returns the processor seconds of the thread that did it."""

_TURN_S = 0.1
"""How long a turn lasts at least: what a neighbour left in the caches must not count."""


def timed(step: Callable[[], object]) -> Timed:
    """A thing of this process, timed by its thread's processor time, which other programs do not add to.

    As often as asked, each time at the median's length: now and then one pays for memory that another gave back.
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
    """Seconds a step of each contender in each round: A B C, C B A, and so on.

    Args:
        contenders: by name.
        rounds: turns of each.
        turn_s: a turn's least length; as many steps as fill it, after one that is not counted.
    """
    counts = {}
    for name, run in contenders.items():
        run(1)
        counts[name] = max(1, min(1000, math.ceil(turn_s / max(run(1), 1e-6))))
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            contenders[name](1)  # not counted: what others left behind, or gave back, is paid for here
            times[name].append(contenders[name](counts[name]) / counts[name])
    return times


def ratio(times: Mapping[str, list[float]], ours: str, theirs: str) -> float:
    """The median over rounds of one contender's time to another's."""
    return statistics.median(a / b for a, b in zip(times[ours], times[theirs], strict=True))
