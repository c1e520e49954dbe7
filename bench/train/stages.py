"""Training in stages: dense, thresholding, fixed support, quantised."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import lightning.pytorch as pl
from torch import nn

from bench.spec import CompressPart
from bench.train.module import Training
from cells import Cell
from cells.compress import HardThreshold, quantise_weights

_log = logging.getLogger(__name__)


class Compression(pl.Callback):
    """Takes a network through the stages of its compression, and says which it is in.

    ``dense`` trains freely. ``thresholding`` chooses the largest entries of every sparse factor after its first batch
    and every ``threshold_every``-th one from there, and holds that support between. ``fixed support`` holds the last
    one. ``quantised`` does, too, and rounds every matrix to 8 bits wherever it is used.

    Args:
        model: what is trained, rounded as a whole.
        cells: its cells, each made sparse.
        part: what to do.
        epochs: in all.

    Attributes:
        cells: of the model.
        stage: the present one.
    """

    def __init__(self, model: nn.Module, cells: Sequence[Cell], part: CompressPart, epochs: int) -> None:
        self.model, self.cells = model, tuple(cells)
        self.part = part
        self.ends = part.stage_ends(epochs)
        self.stage = part.stages[0]
        self.sparsity = [HardThreshold(cell, part.keep) for cell in cells]
        self._steps = 0

    @property
    def final_from(self) -> int:
        """The first epoch of the last stage, from 1: what is kept of a run is of this epoch or a later one."""
        return self.ends[-2] + 1 if len(self.ends) > 1 else 1

    def figures(self) -> dict[str, float]:
        """The number of the stage, from 1, and the share of entries of sparse factors that are not zero, by column.

        Nothing where training has one stage; no share where nothing is sparse.
        """
        if len(self.part.stages) == 1:
            return {}
        counts = [each.nonzero() for each in self.sparsity]
        of = sum(there for _, there in counts)
        share = {"stage/nonzero": sum(kept for kept, _ in counts) / of} if of else {}
        return {"stage/number": float(self.part.stages.index(self.stage) + 1), **share}

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Asks to be called after every step of the optimizer."""
        assert isinstance(pl_module, Training)  # noqa: S101
        if self.part.keep:
            pl_module.after_step.append(self.after_step)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Enters the stage of the epoch."""
        self.enter_of(trainer.current_epoch)

    def enter_of(self, epoch: int) -> None:
        """Goes over to the stage of an epoch, from 0; a run that goes on after its last epoch begins none."""
        at = bisect_right(self.ends, epoch)  # fine-tuning goes on in the last
        self.enter(self.part.stages[min(at, len(self.ends) - 1)], epoch)

    def enter(self, stage: str, epoch: int) -> None:
        """Goes over to a stage; nothing when that is the present one."""
        if stage == self.stage:
            return
        self.stage = stage
        _log.info("epoch %d: stage %s", epoch + 1, stage)
        if stage == "quantised":
            quantise_weights(self.model)

    def after_step(self) -> None:
        """Runs after a step of the optimizer."""
        if self.stage == "dense":
            return
        choose = self.stage == "thresholding" and self._steps % self.part.threshold_every == 0
        for each in self.sparsity:
            each.threshold() if choose else each.hold()
        self._steps += 1

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint: the supports and how far thresholding is."""
        return {"supports": [part.supports for part in self.sparsity], "steps": self._steps}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """From a checkpoint."""
        self._steps = state_dict["steps"]
        for each, supports in zip(self.sparsity, state_dict["supports"], strict=True):
            each.supports = list(supports)
