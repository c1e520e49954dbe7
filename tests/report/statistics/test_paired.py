"""The sign-flip test and Holm's correction: by hand, against SciPy, and by what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import DIFFERENCES, RANKS, pinned

from bench.report.statistics import holm, pair, sign_flip, smallest_p


def flip(*differences: float) -> float:
    return sign_flip(np.array(differences))


def test_by_hand() -> None:
    assert flip(1, 2, 3) == 1 / 4  # sums up to a common sign: 6, 0, 2, -4; only 6 is as far as 6
    assert flip(1, 2, -1) == 3 / 4  # 4, 2, 0, -2; three are as far as 2
    assert flip(-1, -2, -3) == 1 / 4
    assert flip(5.0) == 1.0
    assert flip(0, 0, 0) == 1.0
    assert flip(2, 0) == 1.0  # 2, 2


def test_against_scipy() -> None:
    assert [flip(*case) for case in DIFFERENCES] == pytest.approx(pinned()["sign flip"], rel=1e-12)


def test_of_ranks_it_is_wilcoxons_signed_rank_test() -> None:
    assert [flip(*case) for case in RANKS] == pytest.approx(pinned()["wilcoxon"], rel=1e-12)


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_neither_unit_nor_order_nor_direction_matters(differences: list[int], random: object) -> None:
    """Sums that are equal in whole numbers stay equal in tenths, though 0.1 + 0.2 is not 0.3."""
    p = flip(*differences)
    shuffled = sorted(differences, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert flip(*(value / 10 for value in shuffled)) == p
    assert flip(*(-value for value in differences)) == p


@pytest.mark.parametrize(("n", "p"), [(1, 1.0), (2, 0.5), (3, 0.25), (6, 0.03125), (10, 1 / 512), (20, 2.0**-19)])
def test_the_smallest_p_is_that_of_signs_all_alike(n: int, p: float) -> None:
    assert smallest_p(n) == p
    assert flip(*np.linspace(1, 2, n)) == p


def test_nothing_is_shown_by_no_seed() -> None:
    assert smallest_p(0) == 1.0


def test_above_twenty_signs_are_drawn() -> None:
    """Against the exact share, from the number of ways to each sum of the whole numbers 1 to 21 with signs."""
    differences = np.array([-at if at in (2, 5, 11, 15, 17, 20) else at for at in range(1, 22)], dtype=float)
    ways = np.ones(1)
    for at in range(1, 22):  # the place of a count is the sum of those with a plus
        ways = np.concatenate([ways, np.zeros(at)]) + np.concatenate([np.zeros(at), ways])
    sums = 2 * np.arange(len(ways)) - 231  # 1 + ... + 21 = 231
    exact = ways[np.abs(sums) >= abs(differences.sum())].sum() / 2**21
    assert 0.1 < exact < 0.2
    assert sign_flip(differences) == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 1e5) ** 0.5)
    assert sign_flip(differences, seed=1) == sign_flip(differences, seed=1) != sign_flip(differences)


def test_above_twenty_p_is_never_zero() -> None:
    assert flip(*[1.0] * 40) == smallest_p(40) == 1 / 100_001


def test_pairs_are_of_common_seeds_in_order() -> None:
    assert pair({3: 5.0, 1: 2.0, 7: 9.0}, {1: 0.5, 3: 1.0, 4: 8.0}).tolist() == [1.5, 4.0]
    assert pair({1: 1.0}, {2: 1.0}).tolist() == []


def test_holm_by_hand() -> None:
    """Sorted 0.005, 0.01, 0.03, 0.04: times 4, 3, 2, 1 gives 0.02, 0.03, 0.06, 0.04, which is no less than 0.06."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_holm_lies_between_no_correction_and_bonferronis(ps: list[float]) -> None:
    corrected = holm(ps)
    assert all(p <= found <= min(1, len(ps) * p) for p, found in zip(ps, corrected, strict=True))
    assert min(corrected) == min(1, len(ps) * min(ps))
    order = sorted(range(len(ps)), key=ps.__getitem__)
    assert [corrected[at] for at in order] == sorted(corrected)
