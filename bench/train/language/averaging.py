"""NT-ASGD and fine-tuning: when the weights begin to be averaged."""

from __future__ import annotations

import lightning.pytorch as pl

from bench.train.epochs import EpochEnd
from bench.train.language import awd
from bench.train.language.module import LanguageModule

_PATIENCE = 5
"""The n of the paper for fine-tuning, where NT-ASGD is off."""


class Averaging(pl.Callback):
    """Begins to average by the non-monotonic rule; after the last epoch, fine-tunes the best weights.

    Fine-tuning is averaged SGD from the best epoch's weights; it ends by the same rule, as in the authors' code.

    Args:
        end: knows the best epoch; comes before this one among the callbacks.
    """

    def __init__(self, end: EpochEnd) -> None:
        self.end = end
        self._losses: list[float] = []

    def state_dict(self) -> dict[str, list[float]]:
        """For a checkpoint: the losses that the next one is set against."""
        return {"losses": self._losses}

    def load_state_dict(self, state_dict: dict[str, list[float]]) -> None:
        """From a checkpoint."""
        self._losses = list(state_dict["losses"])

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Where fine-tuning begins, takes the best weights and forgets the losses."""
        assert isinstance(pl_module, LanguageModule)  # noqa: S101
        if pl_module.spec.awd.finetune and trainer.current_epoch == pl_module.train_part.length:
            self.end.restore(pl_module.network)
            pl_module.average = awd.Average(pl_module.network.parameters())
            self._losses.clear()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Sets the epoch's validation loss against the earlier ones."""
        assert isinstance(pl_module, LanguageModule)  # noqa: S101
        part = pl_module.spec.awd
        loss, _ = pl_module.summary("validation")
        tuning = trainer.current_epoch >= pl_module.train_part.length
        if awd.stagnates(self._losses, loss, part.nt_asgd or _PATIENCE):
            if tuning:
                trainer.should_stop = True
            elif part.nt_asgd is not None and pl_module.average is None:
                pl_module.average = awd.Average(pl_module.network.parameters())
        self._losses.append(loss)
