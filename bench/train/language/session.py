"""A language model's run: what it is fitted to, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import lightning.pytorch as pl
from torch import Tensor

from bench.data import Corpus
from bench.measure import size
from bench.record import Result, SizeFacts
from bench.train.cell import derive_seed
from bench.train.job import Job, Listener, Metric
from bench.train.language import text
from bench.train.language.averaging import Averaging
from bench.train.language.model import NO_LATENCY, LanguageModel, build
from bench.train.language.module import LanguageModule, perplexity
from bench.train.resume import LastEpoch
from bench.train.session import Measured, Session
from cells import Cell


class LanguageSession(Session):
    """The run of a language model.

    Raises:
        RnnbenchError: when there is a fault in the text.
    """

    network: LanguageModel

    def __init__(self, job: Job, data: Corpus, metric: Metric, listeners: Sequence[Listener]) -> None:
        self.data = data
        text.check(data)
        network = build(job.spec, data.info.classes)
        if job.spec.language.unigram:
            network.begin_at_unigram(data.train)
        cells = [layer for layer in network.layers if isinstance(layer, Cell)]
        super().__init__(job, data, network, cells, metric, listeners)

    def fit(self, keep: LastEpoch) -> None:
        """Trains on windows of the text, and fine-tunes."""
        spec = self.spec
        seed = derive_seed(spec.seed, "windows") if spec.awd.variable_bptt else None
        windows = text.Windows(self.data.train, spec.train.batch_size, spec.language.bptt, seed)
        module = LanguageModule(self.network, spec, self.data.info.classes)
        module.order = windows.generator
        self._fit(keep, module, windows, text.Whole(self.data.validation), spec.awd.finetune)

    def _callbacks(self) -> list[pl.Callback]:
        """Returns what begins to average weights, where that is asked for."""
        return [Averaging(self.end)] if self.spec.awd.averages else []

    def measure(self) -> Measured:
        """Measures the network on whole texts."""
        network, end, test = self.network, self.end, self.data.test
        assert end.best is not None  # noqa: S101
        test_loss = None if self.spec.sealed else _loss(network, test)
        result = Result(
            test_loss=test_loss,
            validation_loss=end.best[1],
            best_epoch=end.best_epoch,
            epochs=end.epochs,
            test_perplexity=None if test_loss is None else perplexity(test_loss),
            validation_perplexity=end.best[0],
            train_perplexity=perplexity(_loss(network, self.data.train[: len(test)])),
        )
        facts = SizeFacts(**asdict(size(network.layers)), embedding_parameters=network.outside)
        return Measured(result, facts, NO_LATENCY)


def _loss(network: LanguageModel, stream: Tensor) -> float:
    """Returns the mean loss a word of a whole text."""
    return -network.log_likelihood(stream) / (len(stream) - 1)
