"""Intervals, and the one of a mean that assumes a normal distribution."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.report.statistics.distributions import student_quantile


class Interval(NamedTuple):
    """From low to high."""

    low: float
    high: float


def t_interval(values: NDArray[np.float64], level: float = 0.95) -> Interval | None:
    """Returns Student's interval of the mean, the one for a few seeds; ``None`` of fewer than two values.

    The mean, plus and minus t times the standard error, with n - 1 degrees of freedom.

    Source: Student, The probable error of a mean, Biometrika 6 (1908), 1-25.
    """
    n = len(values)
    if n < 2:
        return None
    half = student_quantile((1 + level) / 2, n - 1) * float(values.std(ddof=1)) / math.sqrt(n)
    centre = float(values.mean())
    return Interval(centre - half, centre + half)
