"""The kernel of any cell whose step is a formula: written from the formula, and compiled like the others.

It is given the pre-activations, so whatever ``project`` does is torch's, as is what ``step`` does to parameters alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from cells.kernels.native import Operands
from cells.kernels.source import Source
from cells.replay.plan import Plan
from cells.replay.recorded import Recorded, RefusedError, constants_of

if TYPE_CHECKING:
    from cells.cell import Cell


class Derived(NamedTuple):
    """A kernel.

    Attributes:
        recorded: the step.
        kernel: as :func:`cells.kernels.build.library` takes it.
        vectors: which constants P holds, and which section of them; ``None`` for a number.
        matrices: which constants U is made of.
    """

    recorded: Recorded
    kernel: str
    vectors: tuple[tuple[int, int | None], ...]
    matrices: tuple[int, ...]


_derived: WeakKeyDictionary[Plan, Derived | str] = WeakKeyDictionary()


def derived(plan: Plan, cell: Cell) -> Derived | str:
    """The kernel of a cell's step, or why it has none."""
    if plan not in _derived:
        try:
            _derived[plan] = _derive(plan, type(cell).__name__)
        except RefusedError as error:
            _derived[plan] = str(error)
    return _derived[plan]


def _derive(plan: Plan, title: str) -> Derived:
    source, f = Source(plan), plan.formula
    vectors = tuple((int(number), section) for number, section in (f.nodes[each].numbers for each in source.vectors))
    return Derived(plan.recorded, f"{title}\n{source.text()}", vectors, tuple(each.matrix for each in f.products))


def operands(cell: Cell, made: Derived, pre_TBG: Tensor, state: Sequence[Tensor]) -> Operands:
    """The operands of a call.

    Args:
        cell: its matrices are materialised.
        made: from its step.
        pre_TBG: of every step.
        state: before the first.
    """
    H, given = cell.hidden_size, constants_of(cell, made.recorded)
    rows = [_row(given[number], section, H) for number, section in made.vectors]
    gates = [given[each].t() for each in made.matrices]
    return Operands(
        kernel=made.kernel,
        x=pre_TBG if pre_TBG.stride(2) == 1 else pre_TBG.contiguous(),
        h0=state[0].contiguous(),
        c0=state[1].contiguous() if len(state) > 1 else None,
        W=pre_TBG.new_empty(0),
        U=(gates[0] if len(gates) == 1 else torch.cat(gates)).contiguous() if gates else None,
        P=torch.stack(rows) if rows else pre_TBG.new_empty(0, H),
    )


def _row(constant: Tensor, section: int | None, H: int) -> Tensor:
    flat = constant.reshape(-1)
    return flat.expand(H) if section is None else flat[section * H : (section + 1) * H]
