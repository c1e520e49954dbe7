"""Rounding to int8: what an 8-bit number with a power-of-two scale can hold, on any cell."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.zoo import all_cells
from cells import Spread, Weight, materialised, scan
from cells.compress import HardThreshold, quantise_weights, to_int8
from cells.gates import PIECEWISE, SMOOTH

pytestmark = pytest.mark.long

finite = st.floats(-1e4, 1e4, width=32)


@given(st.lists(finite, min_size=1, max_size=30))
def test_every_entry_is_an_int8_times_a_power_of_two(values: list[float]) -> None:
    matrix = torch.tensor(values, dtype=torch.float64)
    rounded = to_int8(matrix)
    largest = float(matrix.abs().max())
    # The finest power of two at which the largest entry rounds to at most 127, found by trying all.
    fraction = max(f for f in range(-40, 15) if round(largest * 2.0**f) <= 127)
    units = rounded * 2.0**fraction
    assert torch.equal(units, units.round())
    assert units.abs().max() <= 127
    assert float((rounded - matrix).abs().max()) <= 0.5 * 2.0**-fraction * (1 + 1e-9)
    assert torch.equal(to_int8(rounded), rounded)


def test_the_gradient_passes_straight_through() -> None:
    matrix = torch.randn(5, 4, requires_grad=True)
    slope = torch.randn(5, 4)
    (to_int8(matrix) * slope).sum().backward()
    assert matrix.grad is not None
    assert torch.equal(matrix.grad, slope)


@pytest.mark.parametrize("name", sorted(all_cells()))
@pytest.mark.parametrize("rank", [None, 2])
@pytest.mark.parametrize("gates", [SMOOTH, PIECEWISE], ids=["smooth", "piecewise"])
def test_sequence_stream_and_scan_round_alike(name: str, rank: int | None, gates: dict[str, object]) -> None:
    torch.manual_seed(1)
    cell = all_cells()[name](6, 10).eval()
    cell.nonlinearities.update(gates)  # type: ignore[arg-type]
    matrices = {key: each for key, each in cell.weights().items() if type(each) is Weight}
    for each in matrices.values() if rank else ():
        each.factorise(rank or 1)
    HardThreshold(cell, dict.fromkeys(matrices, 0.6)).threshold()
    x = torch.randn(7, 3, 6)
    with torch.no_grad():
        before, _ = cell(x)
        quantise_weights(cell)
        together, _ = cell(x)
        with materialised(cell):
            scanned, _ = scan._step_by_step(cell, x, cell.initial_state(3, x), None)
        state, streamed = cell.initial_state(3, x), []
        for x_BD in x:
            state = cell.stream(x_BD, state)
            streamed.append(state[0])
    assert torch.allclose(together, scanned, atol=1e-5)
    assert torch.allclose(together, torch.stack(streamed), atol=1e-5)
    assert not torch.allclose(together, before, atol=1e-5)
    assert float((together - before).abs().max()) < 0.5


def test_a_factorised_matrix_is_the_product_of_rounded_factors() -> None:
    cell = all_cells()["gru"](5, 8)
    weight = cell.weights()["U"]
    weight.factorise(3)
    quantise_weights(cell)
    assert not weight.stored_dense()
    assert torch.equal(weight.matrix(), to_int8(weight.left) @ to_int8(weight.right).T)
    with materialised(cell):
        assert torch.equal(weight.matrix(), to_int8(weight.left) @ to_int8(weight.right).T)


def test_what_is_cheaper_dense_is_rounded_dense_until_it_is_sparse() -> None:
    cell = all_cells()["fastgrnn"](4, 8)
    weight = cell.weights()["U"]
    weight.factorise(6)  # 6 (8 + 8) is more than 8 x 8
    quantise_weights(cell)
    assert weight.stored_dense()
    assert torch.equal(weight.matrix(), to_int8(weight.left @ weight.right.T))
    HardThreshold(cell, {"U": 0.5}).threshold()
    assert not weight.stored_dense()


@pytest.mark.parametrize(("inputs", "kept"), [(1, [(6, 1)]), (2, [(2, 1), (6, 1)])])
def test_one_number_spread_over_the_units_keeps_what_is_smaller(inputs: int, kept: list[tuple[int, int]]) -> None:
    """Over 6 units two inputs take 2 + 6 numbers in place of 12; one input takes 6, not 1 + 6."""
    weight = Spread(torch.arange(1.0, 7.0), inputs, torch.nn.init.ones_)
    quantise_weights(torch.nn.ModuleDict({"E": weight}))
    assert [tuple(part.shape) for part in weight.stored()] == kept


def test_what_diverged_is_refused() -> None:
    cell = all_cells()["lstm"](3, 4)
    with torch.no_grad():
        cell.U.value[1, 2] = np.nan
    with pytest.raises(ValueError, match=r"U\.value is not finite"):
        quantise_weights(cell)
    assert cell.U.rounding is None


def test_rounding_can_be_taken_back() -> None:
    cell, x = all_cells()["ugrnn"](3, 4), torch.randn(5, 2, 3)
    before, _ = cell(x)
    quantise_weights(cell)
    quantise_weights(cell, on=False)
    assert torch.equal(cell(x)[0], before)


def test_a_kernel_serves_piecewise_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = all_cells()["gru"](3, 4)
    cell.nonlinearities.update(PIECEWISE)
    if scan.why_not(cell):
        pytest.skip("there is no C++ compiler, or kernels are off")
    quantise_weights(cell)
    monkeypatch.setattr(scan, "_step_by_step", lambda *_: pytest.fail("the loop ran"))
    cell(torch.randn(4, 2, 3))
