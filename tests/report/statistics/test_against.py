"""Comparisons with one reference: every figure by hand, and that they belong together."""

from __future__ import annotations

import pytest

from bench.report.statistics import Verdict, against

REFERENCE = {seed: 80.0 + seed for seed in range(6)}
BETTER = {seed: 84.0 + seed + 0.5 * (seed % 2) for seed in range(6)}  # 4, 4.5, 4, 4.5, 4, 4.5
ALIKE = {seed: 80.0 + seed + 0.25 * (-1) ** seed for seed in range(6)}


def test_one_cell_by_hand() -> None:
    """Mean 4.25, sd sqrt(6 / 16 / 5) = 0.2739, standard error 0.1118, t of 5 degrees of freedom 2.5706."""
    found = against(REFERENCE, {"x": BETTER})["x"]
    assert found.differences == {0: 4.0, 1: 4.5, 2: 4.0, 3: 4.5, 4: 4.0, 5: 4.5}
    assert (found.n, found.mean) == (6, 4.25)
    assert found.interval == pytest.approx((4.25 - 0.2874, 4.25 + 0.2874), abs=1e-4)
    assert found.p == found.corrected_p == found.reachable_p == 1 / 32
    assert found.verdict is Verdict.BETTER
    assert found.posterior is not None
    assert found.posterior.better > 0.999
    assert found.smallest == pytest.approx(1.79 * 0.2739, rel=0.03)  # Phi(1.79)^6 = 0.8


def test_a_lower_score_may_be_better() -> None:
    found = against(REFERENCE, {"x": BETTER}, upwards=False)["x"]
    assert found.mean == -4.25
    assert found.verdict is Verdict.WORSE


def test_the_region_decides_what_matters() -> None:
    assert against(REFERENCE, {"x": ALIKE})["x"].verdict is Verdict.EQUIVALENT
    assert against(REFERENCE, {"x": ALIKE}, rope=0.1)["x"].verdict is Verdict.UNDECIDED
    assert against(REFERENCE, {"x": BETTER}, rope=4.25)["x"].verdict is Verdict.UNDECIDED
    assert against(REFERENCE, {"x": BETTER}, rope=5)["x"].verdict is Verdict.EQUIVALENT


def test_p_is_corrected_over_the_cells_compared() -> None:
    """Two cells at 1/32: twice that, and no longer significant, which six seeds cannot be."""
    found = against(REFERENCE, {"x": BETTER, "y": {seed: value + 1 for seed, value in BETTER.items()}})
    for name in "xy":
        assert (found[name].p, found[name].corrected_p, found[name].reachable_p) == (1 / 32, 1 / 16, 1 / 16)
        assert found[name].verdict is Verdict.UNDECIDED
        assert found[name].smallest is None
    assert against(REFERENCE, {"x": BETTER, "y": BETTER}, level=0.07)["x"].verdict is Verdict.BETTER


def test_only_common_seeds_are_compared() -> None:
    found = against(REFERENCE, {"x": {4: 90.0, 5: 95.0, 9: 0.0}, "y": {9: 1.0}})
    assert list(found) == ["x"]
    assert found["x"].differences == {4: 6.0, 5: 10.0}
    assert found["x"].corrected_p == found["x"].reachable_p == 0.5
    assert found["x"].verdict is Verdict.UNDECIDED


def test_a_single_seed_has_neither_interval_nor_spread() -> None:
    found = against(REFERENCE, {"x": {4: 90.0}})["x"]
    assert (found.interval, found.posterior, found.smallest, found.p) == (None, None, None, 1.0)
    assert found.verdict is Verdict.UNDECIDED


def test_more_cells_than_seeds_can_tell_apart_reach_no_p_but_one() -> None:
    found = against(REFERENCE, {str(cell): BETTER for cell in range(40)})
    assert found["0"].reachable_p == found["0"].corrected_p == 1.0
