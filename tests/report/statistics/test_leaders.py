"""Who leads: the best mean and all that is not significantly worse, and nobody where nothing can be shown."""

from __future__ import annotations

import numpy as np

from bench.report.statistics import leaders


def scores(*values: float) -> dict[int, float]:
    return dict(enumerate(values))


BEST = scores(90, 91, 92, 93, 94, 95)
BELOW = scores(89, 90, 91, 92, 93, 94)  # a point less at every seed: p = 1/32
NEAR = scores(91, 90, 93, 92, 95, 93)  # 1, -1, 1, -1, 1, -2: sum -1


def test_two_by_hand() -> None:
    assert leaders({"a": BEST, "b": BELOW}) == {"a"}
    assert leaders({"a": BEST, "b": NEAR}) == {"a", "b"}
    assert leaders({"a": BEST, "b": BELOW}, upwards=False) == {"b"}
    assert leaders({"a": BEST, "b": BELOW}, level=0.03) == frozenset()  # 1/32 = 0.031


def test_nobody_leads_where_the_seeds_can_show_nothing() -> None:
    """Two rivals need p <= 0.025, and six seeds give 1/32 at the least."""
    assert leaders({"a": BEST, "b": BELOW, "c": NEAR}) == frozenset()
    assert leaders({"a": scores(99, 99, 98, 99, 98), "b": scores(10, 11, 12, 13, 14)}) == frozenset()
    assert leaders({"a": scores(90.0)}) == leaders({"a": BEST}) == leaders({}) == frozenset()


def test_holm_over_the_rivals() -> None:
    """Eight seeds. p of b is 1/128 and of c 3/128; corrected 2/128 and 3/128 = 0.0234; with d beside them c has 6/128.

    c's differences are 1 to 8 with a minus on 2: sums as far have a minus on none, on 1 alone, on 2 alone. d's are
    1, -1, 1, -1, 1, -1, 1, 0.
    """
    best = np.full(8, 50.0)
    b, c = best - 1, best - np.array([1, -2, 3, 4, 5, 6, 7, 8])
    d = best - np.array([1, -1, 1, -1, 1, -1, 1, 0])
    grid = {name: scores(*values) for name, values in {"a": best, "b": b, "c": c}.items()}
    assert leaders(grid) == {"a"}
    assert leaders(grid, level=0.0235) == {"a"}
    assert leaders(grid, level=0.0234) == {"a", "c"}
    assert leaders({**grid, "d": scores(*d)}) == {"a", "d"}
    assert leaders({**grid, "d": scores(*d)}, level=0.0468) == {"a", "c", "d"}


def test_a_name_that_lacks_a_seed_is_left_out() -> None:
    lacking = {seed: 100.0 for seed in range(5)}
    assert leaders({"a": BEST, "b": BELOW, "c": lacking}) == {"a"}
    assert leaders({"a": BEST, "c": lacking}) == frozenset()
