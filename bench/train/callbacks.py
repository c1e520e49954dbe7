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

from bench.train.ground import Ground
from bench.train.module import Classification

Listener = Callable[[Mapping[str, float]], None]
Figures = tuple[tuple[float, float], tuple[float, float], float]
"""Loss and accuracy in training, both in validation, and the learning rate."""

METRICS = (
    "epoch",
    "train_loss",
    "validation_loss",
    "train_accuracy",
    "validation_accuracy",
    "learning_rate",
    "seconds",
)
"""The columns of ``metrics.csv``."""


class EpochEnd(pl.Callback):
    """Keeps the weights of the best epoch, stops early, and passes each epoch's figures on.

    Best is the highest validation accuracy, then the lowest validation loss, then the earliest epoch.

    Args:
        metrics: the CSV file to write.
        patience: epochs without a better one before training stops; ``None`` for never.
        listeners: called with each epoch's row.

    Attributes:
        rows: of each epoch so far.
        continued: epochs that an earlier try of the run had done.
    """

    def __init__(self, metrics: Path, patience: int | None, listeners: list[Listener]) -> None:
        self.metrics = metrics
        self.patience = patience
        self.listeners = listeners
        self.best_epoch = 0
        self.best: tuple[float, float] = (-1.0, 0.0)
        self.epochs = 0
        self._state: dict[str, Tensor] = {}
        self.rows: list[dict[str, float]] = []
        self.continued = 0
        self._began = time.monotonic()
        self._write_rows()

    def _write_rows(self) -> None:
        with self.metrics.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(METRICS)
            csv.writer(file).writerows(_short(row) for row in self.rows)

    def state_dict(self) -> dict[str, Any]:
        """All that happened so far, for a checkpoint."""
        kept = {"best": list(self.best), "best_epoch": self.best_epoch, "epochs": self.epochs}
        return {**kept, "state": self._state, "rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on where a checkpoint was written; tells the listeners what was before."""
        best, loss = state_dict["best"]
        self.best, self.best_epoch, self.epochs = (best, loss), state_dict["best_epoch"], state_dict["epochs"]
        self._state, self.rows = state_dict["state"], state_dict["rows"]
        self.continued = self.epochs
        self._write_rows()
        for row in self.rows:
            for listener in self.listeners:
                listener(row)

    def begin_epoch(self) -> None:
        """Starts the clock."""
        self._began = time.monotonic()

    def end_epoch(
        self, epoch: int, figures: Figures, ground: Ground, state: Callable[[], Mapping[str, Tensor]]
    ) -> bool:
        """Takes in an epoch's figures.

        Args:
            epoch: its number, from 1.
            figures: of the epoch.
            ground: what the losses are held against.
            state: gives the weights; they are copied when they are kept.

        Returns:
            Whether to stop: the best is too long ago.

        Raises:
            DivergedError: when a loss is hopeless.
        """
        self.epochs = epoch
        (train_loss, train_accuracy), (loss, accuracy), rate = figures
        ground.check_mean(train_loss, epoch)
        ground.check_mean(loss, epoch, "validation")
        if (accuracy, -loss) > self.best:
            self.best, self.best_epoch = (accuracy, -loss), epoch
            self._state = {name: value.clone() for name, value in state().items()}
        seconds = time.monotonic() - self._began
        values = (epoch, train_loss, loss, train_accuracy, accuracy, rate, seconds)
        row = dict(zip(METRICS, values, strict=True))
        self.rows.append(row)
        with self.metrics.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(_short(row))
        for listener in self.listeners:
            listener(row)
        return self.patience is not None and epoch - self.best_epoch >= self.patience

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the clock."""
        self.begin_epoch()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Runs after validation, when the figures of the epoch are complete."""
        assert isinstance(pl_module, Classification)  # noqa: S101
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        figures = (pl_module.summary("train"), pl_module.summary("validation"), rate)
        if self.end_epoch(trainer.current_epoch + 1, figures, pl_module.ground, pl_module.network.state_dict):
            trainer.should_stop = True

    def restore(self, network: torch.nn.Module) -> None:
        """Puts the weights of the best epoch back."""
        network.load_state_dict(self._state)


def _short(row: Mapping[str, float]) -> list[str]:
    return [f"{row[name]:.6g}" for name in METRICS]
