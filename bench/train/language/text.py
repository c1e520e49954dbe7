"""A text in windows: contiguous rows, each a part of the text, read side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.data import Corpus
from bench.errors import RnnbenchError
from bench.train.language import awd


@dataclass  # not frozen: Lightning fills a copy in to bring it to a device
class Window:
    """A piece of every row.

    Attributes:
        x: [T, B] int64, words.
        y: [T, B] int64, those that follow them.
        first: whether rows begin here, and the state is 0.
        rate: factor of the learning rate.
        passed: share of the pass that lies before it.
    """

    x: Tensor
    y: Tensor
    first: bool
    rate: float
    passed: float


class Windows:
    """The windows of a training text; a pass gives every row from its first word to its last.

    Args:
        stream: [n], ids of words.
        rows: B. Each has n // B words in a row; the n % B last words of the text are left out.
        bptt: T.
        seed: draws a variable T for every pass; ``None`` for the same T in all windows but the last.

    Raises:
        RnnbenchError: when ``bptt`` is longer than a row.
    """

    def __init__(self, stream: Tensor, rows: int, bptt: int, seed: int | None = None) -> None:
        steps = len(stream) // rows - 1
        if bptt > steps:
            raise RnnbenchError(
                f"language.bptt is {bptt}, but {len(stream)} words in {rows} rows leave {max(steps, 0)} steps: "
                "lower language.bptt or train.batch_size"
            )
        self.text_TB = stream[: rows * (steps + 1)].long().view(rows, steps + 1).t().contiguous()
        self.steps, self.bptt = steps, bptt
        self.generator = None if seed is None else torch.Generator().manual_seed(seed)

    def __iter__(self) -> Iterator[Window]:
        """Yields the windows of a pass, in order."""
        at = 0
        for length in self._lengths():
            rate = 1.0 if self.generator is None else length / self.bptt
            x, y = self.text_TB[at : at + length], self.text_TB[at + 1 : at + length + 1]
            yield Window(x, y, at == 0, rate, at / self.steps)
            at += length

    def _lengths(self) -> list[int]:
        if self.generator is not None:
            return awd.variable_lengths(self.steps, self.bptt, self.generator)
        whole, rest = divmod(self.steps, self.bptt)
        return [self.bptt] * whole + [rest] * (rest > 0)


class Whole:
    """One text, in one piece, as Lightning reads it.

    Args:
        stream: [n], ids of words.
    """

    def __init__(self, stream: Tensor) -> None:
        self.stream = stream

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Tensor]:
        """Yields the text."""
        yield self.stream


def check(corpus: Corpus) -> None:
    """Looks through a corpus before it is trained on.

    Raises:
        RnnbenchError: when a split has too few words to predict one, or a word outside the vocabulary.
    """
    name, words = corpus.info.name, corpus.info.classes
    for split in ("train", "validation", "test"):
        stream: Tensor = getattr(corpus, split)
        if len(stream) < 2:
            raise RnnbenchError(f"data set {name}: the {split} split has {len(stream)} words, too few to predict one")
        if int(stream.min()) < 0 or int(stream.max()) >= words:
            odd = int(stream.max()) if int(stream.max()) >= words else int(stream.min())
            raise RnnbenchError(
                f"data set {name}: the {split} split holds id {odd}, which is none of {words} words; "
                f"`rnnbench data prepare {name} --again` repairs it"
            )


def perplexity(loss: float) -> float:
    """The exponential of a mean loss a word; infinity where it is beyond floats."""
    return math.exp(loss) if loss < 700 else math.inf
