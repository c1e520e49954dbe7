"""A classifier's run: what it is fitted to, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from torch import nn

from bench import mcu
from bench.data import Dataset
from bench.measure import size
from bench.record import Result, SizeFacts
from bench.train.cell import derive_seed
from bench.train.classification.integer import accuracy, latency_of, program_of
from bench.train.classification.module import Batches, ClassificationModule
from bench.train.classification.network import Network, build
from bench.train.job import Job, Listener, Metric
from bench.train.resume import LastEpoch
from bench.train.session import Measured, Session
from bench.train.trainer import trainer

_EVALUATION_BATCH = 512
_FLOAT_BYTES, _INTEGER_BYTES = 4, 1
"""Of a number in float32; of a weight or an index that is quantised, as the paper counts."""


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
        super().__init__(job, data, network, [network.cell], metric, listeners)

    def fit(self, keep: LastEpoch) -> None:
        """Trains on batches in an order of the run's own."""
        spec, data = self.spec, self.data
        batches = Batches(data.train, spec.train.batch_size, seed=derive_seed(spec.seed, "order"))
        steps = spec.train.epochs * len(batches)
        module = ClassificationModule(self.network, spec.train, data.info.classes, steps)
        module.order = batches.generator
        self._fit(keep, module, batches, Batches(data.validation, _EVALUATION_BATCH))

    def measure(self) -> Measured:
        """Measures the network, and of a quantised one its integer program."""
        spec, network, end = self.spec, self.network, self.end
        test_loss, test_accuracy = self._test()
        program = program_of(network, self.data.train) if spec.compress.quantise else None
        assert end.best is not None  # noqa: S101
        result = Result(
            test_accuracy=test_accuracy,
            integer_accuracy=None if program is None else accuracy(program, network, self.data.test),
            test_loss=test_loss,
            validation_accuracy=end.best[0],
            validation_loss=end.best[1],
            best_epoch=end.best_epoch,
            epochs=end.epochs,
        )
        bytes_each = _INTEGER_BYTES if program else _FLOAT_BYTES
        return Measured(result, size_facts(network, bytes_each), latency_of(network, self.data.info.steps, program))

    def _test(self) -> tuple[float, float]:
        """Returns loss and accuracy on the test set."""
        module = ClassificationModule(self.network, self.spec.train, self.data.info.classes, steps=1)
        trainer().test(module, Batches(self.data.test, _EVALUATION_BATCH), verbose=False)
        return module.summary("test")


def size_facts(network: Network, number_bytes: int) -> SizeFacts:
    """Returns the size of cell and classifier, as the paper prints it; an embedding is counted beside it."""
    counted = size(nn.ModuleList([network.cell, network.head]), number_bytes)
    embedding = 0 if network.embedding is None else network.embedding.weight.numel()
    return SizeFacts(**asdict(counted), embedding_parameters=embedding)
