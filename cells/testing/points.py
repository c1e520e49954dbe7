"""Helpers that points of the contract share: sizes, random inputs, and how two results are compared."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from cells.cell import Cell

D, H, T, B = 5, 6, 9, 4
"""The small sizes that a cell is tried at: all different, none a multiple of another."""
CLOSE, ROUNDED = 1e-9, 2e-5
"""Largest difference over the largest value, in float64 and in float32."""


class NotPossibleError(Exception):
    """A point that cannot hold for this cell; the message says why."""


Point = tuple[str, Callable[[Callable[..., Cell]], None]]
"""A point and its test, which raises when it fails: it is given a function that builds the cell, seeded."""


def inputs(cell: Cell, steps: int = T, batch: int = B) -> Tensor:
    """Random inputs of the cell's dtype; float64 for a cell without parameters, which has none."""
    draw = torch.Generator().manual_seed(1)
    like = next(iter(cell.parameters()), torch.empty(0, dtype=torch.float64))
    return torch.randn(steps, batch, cell.input_size, generator=draw).to(like)


def alike(one: Tensor, other: Tensor, tolerance: float, what: str) -> None:
    """Raises ``AssertionError`` when two results differ by more than a part of the largest number."""
    if one.shape != other.shape:
        raise AssertionError(f"{what}: shape {list(one.shape)} and {list(other.shape)}")
    one, other = one.detach().double(), other.detach().double()
    difference, scale = float((one - other).abs().max()), max(float(other.abs().max()), 1e-6)
    if not difference <= tolerance * scale:
        raise AssertionError(f"{what} differ by {difference / scale:.1e} of the largest, more than {tolerance:.0e}")
