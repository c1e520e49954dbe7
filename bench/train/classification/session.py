"""A classifier's run: what it is fitted to, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from bench import mcu
from bench.data import Dataset, Split
from bench.record import Items, Latency, Result
from bench.record.gradients import Gradients
from bench.train.cell import derive_seed, make_small
from bench.train.classification.gradients import SEQUENCES, course, fixed_batch
from bench.train.classification.integer import integer_answers, latency_of, program_of
from bench.train.classification.module import Batches, ClassificationModule
from bench.train.classification.network import Network, build
from bench.train.classification.size import size_facts
from bench.train.job import Job, Listener, Metric
from bench.train.resume import LastEpoch
from bench.train.session import Measured, Session
from bench.train.trainer import trainer
from cells.compress import quantise_weights

_EVALUATION_BATCH = 512


class ClassificationSession(Session):
    """The run of a classifier.

    Raises:
        RnnbenchError: when it is to be quantised, which makes its integer program the result, and there can be none.
    """

    network: Network

    def __init__(self, job: Job, data: Dataset, metric: Metric, listeners: Sequence[Listener]) -> None:
        self.data, info = data, data.info
        network = build(job.spec, info.features, info.classes, info.vocabulary)
        if job.spec.compress.quantise:
            mcu.lower(network.cell, network.head)
        self._first = course(network, fixed_batch(data.train)) if job.spec.evaluate.gradients else None
        super().__init__(job, data, network, [network.cell], metric, listeners)

    def fit(self, keep: LastEpoch) -> None:
        """Trains on batches in an order of the run's own."""
        spec, data = self.spec, self.data
        batches = Batches(data.train, spec.train.batch_size, seed=derive_seed(spec.seed, "order"))
        steps = spec.train.epochs * len(batches)
        module = ClassificationModule(self.network, spec.train, data.info.classes, steps)
        module.order = batches.generator
        judge = self.judge()
        self._fit(keep, module, batches, None if judge is None else Batches(judge, _EVALUATION_BATCH))

    def judge(self) -> Split | None:
        """Returns the sequences that judge the epochs; ``None`` where all are trained on."""
        if self.spec.train.select == "test-epoch":
            return self.data.test
        return self.data.validation if len(self.data.validation) else None

    def measure(self) -> Measured:
        """Measures the network, and of a quantised one its integer program."""
        spec, network, end = self.spec, self.network, self.end
        if spec.compress.apply == "after":
            make_small(network.cell, spec.cell, spec.compress)
            quantise_weights(network, on=spec.compress.quantise is not None)
        result = Result(best_epoch=end.best_epoch, epochs=end.epochs)
        if end.best is not None and spec.train.select != "test-epoch":
            result = result.model_copy(update={"validation_accuracy": end.best[0], "validation_loss": end.best[1]})
        size = size_facts(network, spec.compress)
        gradients = self._gradients()
        if spec.sealed:
            return Measured(result, size, Latency(reason="a trial of a search, which is not to be used"))
        program = program_of(network, self.data.train) if spec.compress.quantise else None
        loss, accuracy, answers = self._test()
        tested: dict[str, Any] = {"test_loss": loss, "test_accuracy": accuracy}
        if spec.evaluate.h0 == "normal":
            tested["random_h0_accuracy"] = tuple(self._from_random(draw) for draw in range(spec.evaluate.draws))
        if program is not None:
            answers = integer_answers(program, self.data.test)
            tested["integer_accuracy"] = float((answers == self.data.test.y).double().mean())
        if self.data.info.metric == "f1":
            tested["test_f1"] = f1(answers, self.data.test.y)
        items = Items((answers == self.data.test.y).numpy(), self.data.test.group.numpy())
        latency = latency_of(network, self.data.info.steps, program)
        return Measured(result.model_copy(update=tested), size, latency, items, gradients)

    def _gradients(self) -> Gradients | None:
        """Returns how gradients travel, at the initial weights and now; ``None`` where the run does not ask for it."""
        if self._first is None:
            return None
        end = course(self.network, fixed_batch(self.data.train))
        return Gradients(sequences=min(SEQUENCES, len(self.data.train)), start=self._first, end=end)

    def _test(self) -> tuple[float, float, Tensor]:
        """Returns loss and accuracy on the test set, and the answers [N]."""
        module = ClassificationModule(self.network, self.spec.train, self.data.info.classes, steps=1)
        trainer().test(module, Batches(self.data.test, _EVALUATION_BATCH), verbose=False)
        return *module.summary("test"), torch.cat(module.answers)

    @torch.no_grad()
    def _from_random(self, draw: int) -> float:
        """Returns the test accuracy from one state of N(0, 1), the same before every sequence."""
        network, cell = self.network.eval(), self.network.cell
        generator = torch.Generator().manual_seed(derive_seed(self.spec.seed, f"h0 {draw}"))
        state_H = [torch.randn(cell.hidden_size, generator=generator) for _ in range(cell.states)]
        right = 0
        for x_TBD, lengths_B, y_B in Batches(self.data.test, _EVALUATION_BATCH):
            zeros = cell.initial_state(len(y_B), next(cell.parameters()))
            drawn = [each_H.to(zero) + zero for each_H, zero in zip(state_H, zeros, strict=False)]
            answers = network(x_TBD, lengths_B, (*drawn, *zeros[cell.states :])).argmax(dim=1)
            right += int((answers == y_B.to(answers.device)).sum())
        return right / len(self.data.test)


def f1(answers: Tensor, y: Tensor) -> float:
    """Returns the F1 score of class 1, 2 TP / (2 TP + FP + FN); 0 where it is neither answered nor there.

    Source: van Rijsbergen, Information Retrieval (1979), chapter 7, with precision and recall of equal weight.

    Args:
        answers: [N], classes.
        y: [N], the true ones.
    """
    asked_for = int((answers == 1).sum() + (y == 1).sum())  # 2 TP + FP + FN
    return 2 * int(((answers == 1) & (y == 1)).sum()) / asked_for if asked_for else 0.0
