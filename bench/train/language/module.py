"""Language modelling as a Lightning module."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from bench.spec import RunSpec
from bench.train.language import awd
from bench.train.language.model import LanguageModel, States, detached
from bench.train.language.softmax import cross_entropy
from bench.train.language.text import Window, perplexity
from bench.train.module import Training
from bench.train.optimizers import clip_gradients, forget_gradients, optimizer, rate_factor


class LanguageModule(Training):
    """Trains a language model by back-propagation through windows of text, the state carried over.

    The loss that is reported is the words' cross-entropy alone; AR and TAR are added to what is optimised.

    Args:
        network: the model.
        spec: of the run.
        words: V.
    """

    def __init__(self, network: LanguageModel, spec: RunSpec, words: int) -> None:
        super().__init__(network, spec.train, words)
        self.spec = spec
        self.average: awd.Average | None = None
        self._states: States | None = None
        self._scheduled = 0.0
        self._losses: list[tuple[float, int]] = []
        self._validated: tuple[float, int] = (math.nan, 1)
        self.products = getattr(torch, spec.language.products)

    @property
    def model(self) -> LanguageModel:
        """The network as what it is."""
        assert isinstance(self.network, LanguageModel)  # noqa: S101
        return self.network

    def training_step(self, chunk: list[Window], chunk_index: int) -> None:
        """One optimizer step for each window of a chunk.

        Raises:
            DivergedError: when a loss is not finite.
        """
        own = self.optimizers(use_pl_optimizer=False)
        assert isinstance(own, torch.optim.Optimizer)  # noqa: S101
        parameters, clip = list(self.network.parameters()), self.train_part.gradient_clip
        losses, norms = [], []
        for window in chunk:
            for group in own.param_groups:
                group["lr"] = self._rate(window)
            forget_gradients(parameters)
            losses.append(self._backward(window))
            norms.append(clip_gradients(parameters, clip))
            own.step()
            for each in self.after_step:
                each()
            if self.average is not None:
                self.average.update()
        found = torch.stack(losses).tolist()
        self._losses += [(loss, window.y.numel()) for loss, window in zip(found, chunk, strict=True)]
        self.note_norms(norms)
        self.check_finite(found)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the averaged weights."""
        super().on_save_checkpoint(checkpoint)
        if self.average is not None:
            checkpoint["average"] = {"mean": self.average.mean, "steps": self.average.steps}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Goes on averaging."""
        super().on_load_checkpoint(checkpoint)
        if "average" in checkpoint:
            self.average = awd.Average(self.network.parameters())
            self.average.mean, self.average.steps = checkpoint["average"]["mean"], checkpoint["average"]["steps"]

    def on_train_start(self) -> None:
        """Averages where the parameters are: they move after a checkpoint is read."""
        super().on_train_start()
        if self.average is not None:
            pairs = zip(self.average.mean, self.average.parameters, strict=True)
            self.average.mean = [mean.to(parameter.device) for mean, parameter in pairs]

    def _rate(self, window: Window) -> float:
        """The rate by the schedule, over all epochs but those of fine-tuning, which keep the first rate."""
        done, part = self.current_epoch + window.passed, self.train_part
        factor = rate_factor(part, done / part.epochs) if self.current_epoch < part.length else 1.0
        self._scheduled = part.learning_rate * factor
        return self._scheduled * window.rate

    def rate(self) -> float:
        """The learning rate of the last window, but for the factor of its length."""
        return self._scheduled

    def _backward(self, window: Window) -> Tensor:
        """Adds a window's gradient; its loss."""
        states = None if window.first or self._states is None else detached(self._states)
        dropped, raw, self._states = self.model(window.x, states)
        softmax = self.model.softmax
        loss = cross_entropy(dropped.flatten(0, 1), softmax.weight, softmax.bias, window.y.flatten(), self.products)
        total, part = loss, self.spec.awd
        if part.ar:
            total = total + awd.activation_regularisation(dropped, part.ar)
        if part.tar:
            total = total + awd.temporal_activation_regularisation(raw, part.tar)
        torch.autograd.backward([total])
        return loss.detach()

    def on_validation_start(self) -> None:
        """The averaged weights, where there are any, are what is validated."""
        if self.average is not None:
            self.average.swap()

    def on_validation_end(self) -> None:
        """Training goes on from the weights that are not averaged."""
        if self.average is not None:
            self.average.swap()

    def weights(self) -> dict[str, Tensor]:
        """A copy of what the last validation has seen."""
        self.on_validation_start()
        found = super().weights()
        self.on_validation_end()
        return found

    def validation_step(self, stream: Tensor, number: int) -> None:
        """A whole text."""
        self._validated = (-self.model.log_likelihood(stream), len(stream) - 1)

    def summary(self, stage: str) -> tuple[float, float]:
        """Mean loss a word, and perplexity: of the epoch's windows as they were trained on, or of the last text."""
        if stage == "validation":
            loss = self._validated[0] / self._validated[1]
        else:
            loss = sum(each * count for each, count in self._losses) / sum(count for _, count in self._losses)
            self._losses.clear()
        return loss, perplexity(loss)

    def configure_optimizers(self) -> Any:
        """The optimizer; the rate is set at each window."""
        return optimizer(self.train_part, self.network.parameters())
