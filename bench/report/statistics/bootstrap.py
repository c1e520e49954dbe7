"""The bootstrap interval of a mean over items that come in groups."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bench.report.statistics.interval import Interval

_RESAMPLES = 10_000
_BLOCKS = 100


def percentile(means: NDArray[np.float64], level: float) -> Interval:
    """Returns the interval between the resampled means that leave out equal shares at both ends."""
    low, high = np.quantile(means, ((1 - level) / 2, (1 + level) / 2))
    return Interval(float(low), float(high))


def clustered(
    values: NDArray[np.float64],
    groups: NDArray[np.int64],
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Returns a percentile interval of the mean of items that come from few people.

    Seeds are drawn with replacement, and so are groups, each with all its items; a resample's figure is the mean over
    the items drawn, and the interval is that of a new seed and new people. With a single seed only groups are drawn.
    It needs some ten groups; from three it is a rough guess, and too narrow.

    Source: Davison and Hinkley, Bootstrap Methods and their Application (1997), section 3.8; people and runs crossed:
    Owen, The pigeonhole bootstrap, Annals of Applied Statistics 1 (2007), 386-411.

    Args:
        values: by seed and item: 1 where the item was answered rightly, 0 where not; or the difference of two such.
        groups: the group of every item: a subject, a speaker.
        level: of confidence.
        seed: draws the resamples.
    """
    _, group = np.unique(groups, return_inverse=True)
    sizes = np.bincount(group)
    sums = np.stack([np.bincount(group, weights=row) for row in values])
    means = []
    for runs, people in _drawn(len(sums), len(sizes), seed):
        means.append(((runs @ sums) * people).sum(axis=1) / (len(sums) * (people @ sizes)))
    return percentile(np.concatenate(means), level)


@lru_cache(maxsize=4)  # the rows of a table have seeds and people in common
def _drawn(*numbers: int) -> list[list[NDArray[np.unsignedinteger]]]:
    """Returns how often each of so many seeds and people was drawn, for every resample, in blocks: [resamples, n].

    Args:
        *numbers: of seeds, of people, and the seed of the draws.
    """
    *both, seed = numbers
    random = np.random.default_rng(seed)

    def counts(n: int) -> NDArray[np.unsignedinteger]:
        drawn = random.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES // _BLOCKS)
        return drawn.astype(np.min_scalar_type(n))  # of many speakers they would else take much memory

    return [[counts(n) for n in both] for _ in range(_BLOCKS)]
