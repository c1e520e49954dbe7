"""Bootstrap intervals: of a mean, and of a mean over items that come in groups."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.report.statistics.interval import Interval

_RESAMPLES = 10_000
_BLOCKS = 100
_NORMAL = NormalDist()


def bootstrap(
    values: NDArray[np.float64],
    method: Literal["percentile", "bca"] = "bca",
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Returns a bootstrap interval of the mean. It is too narrow below some 20 values: see ``docs/statistics.md``.

    Source: Efron, Bootstrap methods, Annals of Statistics 7 (1979), 1-26; bias-corrected and accelerated: Efron,
    Better bootstrap confidence intervals, Journal of the American Statistical Association 82 (1987), 171-185.

    Args:
        values: at least two.
        method: quantiles of the resampled means, as they are or with their shares corrected for bias and skewness.
        level: of confidence.
        seed: draws the resamples.
    """
    drawn = np.random.default_rng(seed).integers(len(values), size=(_RESAMPLES, len(values)))
    means = values[drawn].mean(axis=1)
    return percentile(means, level) if method == "percentile" else accelerated(means, values, level)


def percentile(means: NDArray[np.float64], level: float) -> Interval:
    """Returns the interval between the resampled means that leave out equal shares at both ends."""
    return _between(means, (1 - level) / 2, (1 + level) / 2)


def accelerated(means: NDArray[np.float64], values: NDArray[np.float64], level: float) -> Interval:
    """Returns the bias-corrected and accelerated interval from resampled means of the values.

    With z0 = PhiInv(share of means below the observed one, ties half), and the acceleration a = sum d^3 / (6 (sum
    d^2)^1.5) of the deviations d = mean - mean without value i, an end's share PhiInv(alpha) = z becomes
    Phi(z0 + (z0 + z) / (1 - a (z0 + z))).
    """
    observed = values.mean()
    share = float((means < observed).mean() + (means <= observed).mean()) / 2
    d = (values - observed) / (len(values) - 1)  # mean less the mean without value i
    if not 0 < share < 1 or not d.any():
        return percentile(means, level)
    bias, a = _NORMAL.inv_cdf(share), float((d**3).sum() / (6 * (d**2).sum() ** 1.5))
    ends = (bias + _NORMAL.inv_cdf(end) for end in ((1 - level) / 2, (1 + level) / 2))
    return _between(means, *(_NORMAL.cdf(bias + z / (1 - a * z)) for z in ends))


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


def _between(means: NDArray[np.float64], *shares: float) -> Interval:
    low, high = np.quantile(means, shares)
    return Interval(float(low), float(high))
