"""Sequence classification as a Lightning module, and the batches it reads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from bench.data import Split
from bench.spec import TrainPart
from bench.train.classification.network import Network
from bench.train.module import Training
from bench.train.optimizers import clip_gradients, forget_gradients, optimizer, rate_factor

Batch = tuple[Tensor, Tensor, Tensor]


class Batches:
    """The batches of a split, from memory, each padded only to its own longest sequence.

    Args:
        split: x [N, T, D], lengths [N], y [N].
        size: sequences per batch.
        seed: draws a new order for every pass; ``None`` keeps the order of the split.
    """

    def __init__(self, split: Split, size: int, seed: int | None = None) -> None:
        self.split = split
        self.size = size
        self.generator = None if seed is None else torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return math.ceil(len(self.split) / self.size)

    def order(self) -> Tensor:
        """The sequences of the next pass, [N]."""
        count = len(self.split)
        return torch.arange(count) if self.generator is None else torch.randperm(count, generator=self.generator)

    def __iter__(self) -> Iterator[Batch]:
        """Yields x_TBD, lengths_B, y_B."""
        for chosen in torch.split(self.order(), self.size):
            lengths_B = self.split.lengths.index_select(0, chosen)
            x_BTD = self.split.x.index_select(0, chosen)[:, : int(lengths_B.max())]
            yield x_BTD.transpose(0, 1), lengths_B, self.split.y.index_select(0, chosen)


class ClassificationModule(Training):
    """Trains a network on cross-entropy and counts what it gets right.

    Args:
        network: scores [B, C] from x_TBD and lengths_B.
        train: optimizer, rate, schedule, clipping.
        classes: C.
        steps: optimizer steps in all, for the schedule.

    Attributes:
        answers: to the batches of the test, each [B].
    """

    def __init__(self, network: Network, train: TrainPart, classes: int, steps: int) -> None:
        super().__init__(network, train, classes)
        self.steps = steps
        self.answers: list[Tensor] = []
        self._pending: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {}
        self._sums: dict[str, list[float]] = {}

    def training_step(self, chunk: Iterable[Batch], chunk_index: int) -> None:
        """One optimizer step for each batch of a chunk.

        Raises:
            DivergedError: when a loss is not finite.
        """
        optimizer, schedule = self.optimizers(use_pl_optimizer=False), self.lr_schedulers()
        assert isinstance(optimizer, Optimizer)  # noqa: S101
        assert isinstance(schedule, LRScheduler)  # noqa: S101
        parameters, clip = list(self.network.parameters()), self.train_part.gradient_clip
        norms = []
        for batch in chunk:
            forget_gradients(parameters)
            loss, _ = self._score("train", batch)
            torch.autograd.backward([loss])
            norms.append(clip_gradients(parameters, clip))
            optimizer.step()
            schedule.step()
            for each in self.after_step:
                each()
        self.note_norms(norms)
        self.check_finite(self._settle("train"))

    def validation_step(self, batch: Batch, batch_index: int) -> None:
        """Adds a batch to the sums of the epoch."""
        self._score("validation", batch)

    def test_step(self, batch: Batch, batch_index: int) -> None:
        """Adds a batch to the sums of the test, and its answers to those before."""
        _, scores_BC = self._score("test", batch)
        self.answers.append(scores_BC.argmax(dim=1).cpu())

    def summary(self, stage: str) -> tuple[float, float]:
        """Mean loss and accuracy since the last call, of ``train``, ``validation`` or ``test``."""
        self._settle(stage)
        loss, right, count = self._sums.pop(stage)
        return loss / count, right / count

    def _score(self, stage: str, batch: Batch) -> tuple[Tensor, Tensor]:
        x_TBD, lengths_B, y_B = batch
        scores_BC = self.network(x_TBD, lengths_B)
        loss = functional.cross_entropy(scores_BC, y_B)
        self._pending.setdefault(stage, []).append((loss.detach(), scores_BC.detach(), y_B))
        return loss, scores_BC

    def _settle(self, stage: str) -> list[float]:
        """Adds what is pending to the sums, in one reading of tensors; returns the losses."""
        pending = self._pending.pop(stage, [])
        if not pending:
            return []
        losses: list[float] = torch.stack([loss for loss, _, _ in pending]).tolist()
        scores, y = (torch.cat([batch[part] for batch in pending]) for part in (1, 2))
        sums = self._sums.setdefault(stage, [0.0, 0.0, 0.0])
        sums[0] += sum(loss * len(y_B) for loss, (_, _, y_B) in zip(losses, pending, strict=True))
        sums[1] += int((scores.argmax(dim=1) == y).sum())
        sums[2] += len(y)
        return losses

    def configure_optimizers(self) -> Any:
        """The optimizer and its schedule, one step of it per batch."""
        made = optimizer(self.train_part, self.network.parameters())
        schedule = torch.optim.lr_scheduler.LambdaLR(made, lambda step: rate_factor(self.train_part, step / self.steps))
        return {"optimizer": made, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
