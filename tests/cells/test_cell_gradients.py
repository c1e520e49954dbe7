"""Backpropagation through a sequence equals the difference quotient: inputs, initial state, every parameter."""

from __future__ import annotations

import pytest
import torch
from cell_cases import build, factorise, inputs_of, state_of, variants
from reference import Options
from torch import Tensor

from cells import Cell

TINY = 3
each_tiny_case = pytest.mark.parametrize(("name", "options"), list(variants(TINY)))


def holds(cell: Cell) -> bool:
    """Whether gradcheck passes. A ReLU's kink within 1e-6 of a random point has odds of 1e-4; seeds are fixed."""
    x = inputs_of(cell, steps=3).requires_grad_()
    state = tuple(each.requires_grad_() for each in state_of(cell))

    def run(*_: Tensor) -> tuple[Tensor, ...]:
        # gradcheck moves its arguments in place, so the cell's own parameters move too.
        h, after = cell(x, state)
        return (h, *after)

    return bool(torch.autograd.gradcheck(run, (x, *state, *cell.parameters())))


@each_tiny_case
def test_gradients_are_the_difference_quotients(name: str, options: Options) -> None:
    cell = build(name, options, inputs=2, hidden=TINY)
    assert holds(cell)


@pytest.mark.parametrize("name", ["fastgrnn", "lstm", "qrnn"])
def test_gradients_of_low_rank_weights(name: str) -> None:
    assert holds(factorise(build(name, {}, inputs=2, hidden=TINY)))


@each_tiny_case
def test_every_parameter_gets_a_gradient(name: str, options: Options) -> None:
    cell = build(name, options, inputs=2, hidden=TINY)
    cell(inputs_of(cell), state_of(cell))[0].square().sum().backward()
    for key, parameter in cell.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.abs().max() > 0, key
