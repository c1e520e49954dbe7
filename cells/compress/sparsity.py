"""Iterative hard thresholding: after a step of the optimizer, only the largest entries of a factor stay.

FastGRNN (NeurIPS 2018, section 3.2.2) asks for ||W_i||_0 <= s_w and ||U_i||_0 <= s_u on every factor of W and U; its
authors' code thresholds every 15th batch and holds the support on the batches between.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from cells.cell import Cell


def kept_count(keep: float, entries: int) -> int:
    """How many of so many entries a kept fraction leaves: rounded up, as the paper's sizes are counted.

    Raises:
        ValueError: when the fraction is not above 0 and at most 1.
    """
    if not 0 < keep <= 1:
        raise ValueError(f"the fraction kept must be above 0 and at most 1, not {keep}")
    return min(entries, math.ceil(keep * entries - 1e-9))  # .3 * 10 is above 3 in floating point


def support(factor: Tensor, keep: float) -> Tensor:
    """Where the largest magnitudes of a factor are: a mask of its shape with exactly ``kept_count`` ones.

    Of equals the first are taken.
    """
    flat = factor.detach().abs().flatten()
    order = torch.argsort(flat, descending=True, stable=True)[: kept_count(keep, flat.numel())]
    return torch.zeros_like(flat).index_fill_(0, order, 1.0).view_as(factor)


class HardThreshold:
    """The sparse factors of a cell and their supports.

    Args:
        cell: the cell.
        keep: by matrix name, the fraction of entries that stay, in each of a low-rank matrix's two factors.

    Raises:
        ValueError: when a name is none of the cell's matrices, a matrix has no entries of its own, or a fraction is out
            of range.
    """

    def __init__(self, cell: Cell, keep: Mapping[str, float]) -> None:
        weights = cell.weights()
        self._factors: list[tuple[nn.Parameter, float]] = []
        for name, fraction in keep.items():
            if name not in weights:
                raise ValueError(f"it has no matrix {name!r}; it has {', '.join(weights) or 'none made of Weight'}")
            for factor in weights[name].factors():
                kept_count(fraction, factor.numel())
                self._factors.append((factor, fraction))
        self.supports: list[Tensor] = []

    def nonzero(self) -> tuple[int, int]:
        """How many entries of the sparse factors are not zero now, and how many there are."""
        factors = [factor for factor, _ in self._factors]
        return sum(int(factor.count_nonzero()) for factor in factors), sum(factor.numel() for factor in factors)

    def threshold(self) -> None:
        """Chooses the supports anew, and clears all else."""
        self.supports = [support(factor, keep) for factor, keep in self._factors]
        self.hold()

    def hold(self) -> None:
        """Clears what lies off the supports; nothing before the first :meth:`threshold`."""
        with torch.no_grad():
            for (factor, _), mask in zip(self._factors, self.supports, strict=False):
                factor.mul_(mask)
