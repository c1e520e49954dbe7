"""Windows against numpy's own view of them; the fixed draw against its stated rule and its promises."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from bench.data.splits import draw, same_bytes, windows


@pytest.mark.parametrize("seed", range(60))
def test_windows_are_every_step_th_of_all_windows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, length, step = (int(rng.integers(1, high)) for high in (60, 20, 25))
    series = rng.normal(size=(n, 3))
    cut = windows(series, length, step)
    if n < length:
        assert cut == []
        return
    expected = sliding_window_view(series, length, axis=0)[::step].transpose(0, 2, 1)
    assert np.array_equal(np.stack(cut), expected)
    assert len(cut) == (n - length) // step + 1


def test_windows_half_overlap() -> None:
    series = np.arange(300).reshape(300, 1)
    assert [int(window[0, 0]) for window in windows(series, 128, 64)] == [0, 64, 128]
    assert all(len(window) == 128 for window in windows(series, 128, 64))


def test_same_bytes_groups_repeats_under_the_first() -> None:
    a, b = np.zeros((2, 3)), np.ones((2, 3))
    # the last has the bytes of `a` in another shape: another recording
    assert same_bytes([a, b, a.copy(), b.copy(), a.reshape(3, 2)]).tolist() == [0, 1, 0, 1, 4]


def test_draw_follows_the_stated_rule() -> None:
    y = np.repeat([0, 1], [10, 20])
    part = draw("set", y, np.arange(30), (0.2, 0.1))
    for label, members in ((0, range(10)), (1, range(10, 30))):
        order = sorted(members, key=lambda i: hashlib.sha256(f"set/{label}/{i}".encode()).hexdigest())
        share = len(order) // 10
        assert sorted(order[: 2 * share]) == [i for i in members if part[i] == 0]
        assert sorted(order[2 * share : 3 * share]) == [i for i in members if part[i] == 1]
        assert sorted(order[3 * share :]) == [i for i in members if part[i] == 2]


@pytest.mark.parametrize("seed", range(30))
def test_draw_keeps_groups_whole_and_shares_met(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(20, 200))
    group = rng.integers(0, max(2, count // 3), size=count)
    y = group % 4  # a group has one class
    part = draw("set", y, group, (0.2, 0.1))
    for each in np.unique(group):
        assert len(np.unique(part[group == each])) == 1
    for label in np.unique(y):
        mine, sizes = part[y == label], np.unique(group[y == label], return_counts=True)[1]
        # at least its share, and over by less than the largest group
        assert 0 <= (mine == 0).sum() - 0.2 * len(mine) < sizes.max() + 1e-6
        assert (mine <= 1).sum() - 0.3 * len(mine) < sizes.max() + 1e-6


def test_draw_depends_on_neither_row_order_nor_seed() -> None:
    y, group = np.arange(100) % 5, np.arange(100)
    part = draw("set", y, group, (0.2,))
    np.random.seed(1)  # the very thing that must not matter
    shuffled = np.random.default_rng(0).permutation(100)
    assert np.array_equal(draw("set", y[shuffled], group[shuffled], (0.2,)), part[shuffled])
    assert not np.array_equal(draw("other", y, group, (0.2,)), part)
