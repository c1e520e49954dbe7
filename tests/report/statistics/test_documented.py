"""The table of ``docs/statistics.md`` says what the code computes."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from bench.report.statistics import critical_difference, posterior, smallest_difference, smallest_p, t_interval

PAGE = (Path(__file__).parents[3] / "docs" / "statistics.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| ([\d.]+) \| (\d+) \| (.+) \| (.+) \| (.+) \| ([\d.]+) \| ([\d.]+) \|$", PAGE, re.M)


def test_the_table_has_the_usual_numbers_of_seeds() -> None:
    assert [int(row[0]) for row in ROWS] == [3, 6, 8, 10]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_seeds_can_show(row: tuple[str, ...]) -> None:
    n, p, most, *shown, half, spread = row
    seeds = int(n)
    assert float(p) == pytest.approx(smallest_p(seeds), rel=0.03)
    assert int(most) == math.floor(0.05 / smallest_p(seeds))
    for comparisons, said in zip((1, 3, 7), shown, strict=True):
        found = smallest_difference(seeds, 0.05, comparisons)
        assert said == ("-" if found is None else f"{found:.2f}")
    unit = np.arange(seeds) - (seeds - 1) / 2
    unit /= unit.std(ddof=1)  # mean 0, sd 1
    interval = t_interval(unit)
    assert interval is not None
    assert interval.high == pytest.approx(float(half), abs=0.005)
    inside = [(posterior(unit * (float(spread) + off), 1.0) or pytest.fail("none")).equivalent for off in (-0.01, 0.01)]
    assert inside[1] < 0.95 < inside[0]


def test_the_critical_difference_of_the_example() -> None:
    assert f"critical difference is {critical_difference(5, 8):.1f} ranks" in PAGE
