"""A trained language model in the arithmetic of a microcontroller."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from bench import mcu
from bench.errors import RnnbenchError
from bench.mcu.text import NO_FLOATS, mean_loss, quantise_text
from bench.measure import latency_or_reason
from bench.record import Latency
from bench.train.language.model import LanguageModel
from cells import Cell

ROWS, STEPS = 16, 256
"""Pieces of the training text that set the scales, and the words of a piece, where there are so many."""


@dataclass(frozen=True)
class _Matrix:
    """The softmax's matrix, which is stored as it is."""

    matrix: Tensor

    def multiplied(self) -> tuple[Tensor, ...]:
        return (self.matrix,)


@dataclass(frozen=True)
class _Scores:
    """The scores of a softmax."""

    W: _Matrix
    b: Tensor


def lower(network: LanguageModel) -> mcu.Graph:
    """Returns the vector operations of a language model, from an embedded word to the scores of all words.

    Raises:
        RnnbenchError: when it has several layers, or its cell cannot be lowered.
    """
    cell, *others = network.layers
    assert isinstance(cell, Cell)  # noqa: S101
    if others:
        raise RnnbenchError(
            f"a language model of {1 + len(others)} layers has no integer program: set language.layers to 1, or "
            "leave compress.quantise out"
        )
    return mcu.lower(cell, _scores(network.softmax))


def _scores(softmax: nn.Linear) -> _Scores:
    return _Scores(_Matrix(softmax.weight), softmax.bias)


def program_of(network: LanguageModel, train: Tensor) -> mcu.TextProgram:
    """Returns the integer program of a language model, its scales from the beginning of the training text.

    Args:
        network: trained.
        train: [n], ids of words.

    Raises:
        RnnbenchError: as :func:`lower`, or when a value is not finite.
    """
    steps = min(STEPS, len(train))
    rows = min(ROWS, len(train) // steps)
    words = train[: rows * steps].long().view(rows, steps).numpy()
    return quantise_text(lower(network), network.embedding.weight.detach().double().numpy(), words)


def integer_loss(program: mcu.TextProgram, stream: Tensor) -> float:
    """Returns the mean loss a word of a whole text, in integers.

    Args:
        program: of the network.
        stream: [n], n >= 2.
    """
    return mean_loss(program, stream.long().numpy().astype(np.int64))


def latency_of(program: mcu.TextProgram | None) -> Latency:
    """Returns the latency of a word on every board, or why there is none.

    Args:
        program: of a quantised network; there is no code in float32.
    """
    if program is None:
        return Latency(reason=NO_FLOATS)
    return latency_or_reason(lambda: program, 1)
