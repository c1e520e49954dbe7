"""The size of a model, as the FastGRNN paper counts it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

_BYTES_PER_NUMBER = 4
_DENSE_FROM = 0.5


@dataclass(frozen=True)
class Size:
    """What a model's parameters come to.

    Attributes:
        parameters: numbers in all.
        nonzero: those that are not 0.
        kb: kilobytes of 1,024 bytes, as published.
    """

    parameters: int
    nonzero: int
    kb: float


def size(model: nn.Module) -> Size:
    """Counts a model: cell, biases, scalars and classifier.

    A tensor is stored dense at 4 bytes a number, or, when it is a matrix of mostly zeros, as values and indices at
    8 bytes a non-zero. That is the rule of the authors' code (EdgeML's ``estimateNNZ``), and it gives the sizes that
    the paper prints.
    """
    parameters = nonzero = stored = 0
    for tensor in model.parameters():
        count, live = tensor.numel(), int(torch.count_nonzero(tensor.detach()))
        parameters += count
        nonzero += live
        dense = tensor.dim() < 2 or live >= _DENSE_FROM * count
        stored += _BYTES_PER_NUMBER * count if dense else 2 * _BYTES_PER_NUMBER * live
    return Size(parameters, nonzero, stored / 1024)
