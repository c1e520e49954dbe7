"""Every grid that we ship can be planned: data, options, cells, ranks and stages fit each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.execute.whole import planned
from bench.places import grids
from bench.spec import read_grid

pytestmark = pytest.mark.long


@pytest.mark.parametrize("path", grids(), ids=lambda path: path.stem)
def test_it_plans(path: Path, tmp_path: Path) -> None:
    assert planned(read_grid(path), tmp_path / "results").runs
