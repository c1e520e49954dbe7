"""A thousand simulated grids, from records to verdicts, through the code that `rnnbench compare` runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from bench.record import Record, read_all
from bench.report.comparing.differences import Difference, differences
from bench.report.rows.results import Results
from bench.report.statistics import Verdict

pytestmark = pytest.mark.slow
GRIDS, SEEDS, NOISE = 1000, 8, 0.01
CELLS = ("FastGRNN", "GRU", "LSTM")


@pytest.fixture
def records(folder: Any) -> list[Record]:
    """A finished run of every cell with every seed."""
    for cell in CELLS:
        for seed in range(SEEDS):
            folder.add(cell, "watch", seed)
    return read_all(folder.path)


def grids(records: list[Record], planted: float) -> Iterator[dict[str, Difference]]:
    """Grids whose accuracies are drawn anew; GRU's are better by the planted difference, LSTM's are not."""
    random = np.random.default_rng(3)
    for _ in range(GRIDS):
        of_seed = random.standard_normal(SEEDS)
        made = []
        for each in records:
            assert each.result is not None
            score = 0.8 + 0.01 * of_seed[each.spec["seed"]] + NOISE * random.standard_normal()
            score += planted * (each.labels.cell == "GRU")
            made.append(each.model_copy(update={"result": each.result.model_copy(update={"test_accuracy": score})}))
        yield {found.label: found for found in differences(Results("simulated", tuple(made), against="fastgrnn"))}


def test_without_a_difference_at_most_five_percent_of_grids_have_a_finding(records: list[Record]) -> None:
    """Of two comparisons Holm's first step asks for 3/128 at most, the largest multiple of 1/128 not above 2.5 %."""
    loud = {Verdict.BETTER, Verdict.WORSE}
    found, small = [], []
    for grid in grids(records, 0.0):
        own = [each.found for each in grid.values() if each.found]
        assert len(own) == 2
        found.append(any(each.verdict in loud for each in own))
        small.append(own[0].p <= 3 / 128)
    assert np.mean(found) <= 0.05
    assert np.mean(small) == pytest.approx(3 / 128, abs=3 * (3 / 128 / GRIDS) ** 0.5)


def test_a_planted_difference_of_three_points_is_found_and_of_the_other_cell_nothing_is(records: list[Record]) -> None:
    """Three points are 2.1 standard deviations of a difference; 8 seeds find 1.4 of them four times in five."""
    better, others, means = [], [], []
    for grid in grids(records, 0.03):
        gru, lstm = grid["GRU"].found, grid["LSTM"].found
        assert gru is not None
        assert lstm is not None
        better.append(gru.corrected_p <= 0.05 and gru.mean > 0)
        others.append(lstm.verdict in (Verdict.BETTER, Verdict.WORSE))
        means.append(gru.mean)
    assert np.mean(better) > 0.95
    assert np.mean(others) <= 0.05 + 3 * (0.05 * 0.95 / GRIDS) ** 0.5
    assert np.mean(means) == pytest.approx(3.0, abs=3 * 100 * NOISE * (2 / SEEDS / GRIDS) ** 0.5)
