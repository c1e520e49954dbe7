"""A language model to predict, simulate or export; there is code for it in integers alone."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property

import numpy as np
import torch

from bench import mcu
from bench.data import Corpus, DatasetInfo
from bench.deploy.base import KEPT, Model
from bench.mcu import Format
from bench.mcu.program import Int64
from bench.spec import RunSpec
from bench.train.language.integer import integer_loss, lower, program_of
from bench.train.language.model import LanguageModel, build
from bench.train.language.text import perplexity
from bench.train.task import task_of
from cells import Cell
from cells.compress import HardThreshold, quantise_weights


class TextModel(Model):
    """A language model, and the code that is made of it.

    Args:
        spec: the run.
        info: its data set.
        network: for evaluation.
    """

    def __init__(self, spec: RunSpec, info: DatasetInfo, network: LanguageModel) -> None:
        super().__init__(spec, info)
        self.network = network.eval()

    @property
    def title(self) -> str:
        """The cell's title."""
        return self.spec.cell.cell_class.title

    @property
    def formats(self) -> tuple[Format, ...]:
        """Of the numbers of its code."""
        return ("int8",)

    @property
    def data_title(self) -> str:
        """What an inference reads."""
        return f"{self.info.title}, a word"

    @property
    def steps(self) -> int:
        """An inference is that of one word."""
        return 1

    @cached_property
    def program(self) -> mcu.TextProgram:
        """The model in integers."""
        return program_of(self.network, self._training_text())

    @cached_property
    def graph(self) -> mcu.Graph:
        """An embedded word to the scores of all words; there is no code of it."""
        return lower(self.network)

    def sequences(self, kind: Format, count: int, steps: int) -> list[mcu.Samples]:
        """Pieces of a text, each of ``steps`` words; 8 at most."""
        text = self._text()
        pieces = (text[first : first + steps] for first in range(0, len(text), steps))
        return [piece for piece, _ in zip(pieces, range(min(count, KEPT)), strict=False)]

    @abstractmethod
    def _training_text(self) -> torch.Tensor:
        """What sets the scales."""

    @abstractmethod
    def _text(self) -> Int64:
        """What the model is tried on."""


class TrainedText(TextModel):
    """The language model of a finished run; its integers have their scales from the run's training text."""

    trained = True
    metric = "perplexity"
    threshold: float | None = None
    """Of delta execution, which there is none of."""

    names: tuple[str, ...] = ()
    """Those of classes, which there are none of."""

    @property
    def words(self) -> tuple[str, ...]:
        """By number."""
        return self.corpus.words

    @cached_property
    def corpus(self) -> Corpus:
        """The text that the network was trained on."""
        data = task_of(self.spec).open(self.spec)
        assert isinstance(data, Corpus)  # noqa: S101
        return data

    def raw(self, kind: Format) -> None:
        """Returns nothing: words are not normalised."""

    def example(self, kind: Format, steps: int) -> mcu.Samples:
        """The first words of the test text."""
        return self._text()[:steps]

    def measured(self) -> tuple[float, float]:
        """Perplexity over the whole test text: of the network in float32, and of the integers."""
        test = self.corpus.test
        real = -self.network.log_likelihood(test) / (len(test) - 1)
        return perplexity(real), perplexity(integer_loss(self.program, test))

    def _training_text(self) -> torch.Tensor:
        return self.corpus.train

    def _text(self) -> Int64:
        return self.corpus.test.numpy().astype(np.int64)


class UntrainedText(TextModel):
    """A run's language model at its initial weights, for its cycles alone: they hardly depend on values."""

    trained = False

    def _training_text(self) -> torch.Tensor:
        return torch.from_numpy(np.random.default_rng(0).integers(0, self.info.classes, 2048))

    def _text(self) -> Int64:
        return np.random.default_rng(1).integers(0, self.info.classes, 2048)


def untrained_text(spec: RunSpec, info: DatasetInfo) -> UntrainedText:
    """Returns the language model of a run at its initial weights; it is as sparse as the trained one will be."""
    network = build(spec, info.classes)
    for layer in network.layers:
        assert isinstance(layer, Cell)  # noqa: S101
        HardThreshold(layer, spec.compress.keep).threshold()
    if spec.compress.quantise:
        quantise_weights(network)
    return UntrainedText(spec, info, network)
