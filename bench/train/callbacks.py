"""What happens at the end of an epoch: keep the best, stop when it is long ago, write down and tell."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor

from bench.train.base import Training
from bench.train.compression import Compression

Listener = Callable[[Mapping[str, Any]], None]


def columns(metric: str) -> tuple[str, ...]:
    """The columns of ``metrics.csv`` for a task with this metric."""
    losses = ("train_loss", "validation_loss")
    return ("epoch", *losses, f"train_{metric}", f"validation_{metric}", "learning_rate", "seconds", "stage")


class EpochEnd(pl.Callback):
    """Keeps the weights of the best epoch, stops early, and passes each epoch's figures on.

    Best is the best validation metric (the highest accuracy, the lowest perplexity), then the lowest validation loss,
    then the earliest epoch, of the last stage of compression: an earlier epoch's model is not as small as promised.

    Args:
        metrics: the CSV file to write.
        patience: epochs without a better one before training stops; ``None`` for never.
        listeners: called with each epoch's row.
        metric: of the task.
        higher_is_better: which way it points.
        compression: says which stage an epoch is in; ``None`` for training without.
    """

    def __init__(
        self,
        metrics: Path,
        patience: int | None,
        listeners: list[Listener],
        metric: str = "accuracy",
        higher_is_better: bool = True,
        compression: Compression | None = None,
    ) -> None:
        self.metrics = metrics
        self.patience = patience
        self.listeners = listeners
        self.compression = compression
        self.first = 1 if compression is None else compression.final_from
        self.best_epoch = 0
        self.best: tuple[float, float] | None = None
        self.epochs = 0
        self._sign = 1 if higher_is_better else -1
        self._columns = columns(metric)
        self._state: dict[str, Tensor] = {}
        self._began = time.monotonic()
        with metrics.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(self._columns)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the clock."""
        self._began = time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Runs after validation, when the figures of the epoch are complete."""
        assert isinstance(pl_module, Training)  # noqa: S101
        self.epochs = trainer.current_epoch + 1
        train_loss, train_metric = pl_module.summary("train")
        pl_module.check_ground(train_loss)
        loss, metric = pl_module.summary("validation")
        pl_module.check_ground(loss, "validation")
        ranks = self.epochs >= self.first
        if ranks and (self.best is None or self._rank(metric, loss) > self._rank(*self.best)):
            self.best, self.best_epoch = (metric, loss), self.epochs
            self._state = pl_module.weights()
        elif self.patience is not None and self.epochs - max(self.best_epoch, self.first - 1) >= self.patience:
            trainer.should_stop = True
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        seconds = time.monotonic() - self._began
        stage = "dense" if self.compression is None else self.compression.stage
        values = (self.epochs, train_loss, loss, train_metric, metric, rate, seconds)
        row: dict[str, Any] = dict(zip(self._columns, (*values, stage), strict=True))
        with self.metrics.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow([*(f"{value:.6g}" for value in values), stage])
        for listener in self.listeners:
            listener(row)

    def _rank(self, metric: float, loss: float) -> tuple[float, float]:
        return self._sign * metric, -loss

    def restore(self, network: torch.nn.Module) -> tuple[float, float]:
        """Puts the weights of the best epoch back; its metric and loss on the validation data."""
        assert self.best is not None  # noqa: S101
        network.load_state_dict(self._state)
        return self.best
