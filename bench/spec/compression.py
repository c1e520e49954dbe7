"""The part of a specification that says how a cell is made small."""

from __future__ import annotations

import itertools
import math
from typing import Literal, Self

from pydantic import Field, model_validator

from bench.spec.part import Part
from bench.spec.train import TrainPart


class CompressPart(Part):
    """How the cell is made small, beside the rank of its matrices.

    Training goes through stages. With ``keep``: dense, thresholding, fixed support, as the FastGRNN paper does. With
    ``quantise`` a last stage rounds the weights. The model of record is of the last stage.
    """

    keep: dict[str, float] = Field(default={})
    """Sparsity by matrix name, the fraction of entries that stay: ``{W: 0.2, U: 0.3}``; of both factors of a matrix
    of low rank."""
    threshold_every: int = Field(default=15, ge=1)
    """Batches between two choices of the support in the thresholding stage; 15 in the authors' code."""
    quantise: Literal["table", "piecewise"] | None = None
    """8-bit weights and 16-bit states; gates by table, or by piecewise lines that are trained in from the start."""
    apply: Literal["training", "after"] = "training"
    """When. ``after``: the trained dense cell is approximated once, by the best matrices of its ranks, their largest
    entries and 8 bits, and not trained further; the epoch is chosen before that."""
    stage_epochs: tuple[int, ...] | None = None
    """Epochs of each stage; by default equal shares, and without ``keep`` three quarters in float, one rounded."""

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages, in order; one, ``dense``, when nothing is compressed."""
        if self.apply == "after":
            return ("dense",)
        sparse = ("dense", "thresholding", "fixed support") if self.keep else ("dense",)
        return (*sparse, "quantised") if self.quantise else sparse

    def stage_ends(self, epochs: int) -> tuple[int, ...]:
        """How many epochs are over at the end of each stage."""
        count = len(self.stages)
        if self.stage_epochs is not None:
            return tuple(itertools.accumulate(self.stage_epochs))
        if self.stages == ("dense", "quantised"):
            return (min(epochs - 1, math.ceil(0.75 * epochs)), epochs)
        return tuple(round(epochs * (number + 1) / count) for number in range(count))

    @model_validator(mode="after")
    def _fractions(self) -> Self:
        for name, fraction in self.keep.items():
            if not 0 < fraction <= 1:
                raise ValueError(f"keep of {name} must be above 0 and at most 1, not {fraction:g}")
        return self

    def check(self, train: TrainPart) -> None:
        """Raises ``ValueError`` when a stage would have no epoch."""
        epochs, named, given = train.epochs, ", ".join(self.stages), self.stage_epochs
        stages = f"{len(self.stages)} stage{'s' if len(self.stages) > 1 else ''} ({named})"
        if given is not None and (len(given) != len(self.stages) or min(given) < 1 or sum(given) != epochs):
            raise ValueError(
                f"compress.stage_epochs must give {stages} at least 1 epoch each and "
                f"train.epochs ({epochs}) in all, not {list(given)}"
            )
        first = (0, *self.stage_ends(epochs))[-2]
        if train.length <= first:
            raise ValueError(f"train.stop_after must be above {first}, where the last stage of compression begins")
        if epochs < len(self.stages):
            raise ValueError(f"train.epochs is {epochs}, and compression has {stages}")
