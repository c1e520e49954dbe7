"""Distribution functions against SciPy's and closed forms."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from peers import NONCENTRAL, QUANTILES, RANGES, STUDENT, pinned

from bench.report.statistics.distributions import (
    student,
    student_quantile,
    studentised_range,
    studentised_range_quantile,
)


def test_against_scipy() -> None:
    assert [student(*case) for case in STUDENT] == pytest.approx(pinned()["STUDENT"], abs=1e-10)
    assert [student(*case) for case in NONCENTRAL] == pytest.approx(pinned()["NONCENTRAL"], abs=1e-10)
    assert [student_quantile(*case) for case in QUANTILES] == pytest.approx(pinned()["QUANTILES"], rel=1e-9)
    assert [studentised_range_quantile(*case) for case in RANGES] == pytest.approx(pinned()["RANGES"], rel=1e-9)


@pytest.mark.parametrize("t", [-7.0, -0.3, 0.0, 1.0, 40.0])
def test_one_degree_of_freedom_is_cauchy(t: float) -> None:
    assert student(t, 1) == pytest.approx(0.5 + math.atan(t) / math.pi, abs=1e-9)


@pytest.mark.parametrize("t", [-2.0, 0.0, 1.5])
def test_many_degrees_of_freedom_are_normal(t: float) -> None:
    assert student(t, 10**6) == pytest.approx(NormalDist().cdf(t), abs=1e-6)


@pytest.mark.parametrize("q", [0.1, 1.0, 3.0])
def test_the_range_of_two_is_a_normal_difference(q: float) -> None:
    """|z1 - z2| <= q has probability 2 Phi(q / sqrt(2)) - 1."""
    assert studentised_range(q, 2) == pytest.approx(2 * NormalDist().cdf(q / math.sqrt(2)) - 1, abs=1e-12)
