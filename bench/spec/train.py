"""The part of a specification that says how a run is trained."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bench.spec.part import Part


class TrainPart(Part):
    """How a run is trained."""

    epochs: int = Field(default=30, ge=1, le=100_000)
    batch_size: int = Field(default=64, ge=1, le=65_536)
    optimizer: Literal["adam", "adamw", "sgd", "plain-sgd"] = "adam"
    """``sgd`` is with Nesterov momentum 0.9, ``plain-sgd`` without any."""
    learning_rate: float = Field(default=0.005, gt=0, le=1000, allow_inf_nan=False)
    schedule: Literal["constant", "cosine", "step"] = "cosine"
    """``cosine``: to zero over all epochs. ``step``: a tenth for the last third, as the FastGRNN paper does."""
    gradient_clip: float | None = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Largest norm of the whole gradient; ``null`` for none."""
    weight_decay: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    patience: int | None = Field(default=None, ge=1)
    """Epochs without a better validation metric before training stops; ``null`` for all epochs."""
    stop_after: int | None = Field(default=None, ge=1)
    """Epochs after which training stops, while schedule and stages go by ``epochs``; ``null`` for all of them."""
    select: Literal["best", "last", "test-epoch"] = "best"
    """The epoch whose weights are kept. ``best``: the best on the validation data. ``last``: the last. ``test-epoch``:
    the best on the test set, which flatters the result; it is there to measure by how much, and tables say so."""

    @property
    def length(self) -> int:
        """The epochs that are trained, unless patience ends them."""
        return min(self.epochs, self.stop_after or self.epochs)
