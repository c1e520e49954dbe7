"""A run of any task under way, from its first step to what it came to."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import lightning.pytorch as pl
import torch
from torch import nn

from bench.data import Corpus, Dataset
from bench.record import Items, Latency, Result, SizeFacts
from bench.record.gradients import Gradients
from bench.train.cell import derive_seed
from bench.train.chunks import Chunks
from bench.train.divergence import Divergence
from bench.train.epochs import EpochEnd
from bench.train.job import Job, Listener, Metric
from bench.train.module import Training
from bench.train.resume import LastEpoch
from bench.train.stages import Compression
from bench.train.trainer import trainer
from cells import Cell


@dataclass(frozen=True)
class Measured:
    """The results of a trained network.

    Attributes:
        items: which test sequences it got right; ``None`` where there are none, or the test set is sealed.
        gradients: how they travel through a sequence, where the run asks for them.
    """

    result: Result
    size: SizeFacts
    latency: Latency
    items: Items | None = None
    gradients: Gradients | None = None


class Session(ABC):
    """One run of a task.

    Attributes:
        spec: of the run.
        network: at its initial weights; once the training is over, at those of the best epoch.
        divergence: what losses are held against.
        compression: the stages that training goes through.
        end: what the epochs came to.
    """

    def __init__(
        self,
        job: Job,
        data: Dataset | Corpus,
        network: nn.Module,
        cells: Sequence[Cell],
        metric: Metric,
        listeners: Sequence[Listener],
    ) -> None:
        self.spec = spec = job.spec
        self.network = network
        self.divergence = Divergence(spec.train.learning_rate, data.info.classes)
        self.compression = Compression(network, cells, spec.compress, spec.train.epochs)
        self.end = EpochEnd(job.folder / "metrics.csv", spec.train, listeners, metric, self.compression)
        self._began = time.monotonic()

    @abstractmethod
    def fit(self, keep: LastEpoch) -> None:
        """Trains, from where an earlier try was.

        Raises:
            RnnbenchError: when data and specification do not fit.
            DivergedError: when a loss is hopeless.
        """

    def _fit(
        self, keep: LastEpoch, module: Training, batches: Iterable[Any], judge: Iterable[Any] | None, finetune: int = 0
    ) -> None:
        """Trains a module, its epochs judged on some data if any, for some epochs more when it is fine-tuned."""
        module.is_judged = judge is not None
        torch.manual_seed(derive_seed(self.spec.seed, "noise"))
        callbacks = [self.compression, self.end, *self._callbacks(), keep]
        fitting = trainer(max_epochs=self.spec.train.length + finetune, callbacks=callbacks)
        fitting.fit(module, Chunks(batches), judge, ckpt_path=keep.usable(), weights_only=True)
        self.compression.enter_of(self.end.epochs - 1)

    def _callbacks(self) -> list[pl.Callback]:
        """Returns what only this task does at the ends of epochs."""
        return []

    def finish(self) -> float:
        """Puts the weights of the best epoch back.

        Returns:
            Seconds of training, those of earlier tries included.
        """
        train_s = self.end.continued_s + time.monotonic() - self._began
        self.end.restore(self.network)
        return train_s

    @abstractmethod
    def measure(self) -> Measured:
        """Measures the trained network; the one use of the test set, and none of it in a run that is sealed."""
