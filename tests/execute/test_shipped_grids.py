"""Every grid that we ship can be planned: data, options, cells, ranks and stages fit each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.execute.whole import planned
from bench.places import grids
from bench.search.choose import final_runs
from bench.search.trials import draw
from bench.spec import read_grid

pytestmark = pytest.mark.long


@pytest.mark.parametrize("path", grids(), ids=lambda path: path.stem)
def test_it_plans(path: Path, tmp_path: Path) -> None:
    assert planned(read_grid(path), tmp_path / "results").runs


def test_rows_that_keep_adam_are_those_of_the_grid_without_a_choice() -> None:
    paths = {path.stem: path for path in grids()}
    searched, plain = (read_grid(paths[name]) for name in ("table3-dsa19-optimiser", "table3-dsa19"))
    adam = [trial for trial in draw(searched) if trial.runs[0].train.optimizer == "adam"]
    finals = [spec.id for trial in adam for spec in final_runs(searched, trial, epochs=trial.runs[0].train.epochs)]
    assert sorted(finals) == sorted(spec.id for spec in plain.runs())
