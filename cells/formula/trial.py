"""Before a formula is used, its values and gradients are compared with the cell's own on random inputs.

That finds what no operation shows: a branch on values, a random number of Python's, a gradient of the cell's own.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cells.formula.graph import Formula, constants_of, evaluate
from cells.formula.read import STEPS, RefusedError, samples
from cells.weight import hold, materialised

if TYPE_CHECKING:
    from cells.cell import Cell

_DIGITS = 0.6
"""The share of float64's digits that must agree."""


def _twin(cell: Cell) -> Cell:
    """A copy in float64, where rounding cannot be taken for a difference."""
    known: dict[int, Any] = {}
    for tensor in (*cell.parameters(), *cell.buffers()):
        value = tensor.detach().clone()
        value = value.double() if value.is_floating_point() else value
        known[id(tensor)] = nn.Parameter(value, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else value
    for weight in cell.weights().values():
        if weight._dense is not None:
            known.setdefault(id(weight._dense), None)
    twin = copy.deepcopy(cell, known)
    for weight in twin.weights().values():
        hold(weight, None)
    return twin


@contextmanager
def untouched(cell: Cell) -> Iterator[None]:
    """Puts back what running a cell may have changed: the cell, and the streams of random numbers.

    Raises:
        RefusedError: at the end, when it has changed the cell.
    """
    before, stream = dict(vars(cell)), random.getstate()
    held = [(tensor, tensor.detach().clone()) for tensor in (*cell.parameters(), *cell.buffers())]
    changed = False
    with torch.enable_grad(), torch.random.fork_rng([]):
        try:
            yield
        finally:
            random.setstate(stream)
            changed = vars(cell).keys() != before.keys() or any(vars(cell)[key] is not before[key] for key in before)
            vars(cell).clear()
            vars(cell).update(before)
            for tensor, value in held:
                if not torch.equal(tensor.nan_to_num(), value.nan_to_num()):
                    changed = True
                    tensor.data.copy_(value)
    if changed:
        raise RefusedError("running it changes the cell")


def confirm(cell: Cell, formula: Formula) -> None:
    """Compares the formula with the cell on inputs of two sizes and both signs.

    Args:
        cell: whose formula it is.
        formula: read from it.

    Raises:
        RefusedError: when a value or a gradient differs.
    """
    draw, cell = torch.Generator().manual_seed(1), _twin(cell)
    for scale in (1.0, 3.0, -1.0, -3.0):
        with _moved(cell, abs(scale)), materialised(cell):
            inputs, state = samples(cell, draw, scale)
            if formula.given:
                with torch.no_grad():
                    inputs = [cell.project(*inputs[::-1])[-1]]
                inputs[0].requires_grad_()
            constants: list[Any] = constants_of(cell, formula)
            results = (_formula(cell, formula, constants, inputs, state), _own(cell, formula, inputs, state))
            leaves = [
                *inputs,
                *state,
                *(constant for constant in constants[: len(formula.sources)] if constant.requires_grad),
            ]
            both = ([*after, *_gradients(after, leaves)] for after in results)
            if not all(_alike(one, other) for one, other in zip(*both, strict=True)):
                raise RefusedError("it is more than the operations that it shows")


def _formula(
    cell: Cell, formula: Formula, constants: Sequence[Tensor], inputs: Sequence[Tensor], state: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """The state after the last step, the state before it being ``state``."""
    if formula.given:
        lags = {0: inputs[0]}
    else:
        seen = torch.cat(list(inputs))
        lags = {lag: seen[cell.window + STEPS - 2 - lag] for lag in range(cell.window)}
    return evaluate(formula, cell.hidden_size, constants, lags, state)


def _own(cell: Cell, formula: Formula, inputs: Sequence[Tensor], state: Sequence[Tensor]) -> tuple[Tensor, ...]:
    pre_BG = inputs[0] if formula.given else cell.project(*inputs[::-1])[-1]
    return tuple(cell.step(pre_BG, tuple(state)))


@contextmanager
def _moved(cell: Cell, by: float) -> Iterator[None]:
    """Other vectors and buffers for a while: what a cell reads of them as plain numbers must not go unseen."""
    own = [tensor for tensor in (*cell.parameters(recurse=False), *cell.buffers()) if tensor.is_floating_point()]
    before = [tensor.detach().clone() for tensor in own]
    for tensor in own:
        tensor.data.mul_(1 + by / 8).add_(by / 16)
    try:
        yield
    finally:
        for tensor, value in zip(own, before, strict=True):
            tensor.data.copy_(value)


def _gradients(after: Sequence[Tensor], leaves: Sequence[Tensor]) -> list[Tensor]:
    """The gradients of a linear form of the new states; zeros where there is none."""
    form = sum((tensor * torch.arange(tensor.numel()).view(tensor.shape).cos()).sum() for tensor in after)
    if not isinstance(form, Tensor) or not form.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    found = torch.autograd.grad(form, leaves, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(leaf) if part is None else part for leaf, part in zip(leaves, found, strict=True)]


def _alike(one: Tensor, other: Tensor) -> bool:
    tolerance = torch.finfo(one.dtype).eps ** _DIGITS
    scale = float(other.detach().abs().nan_to_num(posinf=0.0).max())
    return torch.allclose(one, other, rtol=tolerance, atol=tolerance * max(scale, 1e-3), equal_nan=True)
