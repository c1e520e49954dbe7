"""Average ranks: Demsar's published example and table, SciPy's statistic, shares of shuffles by hand."""

from __future__ import annotations

import numpy as np
import pytest
from peers import SCORES, pinned

from bench.report.statistics import critical_difference, rank

# Demsar (2006), Table 6: AUC of C4.5 without and with tuning of m, of cf, of both; 14 data sets.
# It ranks the two that it prints as 0.975 second and third.
TABLE_6 = np.array([
    [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
    [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
    [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
    [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.97501, 0.975], [0.957, 0.978, 0.946, 0.970],
])  # fmt: skip


def test_demsars_example() -> None:
    found = rank(TABLE_6)
    assert found.average == pytest.approx((3.143, 2.000, 2.893, 1.964), abs=5e-4)
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)
    assert critical_difference(14, 4, 0.10) == pytest.approx(1.12, abs=5e-3)
    assert found.warning == ""


def test_demsars_table_5() -> None:
    """q of 2 to 10 classifiers, at 5 and 10 %; here k (k + 1) / (6 n) is 1."""
    published = {
        0.05: [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164],
        0.10: [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920],
    }
    for level, row in published.items():
        for k, q in enumerate(row, 2):
            scale = (k * (k + 1) / (6 * 14)) ** 0.5
            assert critical_difference(14, k, level) / scale == pytest.approx(q, abs=1.1e-3)


def test_friedmans_statistic_against_scipy() -> None:
    assert [rank(np.array(case)).statistic for case in SCORES] == pytest.approx(pinned()["friedman"], rel=1e-12)


def test_ties_share_their_mean_rank() -> None:
    """Of 5, 7, 5, 9 the best is 9: ranks 3.5, 2, 3.5, 1; of four alike 2.5 each."""
    assert rank(np.array([[5.0, 7.0, 5.0, 9.0], [1.0, 1.0, 1.0, 1.0]])).average == (3.0, 2.25, 3.0, 1.75)


def test_p_by_hand() -> None:
    """Three orders of three that agree: the second and third agree by chance with 1/6 each, 1/36."""
    agreed = rank(np.array([[3.0, 2.0, 1.0]] * 3))
    assert agreed.statistic == pytest.approx(6.0)  # n (k - 1), the largest
    assert agreed.p == pytest.approx(1 / 36, abs=4 * (1 / 36 / 9999) ** 0.5)
    assert rank(np.array([[3.0, 2.0, 1.0]] * 3), seed=1).p != agreed.p
    assert rank(np.array([[2.0, 1.0], [1.0, 2.0]])).p == 1.0
    assert rank(np.ones((3, 3))).p == 1.0
    assert rank(np.array([[2.0, 1.0]] * 20)).p == 1 / 10_000  # 2^-19 by chance: no shuffle is as far


@pytest.mark.parametrize(("n", "warns"), [(2, True), (9, True), (10, False)])
def test_few_data_sets_warn(n: int, warns: bool) -> None:
    warning = rank(np.array([[2.0, 1.0]] * n)).warning
    assert warning.startswith(f"{n} data sets") is warns
    assert bool(warning) is warns
