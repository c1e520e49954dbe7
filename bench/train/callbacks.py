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

from bench.train.compression import Compression
from bench.train.module import Classification

Listener = Callable[[Mapping[str, Any]], None]

METRICS = (
    "epoch",
    "train_loss",
    "validation_loss",
    "train_accuracy",
    "validation_accuracy",
    "learning_rate",
    "seconds",
    "stage",
)
"""The columns of ``metrics.csv``."""


class EpochEnd(pl.Callback):
    """Keeps the weights of the best epoch, stops early, and passes each epoch's figures on.

    Best is the highest validation accuracy, then the lowest validation loss, then the earliest epoch, of the last stage
    of compression: an earlier epoch's model is not as small as promised.

    Args:
        metrics: the CSV file to write.
        patience: epochs without a better one before training stops; ``None`` for never.
        listeners: called with each epoch's row.
        compression: says which stage an epoch is in; ``None`` for training without.
    """

    def __init__(
        self,
        metrics: Path,
        patience: int | None,
        listeners: list[Listener],
        compression: Compression | None = None,
    ) -> None:
        self.metrics = metrics
        self.patience = patience
        self.listeners = listeners
        self.compression = compression
        self.first = 1 if compression is None else compression.final_from
        self.best_epoch = 0
        self.best: tuple[float, float] = (-1.0, 0.0)
        self.epochs = 0
        self._state: dict[str, Tensor] = {}
        self._began = time.monotonic()
        with metrics.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(METRICS)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the clock."""
        self._began = time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Runs after validation, when the figures of the epoch are complete."""
        assert isinstance(pl_module, Classification)  # noqa: S101
        self.epochs = trainer.current_epoch + 1
        train_loss, train_accuracy = pl_module.summary("train")
        pl_module.check_ground(train_loss)
        loss, accuracy = pl_module.summary("validation")
        pl_module.check_ground(loss, "validation")
        if self.epochs >= self.first and (accuracy, -loss) > self.best:
            self.best, self.best_epoch = (accuracy, -loss), self.epochs
            self._state = {name: value.clone() for name, value in pl_module.network.state_dict().items()}
        elif self.patience is not None and self.epochs - max(self.best_epoch, self.first - 1) >= self.patience:
            trainer.should_stop = True
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        seconds = time.monotonic() - self._began
        stage = "dense" if self.compression is None else self.compression.stage
        values = (self.epochs, train_loss, loss, train_accuracy, accuracy, rate, seconds)
        row: dict[str, Any] = dict(zip(METRICS, (*values, stage), strict=True))
        with self.metrics.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow([*(f"{value:.6g}" for value in values), stage])
        for listener in self.listeners:
            listener(row)

    def restore(self, network: torch.nn.Module) -> None:
        """Puts the weights of the best epoch back."""
        network.load_state_dict(self._state)
