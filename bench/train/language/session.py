"""A language model's run: what it is fitted to, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence

import lightning.pytorch as pl
from torch import Tensor

from bench.data import Corpus
from bench.record import Latency, Result
from bench.train.cell import derive_seed
from bench.train.job import Job, Listener, Metric
from bench.train.language import text
from bench.train.language.averaging import Averaging
from bench.train.language.integer import integer_loss, latency_of, lower, program_of
from bench.train.language.model import LanguageModel, build, size_facts
from bench.train.language.module import LanguageModule
from bench.train.language.text import perplexity
from bench.train.resume import LastEpoch
from bench.train.session import Measured, Session
from cells import Cell


class LanguageSession(Session):
    """The run of a language model.

    Raises:
        RnnbenchError: when there is a fault in the text, or there is no integer program of what is to be quantised.
    """

    network: LanguageModel

    def __init__(self, job: Job, data: Corpus, metric: Metric, listeners: Sequence[Listener]) -> None:
        self.data = data
        text.check(data)
        network = build(job.spec, data.info.classes)
        if job.spec.language.unigram:
            network.begin_at_unigram(data.train)
        if job.spec.compress.quantise:
            lower(network)
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
        """Measures the network on whole texts, and of a quantised one its integer program on the test text."""
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
        facts = size_facts(network, self.spec.compress)
        if self.spec.sealed:
            return Measured(result, facts, Latency(reason="a trial of a search, which is not to be used"))
        program = program_of(network, self.data.train) if self.spec.compress.quantise else None
        if program is not None:
            integers = perplexity(integer_loss(program, test))
            result = result.model_copy(update={"integer_perplexity": integers})
        return Measured(result, facts, latency_of(program))


def _loss(network: LanguageModel, stream: Tensor) -> float:
    """Returns the mean loss a word of a whole text."""
    return -network.log_likelihood(stream) / (len(stream) - 1)
