"""A trained network in the arithmetic of a microcontroller."""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bench import mcu
from bench.data import Split
from bench.errors import RnnbenchError
from bench.measure import latency
from bench.record import Latency
from bench.train.classification.network import Network

_log = logging.getLogger(__name__)

CALIBRATION = 100
"""Training sequences that set the scales, the first ones."""


def inputs(network: Network, split: Split, count: int | None = None) -> npt.NDArray[np.float64]:
    """Returns what the cell reads of the first sequences: [N, T, D]; of words their embedding, in real numbers."""
    x = split.x[:count]
    with torch.no_grad():
        read = x if network.embedding is None else network.embedding(x)
    found: npt.NDArray[np.float64] = read.double().numpy()
    return found


def program_of(network: Network, train: Split) -> mcu.Program:
    """Returns the integer program of a network, its scales from the training data.

    Raises:
        RnnbenchError: when the cell cannot be lowered, or a value is not finite.
    """
    x, lengths = inputs(network, train, CALIBRATION), train.lengths[:CALIBRATION].numpy()
    return mcu.quantise(mcu.lower(network.cell, network.head), x, lengths)


def integer_answers(program: mcu.Program, network: Network, split: Split) -> Tensor:
    """Returns the class that the program's integers answer to each sequence of a split: [N]."""
    return torch.from_numpy(mcu.answers(program, inputs(network, split), split.lengths.numpy()))


def latency_of(network: Network, steps: int, program: mcu.Program | None) -> Latency:
    """Returns the latency of the exported code on every board, or why there is none.

    Args:
        network: trained.
        steps: of one inference.
        program: of a quantised network; the code is in float32 otherwise.
    """
    try:
        return latency(mcu.lower(network.cell, network.head) if program is None else program, steps)
    except RnnbenchError as error:
        _log.warning("no latency: %s", error)
        return Latency(reason=str(error))
