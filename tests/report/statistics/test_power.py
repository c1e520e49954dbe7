"""The smallest difference: closed forms where one choice of signs is enough, published figures, SciPy."""

from __future__ import annotations

from statistics import NormalDist

import pytest
from peers import T_POWER, pinned

from bench.report.statistics import smallest_difference


@pytest.mark.parametrize(("n", "comparisons"), [(0, 1), (2, 1), (3, 1), (5, 1), (6, 2), (8, 7), (9, 13), (10, 26)])
def test_too_few_seeds_show_nothing(n: int, comparisons: int) -> None:
    """The least p is 2^(1 - n): 1/16 at n = 5, 1/32 at 6, 1/128 at 8; times 2, 7 it is above 0.05."""
    assert smallest_difference(n, 0.05, comparisons) is None


@pytest.mark.parametrize(("n", "comparisons"), [(6, 1), (9, 7), (9, 12), (10, 15)])
def test_where_all_signs_must_agree_the_power_is_known(n: int, comparisons: int) -> None:
    """At a level below 2 x 2^(1 - n) only signs all alike reject: n normal values above zero, Phi(d)^n = 0.8."""
    expected = NormalDist().inv_cdf(0.8 ** (1 / n))
    assert smallest_difference(n, 0.05, comparisons) == pytest.approx(expected, rel=0.03)


def test_above_ten_seeds_as_scipys_noncentral_t() -> None:
    found = [smallest_difference(n, level) for n, level in T_POWER]
    assert found == pytest.approx(pinned()["T_POWER"], abs=0.008)  # the last halving of 16


def test_a_published_figure() -> None:
    """Cohen's half a standard deviation, paired, two-sided 5 %, power 80 %: 34 pairs (G*Power: power 0.808)."""
    at_33, at_34 = smallest_difference(33), smallest_difference(34)
    assert at_33 is not None
    assert at_34 is not None
    assert at_34 <= 0.5 < at_33


def test_more_seeds_show_less_and_more_comparisons_need_more() -> None:
    by_n = [smallest_difference(n) or 0.0 for n in (6, 7, 8, 9, 11, 12, 20, 21, 30)]
    assert by_n == sorted(by_n, reverse=True)
    by_m = [smallest_difference(12, 0.05, m) or 0.0 for m in (1, 2, 5, 10)]
    assert by_m == sorted(by_m)
    assert smallest_difference(12, 0.05, 5) == smallest_difference(12, 0.01)
