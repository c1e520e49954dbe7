"""What the harness costs: made-up results are results, and a cost says whether it keeps to its targets."""

from pathlib import Path

import pytest

from bench import record
from bench.execute.preflight import check
from bench.report import read
from bench.spec import read_grid
from bench.speed.harness import Cost, measure_harness
from bench.speed.made_up import write_grid, write_results
from bench.status import Status


def test_made_up_results_are_those_of_their_grid(tmp_path: Path) -> None:
    grid = write_grid(tmp_path / "g.yaml", rows=4, seeds=3)
    (tmp_path / "results").mkdir()
    write_results(grid, tmp_path / "results")
    found = record.observed(tmp_path / "results")
    assert found == {spec.id: (Status.DONE, "") for spec in check(read_grid(grid).runs())}
    results = read(tmp_path / "results")
    assert [(row.n, row.absent) for row in results.summaries] == [(3, ())] * 4
    assert not any(record.latency_stale for record in results.records)


@pytest.mark.parametrize(
    ("cpu_s", "mb", "reached"), [(9.0, 400.0, True), (11.0, 400.0, False), (9.0, 600.0, False), (9.0, None, True)]
)
def test_a_cost_keeps_to_both_targets_or_not(cpu_s: float, mb: float | None, reached: bool) -> None:
    assert Cost("plan", 1, cpu_s, mb, 10.0, 500.0).reached is reached
    assert Cost("plan", 1, cpu_s, mb).reached is None


@pytest.mark.slow
def test_all_that_is_measured_has_a_cost() -> None:
    found = measure_harness([20], 20, tiny=1)
    assert all(cost.cpu_s > 0 for cost in found.costs)
    assert [cost.count for cost in found.costs] == [20, 20, 20, 1200, 1, 1, 1]
