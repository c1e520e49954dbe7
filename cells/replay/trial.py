"""A formula on trial: it must give what the step gives, on other numbers than it was read from."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cells.replay import forward
from cells.replay.recorded import Recorded, RefusedError, constants_of

if TYPE_CHECKING:
    from cells.cell import Cell
    from cells.replay.plan import Plan
    from cells.replay.projection import Projection

_DIGITS = 0.7
"""Of those that a type has: so many must agree."""


@contextmanager
def untouched(cell: Cell, like: Tensor) -> Iterator[None]:
    """Puts back what a step may have changed: the cell, and the streams of random numbers.

    Raises:
        RefusedError: at the end, when it has changed the cell.
    """
    before, stream = dict(vars(cell)), random.getstate()
    held = [(each, each.detach().clone()) for each in (*cell.parameters(), *cell.buffers())]
    with torch.enable_grad(), torch.random.fork_rng([like.device] if like.is_cuda else []):
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
        raise RefusedError("a step changes the cell")


def confirm(cell: Cell, made: Plan, pre_BG: Tensor, state: Sequence[Tensor]) -> None:
    """Compares values and gradients of step and formula.

    What no operation shows is found here: a branch on values, a random number of Python's, a gradient of its own.

    Args:
        cell: its matrices are materialised.
        made: of its step.
        pre_BG: gives the shape of the numbers to try.
        state: likewise.

    Raises:
        RefusedError: when they differ.
    """

    def formula(leaves: list[Tensor], constants: list[Tensor]) -> Sequence[Tensor]:
        given = [each if n in made.used else None for n, each in enumerate(constants)]
        return forward.differentiable(made, leaves[0].unsqueeze(0), leaves[1:], given)[1:]

    def step(leaves: list[Tensor]) -> Sequence[Tensor]:
        return cell.step(leaves[0], tuple(leaves[1:]))

    _compare(cell, made.recorded, (pre_BG, *state), formula, step)


def confirm_projection(cell: Cell, made: Projection, x_TBD: Tensor) -> None:
    """As :func:`confirm`, of ``project``."""

    def formula(leaves: list[Tensor], constants: list[Tensor]) -> Sequence[Tensor]:
        biases = [constants[each] for each in made.biases]
        return [sum(biases, leaves[0] @ constants[made.matrix])]

    _compare(cell, made.recorded, (x_TBD[:2],), formula, lambda leaves: [cell.project(leaves[0])])


def _compare(
    cell: Cell,
    recorded: Recorded,
    like: Sequence[Tensor],
    formula: Callable[[list[Tensor], list[Tensor]], Sequence[Tensor]],
    own: Callable[[list[Tensor]], Sequence[Tensor]],
) -> None:
    draw = torch.Generator().manual_seed(0)
    for scale in (1.0, 3.0):
        numbers = [scale * torch.randn(each.shape, generator=draw) for each in like]
        for sign in (1, -1):
            leaves = [(sign * each).to(like[0]).requires_grad_() for each in numbers]
            with _moved(cell, scale):
                constants = constants_of(cell, recorded)
                sources = [each for each in constants[: len(recorded.sources)] if each.requires_grad]
                results = (formula(leaves, constants), own(leaves))
                both = ([*each, *_gradients(each, [*leaves, *sources])] for each in results)
                if not all(_alike(one, other) for one, other in zip(*both, strict=True)):
                    raise RefusedError("it is more than the operations that it shows")


@contextmanager
def _moved(cell: Cell, by: float) -> Iterator[None]:
    """Other vectors and buffers for a while: what a step reads of them as plain numbers must not go unseen."""
    own = [each for each in (*cell.parameters(recurse=False), *cell.buffers()) if each.is_floating_point()]
    before = [each.detach().clone() for each in own]
    for each in own:
        each.data.mul_(1 + by / 8).add_(by / 16)
    try:
        yield
    finally:
        for each, value in zip(own, before, strict=True):
            each.data.copy_(value)


def _gradients(after: Sequence[Tensor], leaves: Sequence[Tensor]) -> list[Tensor]:
    """Of a linear form of the new states; zeros where there is none."""
    outputs = [each for each in after if each.requires_grad]
    if not outputs:
        return [torch.zeros_like(each) for each in leaves]
    weights = [torch.arange(each.numel()).view(each.shape).cos().to(each) for each in outputs]
    found = torch.autograd.grad(outputs, leaves, weights, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(leaf) if each is None else each for leaf, each in zip(leaves, found, strict=True)]


def _alike(one: Tensor, other: Tensor) -> bool:
    tolerance = torch.finfo(one.dtype).eps ** _DIGITS
    scale = float(other.detach().abs().nan_to_num(posinf=0.0).max())
    return torch.allclose(one, other, rtol=tolerance, atol=tolerance * max(scale, 1e-3), equal_nan=True)
