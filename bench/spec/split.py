"""The part of a specification that says which sequences train, and which choose."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from bench.spec.part import Part
from bench.spec.train import TrainPart


class SplitPart(Part):
    """Deals the training and validation data of a set anew; its test set stays as it is."""

    train_on: Literal["train", "train+validation"] = "train"
    """``train+validation``: nothing is held back, and no epoch can be chosen."""
    fold: int | None = Field(default=None, ge=0)
    """Which of the folds validates: the groups (subjects, speakers, recordings) of training and validation data are
    dealt into ``folds`` parts, and the other parts train; ``null`` for the set's own validation data."""
    folds: int = Field(default=4, ge=2, le=100)

    @model_validator(mode="after")
    def _fold_exists(self) -> Self:
        if self.fold is not None and self.fold >= self.folds:
            raise ValueError(f"fold {self.fold} is none of {self.folds}: they are numbered from 0")
        if self.fold is not None and self.train_on != "train":
            raise ValueError("fold holds data back and train_on: train+validation does not: choose one")
        return self

    def check(self, train: TrainPart) -> None:
        """Raises ``ValueError`` when an epoch is to be chosen on data that are trained on."""
        if self.train_on == "train":
            return
        if train.select == "best":
            raise ValueError("split.train_on: train+validation leaves nothing to choose on: set train.select to last")
        if train.patience is not None:
            raise ValueError("split.train_on: train+validation leaves nothing to stop by: leave train.patience out")
