"""Language modelling as a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from bench.data import Corpus, DatasetInfo, open_corpus
from bench.errors import RnnbenchError
from bench.measure import size
from bench.record import Latency
from bench.spec import RunSpec
from bench.spec.language import TASK
from bench.train.job import Job, Listener, Metric
from bench.train.language.integer import latency_of, program_of
from bench.train.language.model import build_layers, restore
from bench.train.task import Task
from cells import Cell
from cells.compress import HardThreshold

if TYPE_CHECKING:
    from bench.train.session import Session


class LanguageModelling(Task[Corpus]):
    """The next word of a text, from all words before it."""

    name = TASK
    metric = Metric("perplexity", higher_is_better=False)

    def cells(self, spec: RunSpec, info: DatasetInfo) -> list[Cell]:
        """Builds the layers."""
        if spec.split.model_dump(exclude_defaults=True) or spec.train.select == "test-epoch":
            raise RnnbenchError(
                f"data set {info.name!r} is one text, whose epochs are chosen on its validation part: "
                "leave split and train.select: test-epoch out"
            )
        if spec.compress.apply == "after" or spec.evaluate.h0 != "zero" or spec.evaluate.gradients:
            raise RnnbenchError(
                f"compress.apply: after and evaluate are for classifiers, and data set {info.name!r} is one text: "
                "leave them out"
            )
        if spec.compress.quantise and spec.language.layers > 1:
            raise RnnbenchError(
                "compress.quantise: the integer program of a language model has one layer, not "
                f"{spec.language.layers}: set language.layers to 1, or leave compress.quantise out"
            )
        return build_layers(spec)

    def kb(self, spec: RunSpec, info: DatasetInfo) -> float:
        """Returns the size of the layers."""
        cells = self.cells(spec, info)
        for cell in cells:
            HardThreshold(cell, spec.compress.keep).threshold()
        return size(nn.ModuleList(cells), 1 if spec.compress.quantise else 4).kb

    def open(self, spec: RunSpec) -> Corpus:
        """Opens the text."""
        return open_corpus(spec.data.name, options=spec.data.options)

    def session(self, job: Job, data: Corpus, listeners: Sequence[Listener]) -> Session:
        """Returns the run before its first step."""
        from bench.train.language.session import LanguageSession

        return LanguageSession(job, data, self.metric, listeners)

    def latency(self, spec: RunSpec, info: DatasetInfo, weights: dict[str, Tensor]) -> Latency:
        """Predicts the latency of a word; a quantised model is calibrated on its training text again."""
        if not spec.compress.quantise:
            return latency_of(None)
        return latency_of(program_of(restore(spec, info.classes, weights), self.open(spec).train))
