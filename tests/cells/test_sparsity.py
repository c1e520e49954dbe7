"""Iterative hard thresholding: exactly the promised entries stay, the largest, on any cell."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.zoo import all_cells
from cells import Cell
from cells.compress import HardThreshold, kept_count, support

SPARSE = sorted(set(all_cells()) - {"spectralrnn", "lmu", "s6"})  # those have matrices that are partly fixed


def made(name: str, rank: int | None) -> Cell:
    torch.manual_seed(3)
    cell = all_cells()[name](7, 12)
    for each in cell.weights().values() if rank else ():
        each.factorise(rank or 1)
    return cell


@given(entries=st.integers(1, 300), percent=st.integers(1, 100))
def test_the_kept_part_is_rounded_up(entries: int, percent: int) -> None:
    assert kept_count(percent / 100, entries) == -(-percent * entries // 100)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=40), st.integers(1, 100))
def test_the_largest_stay_ties_or_not(values: list[int], percent: int) -> None:
    factor = torch.tensor(values, dtype=torch.float32)
    mask = support(factor, percent / 100)
    kept, dropped = factor[mask == 1].abs(), factor[mask == 0].abs()
    assert len(kept) == -(-percent * len(values) // 100)
    assert not len(dropped) or kept.min() >= dropped.max()


@pytest.mark.parametrize("name", SPARSE)
@pytest.mark.parametrize("rank", [None, 3])
def test_every_factor_has_exactly_its_nonzeros_and_holds_them(name: str, rank: int | None) -> None:
    cell = made(name, rank)
    keep = {each: 0.15 + 0.1 * number for number, each in enumerate(cell.weights())}
    sparsity = HardThreshold(cell, keep)
    sparsity.threshold()
    before = {id(factor): factor != 0 for weight in cell.weights().values() for factor in weight.factors()}
    with torch.no_grad():
        for parameter in cell.parameters():  # as a step of the optimizer
            parameter.add_(torch.randn_like(parameter))
    sparsity.hold()
    for matrix, weight in cell.weights().items():
        for factor in weight.factors():
            live = factor != 0
            assert torch.equal(live, before[id(factor)])
            assert int(live.sum()) == kept_count(keep[matrix], factor.numel())
    sparsity.threshold()
    for matrix, weight in cell.weights().items():
        assert all(int((f != 0).sum()) == kept_count(keep[matrix], f.numel()) for f in weight.factors())


def test_an_entry_that_grew_while_the_support_was_free_comes_back() -> None:
    cell = made("gru", None)
    sparsity = HardThreshold(cell, {"U": 0.1})
    sparsity.threshold()
    gone = (cell.U.value == 0).nonzero()[0]
    with torch.no_grad():
        cell.U.value[tuple(gone)] = 100.0
    sparsity.threshold()
    assert cell.U.value[tuple(gone)] == 100


def test_biases_and_matrices_not_named_stay() -> None:
    cell = made("lstm", None)
    before = {name: value.clone() for name, value in cell.named_parameters()}
    HardThreshold(cell, {"U": 0.2}).threshold()
    for name, value in cell.named_parameters():
        assert torch.equal(value, before[name]) == (name != "U.value")


@pytest.mark.parametrize("keep", [0.0, -0.1, 1.01, float("nan")])
def test_a_fraction_out_of_range_is_refused(keep: float) -> None:
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        HardThreshold(made("gru", None), {"U": keep})


def test_what_cannot_be_sparse_is_refused() -> None:
    with pytest.raises(ValueError, match="no matrix 'V'; it has W, U"):
        HardThreshold(made("gru", None), {"V": 0.5})
    with pytest.raises(ValueError, match="orthogonal by construction"):
        HardThreshold(all_cells()["spectralrnn"](3, 8), {"U": 0.5})
    HardThreshold(all_cells()["spectralrnn"](3, 8), {"W": 0.5}).threshold()
