"""A thousand simulated grids: false findings at the stated rate, planted differences found at the stated power.

Scores of a seed share a part (the order of the data), as those of real runs do. Bounds are three standard deviations of
a binomial count.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from bench.report.statistics import Comparison, Verdict, against, leaders, smallest_difference

pytestmark = pytest.mark.slow
GRIDS = 1000


def bound(rate: float) -> float:
    return 3 * (rate * (1 - rate) / GRIDS) ** 0.5


def grids(n: int, cells: int, noise: float, planted: float = 0.0) -> Iterator[tuple[dict[int, float], dict[str, dict]]]:  # type: ignore[type-arg]
    """Scores of a reference and of cells, all alike but for cell 0, which is better by the planted difference."""
    random = np.random.default_rng(1)
    for _ in range(GRIDS):
        scores = 90 + random.standard_normal((1, n)) + noise * random.standard_normal((cells + 1, n))
        scores[1] += planted
        reference, *others = (dict(enumerate(row)) for row in scores.tolist())
        yield reference, {str(at): row for at, row in enumerate(others)}


def compare(n: int, cells: int, noise: float, planted: float = 0.0) -> list[dict[str, Comparison]]:
    return [against(reference, others) for reference, others in grids(n, cells, noise, planted)]


def test_one_comparison_is_falsely_significant_at_the_rate_that_signs_can_reach() -> None:
    """Eight seeds reach multiples of 1/128; the largest not above 5 % is 6/128 = 4.7 %."""
    found = [grid["0"].p <= 0.05 for grid in compare(8, 1, 3.0)]
    assert np.mean(found) == pytest.approx(6 / 128, abs=bound(6 / 128))


@pytest.mark.parametrize("noise", [0.3, 3.0])
def test_seven_comparisons_have_any_false_finding_in_at_most_five_percent_of_grids(noise: float) -> None:
    grid_by_grid = compare(10, 7, noise)
    significant = [any(found.corrected_p <= 0.05 for found in grid.values()) for grid in grid_by_grid]
    assert 0 < np.mean(significant) <= 0.05 + bound(0.05)
    loud = {Verdict.BETTER, Verdict.WORSE}
    assert np.mean([any(found.verdict in loud for found in grid.values()) for grid in grid_by_grid]) <= 0.05


@pytest.mark.parametrize(("n", "cells"), [(6, 1), (8, 1), (8, 3), (10, 7)])
def test_a_planted_difference_is_found_at_the_stated_power(n: int, cells: int) -> None:
    """A difference of two scores has sqrt(2) times their noise. Later steps of Holm's can only find more."""
    factor = smallest_difference(n, 0.05, cells)
    assert factor is not None
    noise = 0.5
    found = np.mean([g["0"].corrected_p <= 0.05 for g in compare(n, cells, noise, factor * noise * 2**0.5)])
    assert found == pytest.approx(0.8, abs=bound(0.8) + 0.02)


def test_a_difference_on_the_edge_of_the_region_is_seldom_called_better_or_equivalent() -> None:
    """The true difference is one point, the region's half width: either verdict is wrong in at most 5 %."""
    verdicts = [grid["0"].verdict for grid in compare(10, 1, 0.4, 1.0)]
    for verdict in (Verdict.BETTER, Verdict.EQUIVALENT):
        assert verdicts.count(verdict) / GRIDS <= 0.05 + bound(0.05)
    assert verdicts.count(Verdict.WORSE) == 0


def test_a_planted_better_cell_leads_and_equal_cells_are_not_told_apart() -> None:
    better = [leaders(others) for _, others in grids(10, 5, 0.5, 3.0)]
    assert np.mean([found == {"0"} for found in better]) > 0.99
    alike = [leaders(others) for _, others in grids(10, 5, 0.5)]
    assert np.mean([len(found) < 5 for found in alike]) < 0.15  # the best is picked by its luck, so above 5 %
