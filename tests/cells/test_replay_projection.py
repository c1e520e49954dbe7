"""Which ``project`` is one matrix on the input: whatever else one may do to a sequence must not be taken for it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from cells import Cell, State, Weight, kernels, materialised, replay
from cells.replay.projection import Projection
from cells.replay.recorded import constants_of


class Projecting(Cell):
    """A cell of somebody's whose project is one function of itself and the input."""

    def __init__(self, function: Any) -> None:
        super().__init__(3, 4)
        self.function = function
        self.W, self.V, self.U = Weight(4, 3), Weight(4, 3), Weight(4, 4)
        self.b, self.other, self.steps = (
            nn.Parameter(torch.randn(4)),
            nn.Buffer(torch.rand(4)),
            nn.Buffer(torch.ones(2)),
        )

    def project(self, x_TBD: Tensor) -> Tensor:
        made: Tensor = self.function(self, x_TBD)
        return made

    def step(self, pre_BG: Tensor, state: State) -> State:
        return (torch.tanh(self.U(state[0], add=pre_BG)),)


def read(cell: Cell, x: Tensor) -> Any:
    with materialised(cell):
        return replay.projection_of(cell, x)


MATRICES = {
    "a matrix": lambda s, x: s.W(x),
    "a bias": lambda s, x: s.W(x, add=s.b),
    "biases": lambda s, x: s.W(x, add=s.b) + s.other + torch.sigmoid(s.b),
    "a matrix that is computed": lambda s, x: functional.linear(x, s.W.matrix() * 2 + s.V.matrix(), s.b),
    "rows in one dimension": lambda s, x: s.W(x.view(-1, 3)).view(*x.shape[:2], 4),
}


@pytest.mark.parametrize("what", MATRICES)
def test_a_matrix_and_biases_are_read(what: str) -> None:
    torch.manual_seed(0)
    cell, x = Projecting(MATRICES[what]), torch.randn(5, 2, 3)
    found = read(cell, x)
    assert isinstance(found, Projection)
    constants = constants_of(cell, found.recorded)
    ours = x @ constants[found.matrix]
    for each in found.biases:
        ours = ours + constants[each]
    torch.testing.assert_close(ours, cell.project(x))


OTHERS = {
    "two matrices": lambda s, x: s.W(x) + s.V(x),
    "a function of the input": lambda s, x: s.W(torch.tanh(x)),
    "a function of the product": lambda s, x: torch.relu(s.W(x)),
    "a scale": lambda s, x: s.W(x) * s.b,
    "nothing": lambda s, x: functional.pad(x, (0, 1)),
    "the mean over time": lambda s, x: s.W(x - x.mean(0)),
    "backwards": lambda s, x: s.W(x.flip(0)),
    "the step before": lambda s, x: s.W(functional.pad(x[:-1], (0, 0, 0, 0, 1, 0))),
    "batch first": lambda s, x: s.W(x.transpose(0, 1)).transpose(0, 1),
    "dropout": lambda s, x: functional.dropout(s.W(x), 0.5),
    "detached": lambda s, x: s.W(x.detach()),
    "a detached product": lambda s, x: s.W(x).detach(),
    "a detached bias": lambda s, x: s.W(x, add=s.b.detach()),
    "a bias of a step": lambda s, x: s.W(x) + s.steps.view(2, 1, 1),
    "a number": lambda s, x: s.W(x) + 1.0,
    "a branch": lambda s, x: s.W(x) if x.sum() > 0 else s.V(x),
}


@pytest.mark.parametrize("what", OTHERS)
def test_nothing_else_is(what: str) -> None:
    torch.manual_seed(0)
    cell, x = Projecting(OTHERS[what]), torch.randn(2, 2, 3)
    before = torch.get_rng_state()
    assert isinstance(read(cell, x), str)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_project_that_is_no_matrix_runs_as_it_is() -> None:
    torch.manual_seed(0)
    cell, x = Projecting(OTHERS["the step before"]), torch.randn(6, 2, 3)
    before, ours = kernels.in_use(), cell(x)[0]
    kernels.use("off")
    torch.testing.assert_close(ours, cell(x)[0], rtol=1e-5, atol=1e-6)
    kernels.use(before)


def test_another_project_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    cell, x = Projecting(MATRICES["a matrix"]), torch.randn(2, 2, 3)
    assert isinstance(read(cell, x), Projection)
    cell.function = OTHERS["a scale"]
    assert isinstance(read(cell, x), str)
    cell.function = MATRICES["a matrix"]
    monkeypatch.setattr(Projecting, "project", lambda self, x: torch.relu(self.W(x)))
    assert isinstance(read(cell, x), str)
