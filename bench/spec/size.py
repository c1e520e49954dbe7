"""The part of a grid that says how large a model may be; its widths are found, so it is in no run."""

from __future__ import annotations

from pydantic import Field

from bench.spec.part import Part


class SizePart(Part):
    """How many KB a model may have, and what the rule for its matrices is.

    The defaults of the rule are the medians, rounded, of the fractions in Table 11 of the FastGRNN paper (eight data
    sets): the rank of U is .23 to .5 of its size and that of W .13 to 1, and .05 to 1 of their entries are kept.
    """

    kb: float = Field(gt=0)
    """The largest size, counted as tables do: the hidden size becomes the largest that keeps to it."""
    rank: float = Field(default=0.33, gt=0, le=1)
    """Every matrix gets this fraction of its full rank, where that takes fewer numbers; 1 for dense matrices."""
    keep: float = Field(default=0.3, gt=0, le=1)
    """Every matrix keeps this fraction of its entries; 1 for all."""

    def rank_of(self, outputs: int, inputs: int) -> int | None:
        """Returns the rank of a matrix; ``None`` where low rank takes as many numbers as the dense matrix."""
        rank = max(1, int(self.rank * min(outputs, inputs) + 0.5))
        return rank if self.rank < 1 and rank * (outputs + inputs) < outputs * inputs else None
