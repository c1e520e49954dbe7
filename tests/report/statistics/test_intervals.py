"""Intervals: against SciPy on the same resamples, and by hand where all resamples can be listed."""

from __future__ import annotations

import numpy as np
import pytest
from peers import DIFFERENCES, LEVELS, SKEWED, all_means, pinned

from bench.report.statistics import clustered, t_interval
from bench.report.statistics.bootstrap import percentile


def test_t_against_scipy() -> None:
    found = [t_interval(np.array(case)) for case in DIFFERENCES]
    assert np.array(found) == pytest.approx(np.array(pinned()["t interval"]), rel=1e-9)


def test_t_by_hand() -> None:
    """Of 1, 2, 3: mean 2, standard error 1 / sqrt(3), t of 2 degrees of freedom 4.3027."""
    assert t_interval(np.array([1.0, 2.0, 3.0])) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-4)
    assert t_interval(np.array([1.0, 2.0, 3.0]), 0.5) == pytest.approx((2 - 0.8165 / 3**0.5, 2.4714), abs=1e-4)
    assert t_interval(np.array([4.0])) is None
    assert t_interval(np.array([4.0, 4.0])) == (4.0, 4.0)


@pytest.mark.parametrize("at", range(len(LEVELS)))
def test_quantiles_against_scipy_on_the_same_resamples(at: int) -> None:
    means = all_means(SKEWED)
    assert percentile(means, LEVELS[at]) == pytest.approx(pinned()["percentile"][at], rel=1e-12)


def test_one_seed_and_equal_groups_are_the_bootstrap_of_group_means() -> None:
    """Groups of two items about 0, 0.5, 1, 1.5 and 7: all 3,125 resamples have 95 % between 0.4 and 4.6."""
    values = np.array([[value + part for value in SKEWED for part in (-1, 1)]])
    found = clustered(values, np.repeat([9, 4, 7, 5, 1], 2))
    assert found == pytest.approx(pinned()["percentile"][LEVELS.index(0.95)], abs=0.11)  # means are 0.1 apart


def test_seeds_are_drawn_too() -> None:
    """Two seeds, at 0.2 and 0.8, of one person: resamples are 0.2, 0.5, 0.5, 0.8."""
    values = np.array([[0.2, 0.2], [0.8, 0.8]])
    assert clustered(values, np.array([1, 1]), 0.9) == pytest.approx((0.2, 0.8))
    assert clustered(values, np.array([1, 1]), 0.4) == pytest.approx((0.5, 0.5))


def test_a_group_comes_with_all_its_items() -> None:
    """One item right of person 5, three wrong of person 2: resamples have 2 of 2, 1 of 4, 1 of 4, 0 of 6 right."""
    values, groups = np.array([[1.0, 0.0, 0.0, 0.0]]), np.array([5, 2, 2, 2])
    assert clustered(values, groups, 0.9) == (0.0, 1.0)
    assert clustered(values, groups, 0.4) == (0.25, 0.25)


def test_seeds_and_groups_are_drawn_independently() -> None:
    """Two seeds by two people, right only at seed 0 of person 0: the mean is the product of the shares drawn of each.

    Shares are 0, 1/2, 1 with chances 1/4, 1/2, 1/4: the product is 0 with 7/16, 1/4 with 1/4, 1/2 with 1/4, 1 with
    1/16. So 2 x 0.40 cuts the lower 0.40 to 0 and the upper 0.60 to 1/4, and 0.98 reaches from 0 to 1.
    """
    values, groups = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([0, 1])
    assert clustered(values, groups, 0.2) == (0.0, 0.25)
    assert clustered(values, groups, 0.6) == (0.0, 0.5)
    assert clustered(values, groups, 0.98) == (0.0, 1.0)
    assert clustered(values, groups, 0.98, seed=3) == (0.0, 1.0)
