"""Reads the formula of a cell from what ``project`` and ``step`` do, or says why they are none.

Both are run once on random numbers, a few steps of a small batch, and their operations are seen as torch dispatches
them. What autograd recorded must agree with them, edge by edge: so a part that is detached, or that has a gradient of
its own, is noticed and the cell refused. :mod:`cells.formula.trial` then tries the formula on other numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cells.formula.graph import Formula
from cells.formula.record import BATCH, STEPS, Recorder, RefusedError

if TYPE_CHECKING:
    from cells.cell import Cell

__all__ = ["STEPS", "RefusedError", "read", "samples"]


def read(cell: Cell) -> Formula:
    """Runs ``project`` and ``step`` on random numbers, and reads them.

    Args:
        cell: its matrices are materialised.

    Returns:
        The formula of both; or of ``step`` alone, ``given`` the pre-activations, when ``project`` is none.

    Raises:
        RefusedError: when ``step`` is more than the operations of the table and products with constant matrices.
    """
    try:
        return _read(cell, None)
    except RefusedError as error:
        formula = _read(cell, _project(cell))
        formula.why = str(error)
        return formula


def samples(cell: Cell, draw: torch.Generator, scale: float = 1.0) -> tuple[list[Tensor], list[Tensor]]:
    """Random inputs of a few steps, the past ones first where there are any, and a random state: leaves."""
    like = next(iter(cell.parameters()), torch.empty(0))
    shapes = [(STEPS, BATCH, cell.input_size)] + [(BATCH, cell.hidden_size)] * cell.states
    if cell.window > 1:
        shapes.insert(0, (cell.window - 1, BATCH, cell.input_size))
    leaves = [(scale * torch.randn(shape, generator=draw)).to(like).requires_grad_() for shape in shapes]
    return leaves[: -cell.states], leaves[-cell.states :]


def _project(cell: Cell) -> Tensor:
    inputs, _ = samples(cell, torch.Generator().manual_seed(0))
    with torch.no_grad():
        return cell.project(*inputs[::-1])[-1].detach().requires_grad_()


def _read(cell: Cell, pre_BG: Tensor | None) -> Formula:
    inputs, state = samples(cell, torch.Generator().manual_seed(0))
    leaves = [*inputs, *state] if pre_BG is None else [pre_BG, *state]
    with Recorder(cell, leaves, given=pre_BG is not None) as seen:
        if pre_BG is None:
            pre_TBG = cell.project(*inputs[::-1])
            seen.check_aligned(pre_TBG)
            pre_BG = pre_TBG[-1]
        after = cell.step(pre_BG, tuple(state))
    formula: Formula = seen.finish(after)
    return formula
