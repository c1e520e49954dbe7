"""The module that all tasks share: the optimizer, the watch over the loss, and the figures of an epoch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor, nn

from bench.spec import TrainPart
from bench.train.divergence import Divergence


class Training(pl.LightningModule, ABC):
    """Trains a network on cross-entropy.

    Lightning hands it a chunk of batches at a time, each of which it optimises on by itself; the figures of a chunk
    stay tensors until its end.

    Args:
        network: what is trained.
        train: optimizer, rate, schedule, clipping.
        classes: as many as a guess has.

    Attributes:
        after_step: called after every step of the optimizer.
        is_judged: whether its epochs are judged on data that are not trained on.
        order: draws the order of the batches, or their lengths; its place goes into checkpoints.
    """

    def __init__(self, network: nn.Module, train: TrainPart, classes: int) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.train_part = train
        self.divergence = Divergence(train.learning_rate, classes)
        self.after_step: list[Callable[[], None]] = []
        self._batches_read = 0
        self._norms: tuple[float, int] = (0.0, 0)
        self.is_judged = True
        self.order: torch.Generator | None = None
        self._streams: dict[str, Tensor] | None = None

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what Lightning leaves out: where the streams of random numbers are."""
        streams = {"noise": torch.get_rng_state()}
        if self.device.type == "cuda":
            streams["cuda"] = torch.cuda.get_rng_state()
        if self.order is not None:
            streams["order"] = self.order.get_state()
        checkpoint["streams"] = streams

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Goes on with the order before Lightning asks for the first batch; keeps the rest for when all is set up."""
        self._streams = checkpoint["streams"]
        if self.order is not None:
            self.order.set_state(self._streams["order"].cpu())

    def on_train_start(self) -> None:
        """Goes on with what is drawn in training."""
        if self._streams is not None:
            torch.set_rng_state(self._streams["noise"].cpu())
            if "cuda" in self._streams:
                torch.cuda.set_rng_state(self._streams["cuda"].cpu())
            self._streams = None

    def on_train_epoch_start(self) -> None:
        """Counts batches from the first of the epoch."""
        self._batches_read = 0

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Data lie on the CPU, where they are trained on: nothing to look through."""
        if device.type == "cpu":
            return batch
        whole = list(batch) if isinstance(batch, Iterator) else batch
        return super().transfer_batch_to_device(whole, device, dataloader_idx)

    @abstractmethod
    def summary(self, stage: str) -> tuple[float, float]:
        """Mean loss and the task's metric since the last call, of ``train``, ``validation`` or ``test``."""

    def weights(self) -> dict[str, Tensor]:
        """A copy of what the last validation has seen."""
        return {name: value.clone() for name, value in self.network.state_dict().items()}

    def rate(self) -> float:
        """The learning rate of the schedule."""
        own: Any = self.optimizers(use_pl_optimizer=False)
        return float(own.param_groups[0]["lr"])

    def note_norms(self, norms: Sequence[Tensor]) -> None:
        """Takes in the norms of the gradient of some steps, before they were clipped."""
        total, count = self._norms
        self._norms = (total + float(torch.stack(list(norms)).double().sum()), count + len(norms))

    def gradient_norm(self) -> float:
        """The mean norm of the gradient over the steps since the last call, before clipping."""
        (total, count), self._norms = self._norms, (0.0, 0)
        return total / count

    def check_finite(self, losses: list[float]) -> None:
        """Looks through the losses of a chunk, and counts them as read.

        Raises:
            DivergedError: when one is not finite.
        """
        self.divergence.check_finite(losses, self.current_epoch + 1, self._batches_read)
        self._batches_read += len(losses)
