"""Average ranks of cells over data sets, Friedman's test, Nemenyi's critical difference."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.report.statistics.distributions import studentised_range_quantile

ENOUGH = 10
_SHUFFLES = 9999


@dataclass(frozen=True)
class Ranking:
    """Ranks of cells over data sets.

    Attributes:
        average: the mean rank of every cell, 1 the best.
        statistic: Friedman's chi-square.
        p: of the hypothesis that all cells rank alike, by shuffling ranks within data sets.
        critical_difference: of two mean ranks, at 5 %, by Nemenyi.
        warning: what so few data sets cannot show; empty from ten on.
    """

    average: tuple[float, ...]
    statistic: float
    p: float
    critical_difference: float
    warning: str


def rank(scores: NDArray[np.float64], seed: int = 0) -> Ranking:
    """Ranks cells on every data set and averages the ranks; equal scores share their mean rank.

    Friedman's statistic is (k - 1) times the sum of squared distances of rank sums from their mean, over the sum of
    squared distances of all ranks from theirs divided by n, which allows for ties.

    Source: Friedman, Journal of the American Statistical Association 32 (1937), 675-701; ties: Conover, Practical
    Nonparametric Statistics (1999), section 5.8; for classifiers: Demsar, Statistical comparisons of classifiers over
    multiple data sets, Journal of Machine Learning Research 7 (2006), 1-30.

    Args:
        scores: by data set and cell, at least two of each, all there; a higher one is better.
        seed: draws the shuffles, 9,999 of them.
    """
    n, k = scores.shape
    ahead = (scores[:, :, None] < scores[:, None, :]).sum(axis=2)
    level = (scores[:, :, None] == scores[:, None, :]).sum(axis=2)
    ranks = ahead + (level + 1) / 2
    shuffled = np.random.default_rng(seed).permuted(np.tile(ranks, (_SHUFFLES, 1, 1)), axis=2)
    distances = np.stack([ranks, *shuffled]).sum(axis=1) - n * (k + 1) / 2
    spread = float(((ranks - (k + 1) / 2) ** 2).sum())
    statistics = (k - 1) * (distances**2).sum(axis=1) / (spread or 1)
    as_far = int((statistics[1:] >= statistics[0] * (1 - 1e-9)).sum())
    few = f"{n} data sets: average ranks say little below {ENOUGH}"
    average = tuple(ranks.mean(axis=0).tolist())
    p = (1 + as_far) / (1 + _SHUFFLES)
    return Ranking(average, float(statistics[0]), p, critical_difference(n, k), few if n < ENOUGH else "")


def critical_difference(data_sets: int, cells: int, level: float = 0.05) -> float:
    """Returns the least difference of two average ranks that is significant: q sqrt(k (k + 1) / (6 n)).

    q is the studentised range's quantile over the square root of 2. It depends on which rivals are in the pool.

    Source: Nemenyi, Distribution-free Multiple Comparisons, thesis, Princeton (1963); Demsar (2006), section 3.2.2.
    """
    q = studentised_range_quantile(1 - level, cells) / math.sqrt(2)
    return q * math.sqrt(cells * (cells + 1) / (6 * data_sets))
