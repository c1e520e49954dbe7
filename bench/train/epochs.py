"""Keeps the best epoch, stops when it is long ago, and passes the figures of every epoch on."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor

from bench.spec import TrainPart
from bench.train.divergence import Divergence
from bench.train.job import Listener, Metric
from bench.train.module import Training
from bench.train.stages import Compression
from cells import Cell

Figures = tuple[tuple[float, float], tuple[float, float] | None, float, float]
"""Loss and the task's metric in training, both on what judges the epochs, learning rate, mean norm of the gradient."""


def columns(metric: str, judge: str = "validation") -> tuple[str, ...]:
    """Returns the columns of ``metrics.csv`` for a task with this metric and the split that judges the epochs."""
    losses = ("train_loss", f"{judge}_loss")
    metrics = (f"train_{metric}", f"{judge}_{metric}")
    return ("epoch", *losses, *metrics, "learning_rate", "gradient_norm", "seconds", "stage")


def learnt(cells: Sequence[Cell]) -> dict[str, float]:
    """Returns the learnt numbers of some cells, as :meth:`cells.Cell.scalars` tells them, by name in W&B and records.

    Those of the second of several cells are ``NAME/2``.
    """
    several = len(cells) > 1
    found = {
        f"{name}/{number}" if several else name: scalar
        for number, cell in enumerate(cells, 1)
        for name, scalar in cell.scalars().items()
    }
    return {name: float(scalar.detach()) for name, scalar in found.items()}


class EpochEnd(pl.Callback):
    """Keeps the weights of the best epoch, or of the last, stops early, and passes each epoch's figures on.

    Best is the best validation metric (the highest accuracy, the lowest perplexity), then the lowest validation loss,
    then the earliest epoch, of the last stage of compression: an earlier epoch's model is not as small as promised.

    Args:
        metrics: the CSV file to write.
        train: which epoch is kept, and how many without a better one stop the training.
        listeners: called with each epoch's row.
        metric: of the task.
        compression: says which stage an epoch is in.

    Attributes:
        best: metric and loss of the kept epoch on what judges; ``None`` where nothing does.
        rows: of each epoch so far.
        continued: epochs that an earlier try of the run had done.
    """

    def __init__(
        self,
        metrics: Path,
        train: TrainPart,
        listeners: Sequence[Listener],
        metric: Metric,
        compression: Compression,
    ) -> None:
        self.metrics = metrics
        self.patience, self._select = train.patience, train.select
        self.listeners = listeners
        self.compression = compression
        self.first = compression.final_from
        self.best_epoch = 0
        self.best: tuple[float, float] | None = None
        self.epochs = 0
        self._sign = 1 if metric.higher_is_better else -1
        self._columns = columns(metric.name, "test" if train.select == "test-epoch" else "validation")
        self._state: dict[str, Tensor] = {}
        self.rows: list[dict[str, Any]] = []
        self.continued = 0
        self._began = time.monotonic()
        self._write_rows()

    def _write_rows(self) -> None:
        with self.metrics.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow([*self._columns, *self._further()])
            csv.writer(file).writerows(map(_short, self.rows))

    def _further(self) -> dict[str, float]:
        """Returns the columns that not all runs have: of stages, and of what the cells have learnt."""
        scalars = learnt(self.compression.cells)
        return self.compression.figures() | {f"learnt/{name}": value for name, value in scalars.items()}

    def _tell(self, row: Mapping[str, Any]) -> None:
        known = {key: value for key, value in row.items() if value is not None}
        for listener in self.listeners:
            listener(known)

    def state_dict(self) -> dict[str, Any]:
        """Returns all that happened so far, for a checkpoint."""
        best = None if self.best is None else list(self.best)
        kept = {"best": best, "best_epoch": self.best_epoch, "epochs": self.epochs}
        return {**kept, "state": self._state, "rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continues from a checkpoint, and tells the listeners what was before it."""
        best = state_dict["best"]
        self.best = None if best is None else (best[0], best[1])
        self.best_epoch, self.epochs = state_dict["best_epoch"], state_dict["epochs"]
        self._state, self.rows = state_dict["state"], state_dict["rows"]
        self.continued = self.epochs
        self._write_rows()
        for row in self.rows:
            self._tell(row)

    @property
    def continued_s(self) -> float:
        """Seconds that the epochs of an earlier try took."""
        return float(sum(row["seconds"] for row in self.rows[: self.continued]))

    def begin_epoch(self) -> None:
        """Starts the clock."""
        self._began = time.monotonic()

    def end_epoch(
        self, epoch: int, figures: Figures, divergence: Divergence, state: Callable[[], Mapping[str, Tensor]]
    ) -> bool:
        """Records an epoch's figures, and its weights when it is the best so far.

        Args:
            epoch: its number, from 1.
            figures: of the epoch.
            divergence: what the losses are held against.
            state: gives a copy of the weights.

        Returns:
            Whether to stop: the best is too long ago.

        Raises:
            DivergedError: when a loss is hopeless.
        """
        self.epochs = epoch
        (train_loss, train_metric), judged, rate, norm = figures
        loss, metric = judged or (None, None)
        divergence.check_mean(train_loss, epoch)
        if loss is not None:
            divergence.check_mean(loss, epoch, "validation")
        if self.compression.part.quantise and epoch == self.first - 1:
            divergence.check_learnt(train_loss, epoch)
        if epoch >= self.first and self._is_better(judged):
            self.best, self.best_epoch = judged and (judged[1], judged[0]), epoch
            self._state = dict(state())
        seconds = time.monotonic() - self._began
        values = (epoch, train_loss, loss, train_metric, metric, rate, norm, seconds, self.compression.stage)
        row: dict[str, Any] = dict(zip(self._columns, values, strict=True)) | self._further()
        self.rows.append(row)
        with self.metrics.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(_short(row))
        self._tell(row)
        return self.patience is not None and epoch - max(self.best_epoch, self.first - 1) >= self.patience

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the clock."""
        self.begin_epoch()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Runs after validation, when the figures of the epoch are complete."""
        assert isinstance(pl_module, Training)  # noqa: S101
        judged = pl_module.summary("validation") if pl_module.is_judged else None
        figures = (pl_module.summary("train"), judged, pl_module.rate(), pl_module.gradient_norm())
        if self.end_epoch(trainer.current_epoch + 1, figures, pl_module.divergence, pl_module.weights):
            trainer.should_stop = True

    def _is_better(self, judged: tuple[float, float] | None) -> bool:
        if self._select == "last" or judged is None or self.best is None:
            return True
        (loss, metric), (best, best_loss) = judged, self.best
        return (self._sign * metric, -loss) > (self._sign * best, -best_loss)

    def restore(self, network: torch.nn.Module) -> None:
        """Puts the weights of the kept epoch back."""
        network.load_state_dict(self._state)


def _short(row: Mapping[str, Any]) -> list[str]:
    return ["" if value is None else value if isinstance(value, str) else f"{value:.6g}" for value in row.values()]
