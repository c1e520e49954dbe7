"""Holds a cell's own vectors and scalars at values, in place of learning them."""

from __future__ import annotations

import torch
from torch import nn

from cells.cell import Cell
from cells.weight import outside

_FAR = 100.0
"""As far as a raw parameter is looked for: sigmoid(100) is 1 and sigmoid(-100) is 0 to any float32 sum."""


def held_parameter(cell: Cell, name: str) -> nn.Parameter:
    """Finds the parameter that a name of the formula stands for: ``alpha`` for ``raw_alpha``, or a parameter's own.

    Raises:
        ValueError: when the cell has none outside its matrices.
    """
    own = dict(outside(cell))
    if f"raw_{name}" in own and hasattr(type(cell), name):
        return own[f"raw_{name}"]
    if name not in own:
        told = {raw.removeprefix("raw_") if hasattr(type(cell), raw.removeprefix("raw_")) else raw for raw in own}
        raise ValueError(f"it has no vector or scalar {name!r}; it has {', '.join(sorted(told)) or 'none'}")
    return own[name]


@torch.no_grad()
def hold_at(cell: Cell, name: str, value: float) -> None:
    """Sets a vector or scalar to a value, as the formula uses it, and takes it from training.

    Args:
        cell: the cell.
        name: ``alpha``, which the cell computes from ``raw_alpha`` by a rising function of each entry, or a parameter.
        value: of every entry.

    Raises:
        ValueError: when the cell has no such number, or it cannot be that value.
    """
    raw = held_parameter(cell, name)
    raw.requires_grad_(False)
    if name in dict(cell.named_parameters()):
        raw.fill_(value)
        return
    low, high = -_FAR, _FAR
    for _ in range(60):
        middle = (low + high) / 2
        raw.fill_(middle)
        reached = float(getattr(cell, name).flatten()[0]) >= value
        low, high = (low, middle) if reached else (middle, high)
    raw.fill_(high)
    if abs(float(getattr(cell, name).flatten()[0]) - value) > 1e-6:
        raise ValueError(f"{name} cannot be {value:g}")
