"""Posterior and verdict: against baycomp, by hand, and that a verdict needs both of its reasons."""

from __future__ import annotations

import numpy as np
import pytest
from peers import DIFFERENCES, ROPES, pinned

from bench.report.statistics import Posterior, Verdict, posterior
from bench.report.statistics.verdict import decide


def test_against_baycomp() -> None:
    """There the correlation is 1 / n, as of n folds."""
    for differences, shares in zip(DIFFERENCES, pinned()["bayes"], strict=True):
        for rope, expected in zip(ROPES, shares, strict=True):
            found = posterior(np.array(differences), rope, 1 / len(differences))
            assert found == pytest.approx(expected, abs=1e-10)


def test_by_hand() -> None:
    """Of -1, 0, 1, 2: t = (end - 0.5) / sqrt(5/3 / 4), 3 degrees of freedom; at rope 1 t = 0.7746 and -2.3238.

    F(t) = 1/2 + (atan(u) + u / (1 + u^2)) / pi with u = t / sqrt(3): 0.75248 and 0.05135.
    """
    worse, equivalent, better = posterior(np.array([-1.0, 0.0, 1.0, 2.0]), 1.0) or pytest.fail("none")
    assert (worse, equivalent, better) == pytest.approx((0.05135, 0.70113, 0.24752), abs=2e-5)


def test_two_differences_have_a_posterior() -> None:
    """Of 1 and 3: t = end - 2 with 1 degree of freedom, F(t) = 1/2 + atan(t) / pi; -1 at rope 1, -3 below it."""
    assert posterior(np.array([1.0, 3.0]), 1.0) == pytest.approx((0.10242, 0.14758, 0.75), abs=1e-5)


def test_equal_differences_leave_no_doubt() -> None:
    assert posterior(np.full(3, 2.0), 1.0) == (0, 0, 1)
    assert posterior(np.full(3, -2.0), 1.0) == (1, 0, 0)
    assert posterior(np.zeros(3), 1.0) == (0, 1, 0)
    assert posterior(np.ones(3), 1.0) == (0, 0.5, 0.5)  # on the edge
    assert posterior(np.ones(1), 1.0) is None


@pytest.mark.parametrize(
    ("shares", "n", "p", "verdict"),
    [
        ((0.0, 0.05, 0.95), 6, 0.05, Verdict.BETTER),
        ((0.0, 0.051, 0.949), 6, 0.05, Verdict.UNDECIDED),
        ((0.0, 0.0, 1.0), 6, 0.051, Verdict.UNDECIDED),
        ((0.95, 0.05, 0.0), 6, 0.05, Verdict.WORSE),
        ((0.949, 0.051, 0.0), 6, 0.05, Verdict.UNDECIDED),
        ((1.0, 0.0, 0.0), 6, 0.051, Verdict.UNDECIDED),
        ((0.0, 0.95, 0.05), 3, 1.0, Verdict.EQUIVALENT),
        ((0.0, 0.95, 0.05), 9, 0.001, Verdict.EQUIVALENT),  # a difference that is there, and too small to matter
        ((0.0, 0.949, 0.051), 9, 0.001, Verdict.UNDECIDED),
        ((0.0, 1.0, 0.0), 2, 0.5, Verdict.UNDECIDED),
        ((0.0, 0.0, 1.0), 2, 0.0, Verdict.UNDECIDED),
    ],
)
def test_decisions(shares: tuple[float, float, float], n: int, p: float, verdict: Verdict) -> None:
    assert decide(Posterior(*shares), n, p, 0.05) is verdict


def test_without_a_posterior_nothing_is_decided() -> None:
    assert decide(None, 6, 0.0, 0.05) is Verdict.UNDECIDED
