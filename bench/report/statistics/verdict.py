"""The verdict of a comparison: better, equivalent, worse or undecided, by a region of practical equivalence."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.report.statistics.distributions import student

CERTAIN = 0.95
FEWEST = 3
"""Seeds below which every verdict is undecided."""


class Verdict(StrEnum):
    """The outcome of a comparison."""

    BETTER = "better"
    EQUIVALENT = "equivalent"
    WORSE = "worse"
    UNDECIDED = "undecided"


class Posterior(NamedTuple):
    """The probabilities that the mean difference is below, within and above the region of practical equivalence."""

    worse: float
    equivalent: float
    better: float


def posterior(differences: NDArray[np.float64], rope: float, correlation: float = 0.0) -> Posterior | None:
    """Returns the probabilities of the Bayesian correlated t-test; ``None`` of fewer than two differences.

    The mean difference has a Student posterior about the observed mean, with n - 1 degrees of freedom and the squared
    scale (1 / n + r / (1 - r)) times the sample variance, where r is the correlation of the differences.

    Source: Corani and Benavoli, A Bayesian approach for comparing cross-validated algorithms on multiple data sets,
    Machine Learning 100 (2015), 285-304; Benavoli, Corani, Demsar and Zaffalon, Time for a change, Journal of Machine
    Learning Research 18 (2017), 1-36.

    Args:
        differences: by seed; upwards is better.
        rope: half the width of the region of practical equivalence.
        correlation: of any two differences: 0 for seeds; for folds that share training data, the share that a fold
            tests on.
    """
    n = len(differences)
    if n < 2:
        return None
    centre, variance = float(differences.mean()), float(differences.var(ddof=1))
    scale = math.sqrt((1 / n + correlation / (1 - correlation)) * variance)
    below, up_to = (_below(end, centre, scale, n - 1) for end in (-rope, rope))
    return Posterior(below, up_to - below, 1 - up_to)


def _below(end: float, centre: float, scale: float, df: int) -> float:
    if scale == 0:
        return float(centre < end) + (centre == end) / 2
    return student((end - centre) / scale, df)


def decide(found: Posterior | None, n: int, corrected_p: float, level: float) -> Verdict:
    """Returns the verdict on a comparison.

    Better and worse need both: a probability of 95 % that the difference leaves the region, and a corrected p at or
    below the level, so that a verdict does not come from looking at many cells. Equivalent needs a probability of
    95 % that it lies within.

    Args:
        found: the posterior.
        n: seeds.
        corrected_p: of the sign-flip test, by Holm.
        level: of significance.
    """
    if found is None or n < FEWEST:
        return Verdict.UNDECIDED
    if found.equivalent >= CERTAIN:
        return Verdict.EQUIVALENT
    if corrected_p <= level:
        if found.better >= CERTAIN:
            return Verdict.BETTER
        if found.worse >= CERTAIN:
            return Verdict.WORSE
    return Verdict.UNDECIDED
