"""Cells to test: every registered one in every variant of its reference, in float64, away from its initial values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from _pytest.mark.structures import ParameterSet
from reference import SMOOTH, Activations, Array, Options, Parameters, Vectors
from references import REFERENCES
from torch import Tensor

from bench.zoo import all_cells
from cells import Cell, State, Weight

D, H, B, T = 3, 5, 2, 6

# With matrices this small, threads only wait for one another: on a busy machine two take ten times as long as one.
torch.set_num_threads(1)


def registered_here() -> dict[str, type[Cell]]:
    """The cells of this repository: a test elsewhere may have registered toys."""
    return {name: cls for name, cls in all_cells().items() if cls.__module__.split(".")[0] in ("cells", "baselines")}


def variants(hidden: int) -> Iterator[ParameterSet]:
    """(name, options) of every cell that has a reference; the completeness test reports the others."""
    for name in registered_here():
        for options in REFERENCES[name].variants(hidden) if name in REFERENCES else []:
            yield pytest.param(name, options, id="-".join([name, *(f"{k}={v}" for k, v in options.items())]))


CASES = list(variants(H))
each_case = pytest.mark.parametrize(("name", "options"), CASES)


def fresh(name: str, options: Options, inputs: int = D, hidden: int = H, seed: int = 1) -> Cell:
    """A cell as it is built, in float64 and evaluation."""
    torch.manual_seed(seed)
    return all_cells()[name](inputs, hidden, **options).double().eval()


def build(name: str, options: Options, inputs: int = D, hidden: int = H, seed: int = 1) -> Cell:
    """A cell with every parameter moved off its initial value: no formula is tested at a special point."""
    cell = fresh(name, options, inputs, hidden, seed)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
        if options.get("gate") == "relu":
            # An unbounded gate, once above 1, squares the state at every step: twenty steps would overflow.
            cell.get_parameter("b_z").sub_(0.8)
            cell.get_parameter("W.value").mul_(0.4)
            cell.get_parameter("U.value").mul_(0.1)
    return cell


def factorise(cell: Cell, rank: int = 1) -> Cell:
    """The same cell with every dense matrix of low rank."""
    for weight in dense_weights(cell).values():
        weight.factorise(min(rank, weight.outputs, weight.inputs))
    return cell


def dense_weights(cell: Cell) -> dict[str, Weight]:
    """The matrices that are stored as they are, by name; a matrix of its own kind (SpectralRNN's) is not."""
    return {name: weight for name, weight in cell.weights().items() if type(weight) is Weight}


def inputs_of(cell: Cell, steps: int = T, batch: int = B, seed: int = 2) -> Tensor:
    """Random inputs [T, B, D]."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(steps, batch, cell.input_size, generator=generator, dtype=torch.float64)


def state_of(cell: Cell, batch: int = B, seed: int = 3) -> State:
    """A random state in place of the zeros."""
    generator = torch.Generator().manual_seed(seed)
    zeros = cell.initial_state(batch, torch.zeros((), dtype=torch.float64))
    return tuple(torch.randn(each.shape, generator=generator, dtype=torch.float64) for each in zeros)


def parameters_of(cell: Cell) -> Parameters:
    """The cell's parameters for a reference."""
    return Parameters({name: value.detach().numpy() for name, value in cell.named_parameters()})


def expected(
    name: str, options: Options, cell: Cell, x_TBD: Tensor, state: State, activations: Activations = SMOOTH
) -> tuple[Array, Vectors]:
    """h_TBH and the last state of the recurrent part, by the reference: sample by sample, step by step."""
    window, parameters = options.get("window", 1), parameters_of(cell)
    recurrent = [each.numpy() for each in (state[:-1] if window > 1 else state)]
    before = [each.numpy() for each in (state[-1] if window > 1 else ())]
    x, columns = [*before, *x_TBD.numpy()], []
    for row in range(x_TBD.shape[1]):
        now: Vectors = tuple(each[row] for each in recurrent)
        trace: list[Vectors] = []
        for t in range(len(x_TBD)):
            now = REFERENCES[name].step(parameters, options, [x[t + k][row] for k in range(window)], now, activations)
            trace.append(now)
        columns.append(trace)
    h_TBH = np.array([[trace[t][0] for trace in columns] for t in range(len(x_TBD))])
    return h_TBH, tuple(np.array(each) for each in zip(*(trace[-1] for trace in columns), strict=True))


def backward(scalar: Tensor) -> None:
    """``scalar.backward()``, which torch leaves untyped."""
    torch.autograd.backward([scalar])


def close(left: Any, right: Any, tolerance: float = 1e-12) -> None:
    """Asserts equality within a tolerance, absolute and relative."""
    torch.testing.assert_close(torch.as_tensor(left), torch.as_tensor(right), rtol=tolerance, atol=tolerance)
