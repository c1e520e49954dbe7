"""A trained network in the arithmetic of a microcontroller."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bench import mcu
from bench.data import Split
from bench.mcu.text import NO_FLOATS, quantise_words
from bench.measure import latency_or_reason
from bench.record import Latency
from bench.train.classification.network import Network

CALIBRATION = 100
"""Training sequences that set the scales, the first ones."""
_AT_ONCE = 1024
"""Sequences that are held in real numbers at once."""


def program_of(network: Network, train: Split) -> mcu.Program:
    """Returns the integer program of a network, its scales from the training data.

    Raises:
        RnnbenchError: when the cell cannot be lowered, or a value is not finite.
    """
    return scaled(network, train.x[:CALIBRATION], train.lengths[:CALIBRATION])


def scaled(network: Network, x: Tensor, lengths: Tensor) -> mcu.Program:
    """Returns the integer program of a network, its scales from sequences; one with an embedding reads words.

    Arguments are as :class:`bench.data.Split` has them, errors as :func:`program_of`.
    """
    graph = mcu.lower(network.cell, network.head)
    if network.embedding is None:
        return mcu.quantise(graph, x.double().numpy(), lengths.numpy())
    embedding = network.embedding.weight.detach().double().numpy()
    return quantise_words(graph, embedding, x.long().numpy(), lengths.numpy())


def read(program: mcu.Program, x: Tensor) -> mcu.Int16:
    """Returns what a program reads of sequences: [N, T, D].

    Args:
        program: of a network.
        x: as :class:`bench.data.Split` has them.
    """
    if isinstance(program, mcu.WordProgram):
        return program.samples(x.long().numpy())
    return mcu.quantise_input(program, x.double().numpy())


def integer_answers(program: mcu.Program, split: Split) -> Tensor:
    """Returns the class that the program's integers answer to each sequence of a split: [N]."""
    lengths = split.lengths.numpy()
    parts = (slice(first, first + _AT_ONCE) for first in range(0, len(split), _AT_ONCE))
    answers = [mcu.run(program, read(program, split.x[part]), lengths[part]).argmax(1) for part in parts]
    return torch.from_numpy(np.concatenate(answers))


def latency_of(network: Network, steps: int, program: mcu.Program | None) -> Latency:
    """Returns the latency of the exported code on every board, or why there is none.

    Args:
        network: trained.
        steps: of one inference.
        program: of a quantised network; the code is in float32 otherwise.
    """
    if program is None and network.embedding is not None:
        return Latency(reason=NO_FLOATS)
    return latency_or_reason(lambda: program or mcu.lower(network.cell, network.head), steps)
