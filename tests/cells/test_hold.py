"""Numbers of a cell that are held: at the value that the formula sees, out of training, the same in kernel and loop."""

from __future__ import annotations

import pytest
import torch
from cell_cases import fresh

from cells import Cell, scan
from cells.hold import hold_at


@pytest.mark.parametrize("value", [0.0, 0.0005, 0.3, 0.5, 0.999, 1.0])
@pytest.mark.parametrize("residual", ["scalar", "vector"])
def test_alpha_is_held_at_the_value(residual: str, value: float) -> None:
    cell = fresh("fastrnn", {"residual": residual})
    hold_at(cell, "alpha", value)
    torch.testing.assert_close(cell.alpha, torch.full_like(cell.raw_alpha, value), atol=1e-6, rtol=0)
    assert not cell.raw_alpha.requires_grad
    assert cell.raw_beta.requires_grad


def test_a_parameter_that_the_formula_uses_as_it_is() -> None:
    cell = fresh("fastgrnn", {})
    hold_at(cell, "b_z", -2.5)
    assert (cell.get_parameter("b_z") == -2.5).all()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("alpha", 1.5, "alpha cannot be 1.5"), ("gamma", 0.5, r"no vector or scalar 'gamma'; it has alpha, b, beta")],
)
def test_what_cannot_be_held_is_said(name: str, value: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        hold_at(fresh("fastrnn", {}), name, value)


def test_a_tied_cell_has_no_beta_to_hold() -> None:
    with pytest.raises(ValueError, match=r"no vector or scalar 'beta'; it has alpha, b$"):
        hold_at(fresh("fastrnn", {"residual": "tied"}), "beta", 0.5)


def test_alpha_and_beta_of_one_are_a_residual_network() -> None:
    """h_t = tanh(W x + U h + b) + h_{t-1}, by hand over three steps."""
    cell = fresh("fastrnn", {}).float()
    for name in ("alpha", "beta"):
        hold_at(cell, name, 1.0)
    x_TBD = torch.randn(3, 2, cell.input_size, generator=torch.Generator().manual_seed(0))
    h = torch.zeros(2, cell.hidden_size)
    with torch.no_grad():
        for x in x_TBD:
            h = torch.tanh(x @ cell.W.matrix().T + h @ cell.U.matrix().T + cell.get_parameter("b")) + h
        torch.testing.assert_close(cell(x_TBD)[1][0], h, atol=1e-5, rtol=1e-5)


def gradients(cell: Cell, x: torch.Tensor) -> dict[str, torch.Tensor]:
    cell.zero_grad(set_to_none=True)
    cell(x)[0].square().sum().backward()
    return {name: own.grad.clone() for name, own in cell.named_parameters() if own.grad is not None}


@pytest.mark.long
def test_the_kernel_leaves_held_numbers_alone_and_the_other_gradients_as_the_loop_has_them() -> None:
    cell = fresh("fastrnn", {}).float()
    hold_at(cell, "alpha", 0.3)
    x = torch.randn(7, 3, cell.input_size, generator=torch.Generator().manual_seed(0))
    by_kernel = gradients(cell, x)
    scan.use("off")
    try:
        by_loop = gradients(cell, x)
    finally:
        scan.use("auto")
    assert set(by_kernel) == set(by_loop) == {"W.value", "U.value", "b", "raw_beta"}
    for name, wanted in by_loop.items():
        torch.testing.assert_close(by_kernel[name], wanted, atol=1e-5, rtol=1e-4)
