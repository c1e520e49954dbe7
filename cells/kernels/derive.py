"""The kernel of any cell whose step is a formula: written from the formula, and compiled like the others.

It multiplies the input too where ``project`` does nothing but that and add biases; otherwise it is given the
pre-activations. What a cell does to parameters alone is torch's.
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
from cells.replay.projection import Projection
from cells.replay.recorded import Recorded, RefusedError, constants_of

if TYPE_CHECKING:
    from cells.cell import Cell


class Derived(NamedTuple):
    """A kernel.

    Attributes:
        recorded: the step.
        projection: what the kernel does to the input; ``None`` when it is given the pre-activations.
        kernel: as :func:`cells.kernels.build.library` takes it.
        vectors: which constants P holds first, and which section of them; ``None`` for a number.
        matrices: which constants U is made of.
    """

    recorded: Recorded
    projection: Projection | None
    kernel: str
    vectors: tuple[tuple[int, int | None], ...]
    matrices: tuple[int, ...]


_derived: WeakKeyDictionary[Plan, dict[Projection | None, Derived | str]] = WeakKeyDictionary()


def derived(plan: Plan, cell: Cell, projection: Projection | None) -> Derived | str:
    """The kernel of a cell, or why it has none."""
    known = _derived.setdefault(plan, {})
    if projection not in known:
        try:
            known[projection] = _derive(plan, type(cell).__name__, projection)
        except RefusedError as error:
            known[projection] = str(error)
    return known[projection]


def _derive(plan: Plan, title: str, projection: Projection | None) -> Derived:
    f, source = plan.formula, Source(plan, projection is None, projection is not None and bool(projection.biases))
    vectors = tuple((int(number), section) for number, section in (f.nodes[each].numbers for each in source.vectors))
    matrices = tuple(each.matrix for each in f.products)
    return Derived(plan.recorded, projection, f"{title}\n{source.text()}", vectors, matrices)


def operands(cell: Cell, made: Derived, x: Tensor, state: Sequence[Tensor]) -> Operands:
    """The operands of a call.

    Args:
        cell: its matrices are materialised.
        made: from it.
        x: the inputs [T, B, D], or the pre-activations [T, B, G] for a kernel that is given them.
        state: before the first step.
    """
    H, given = cell.hidden_size, constants_of(cell, made.recorded)
    rows = [_row(given[number], section, H) for number, section in made.vectors]
    gates = [given[each].t() for each in made.matrices]
    W = x.new_empty(0)
    if made.projection is not None:
        found = constants_of(cell, made.projection.recorded)
        W = found[made.projection.matrix].t().contiguous()
        if made.projection.biases:
            rows += torch.split(_sum([found[each] for each in made.projection.biases]), H)
    return Operands(
        kernel=made.kernel,
        x=x if x.stride(2) == 1 else x.contiguous(),
        h0=state[0].contiguous(),
        c0=state[1].contiguous() if len(state) > 1 else None,
        W=W,
        U=(gates[0] if len(gates) == 1 else torch.cat(gates)).contiguous() if gates else None,
        P=torch.stack(rows) if rows else x.new_empty(0, H),
    )


def _row(constant: Tensor, section: int | None, H: int) -> Tensor:
    flat = constant.reshape(-1)
    return flat.expand(H) if section is None else flat[section * H : (section + 1) * H]


def _sum(tensors: Sequence[Tensor]) -> Tensor:
    total = tensors[0]
    for each in tensors[1:]:
        total = total + each
    return total
