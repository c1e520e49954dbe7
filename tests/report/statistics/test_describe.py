"""Mean and deviation against NumPy and exact fractions."""

from __future__ import annotations

import statistics

import numpy as np
import pytest

from bench.report.statistics import deviation, mean


def test_by_hand() -> None:
    assert mean([1.0, 2.0, 6.0]) == 3.0  # (1 + 2 + 6) / 3
    assert deviation([1.0, 2.0, 6.0]) == pytest.approx(7**0.5, rel=1e-15)  # (4 + 1 + 9) / 2 = 7
    assert (mean([]), deviation([]), deviation([5.0])) == (None, None, None)
    assert deviation([5.0, 5.0]) == 0.0


@pytest.mark.parametrize("n", [2, 3, 10, 1000])
def test_against_other_ways(n: int) -> None:
    values = (0.9 + 0.1 * np.random.default_rng(n).random(n)).tolist()
    assert mean(values) == pytest.approx(statistics.fmean(values), rel=1e-15)
    assert deviation(values) == pytest.approx(statistics.stdev(values), rel=1e-12)
    assert deviation(values) == pytest.approx(np.std(values, ddof=1), rel=1e-12)


def test_small_terms_are_not_lost_beside_a_large_one() -> None:
    values = [1e16, *[1.0] * 1000]
    assert mean(values) == statistics.fmean(values)
    assert mean(values) != sum(values) / 1001
