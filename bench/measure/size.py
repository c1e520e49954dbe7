"""The size of a model, as the FastGRNN paper counts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cells import Weight, outside

_DENSE_FROM = 0.5


@dataclass(frozen=True)
class Size:
    """The size of a model's parameters.

    Attributes:
        parameters: numbers in all.
        nonzero: those that are not 0.
        kb: kilobytes of 1,024 bytes, as published.
    """

    parameters: int
    nonzero: int
    kb: float


def size(model: nn.Module, number_bytes: int = 4) -> Size:
    """Counts a model: cell, biases, scalars and classifier.

    A tensor is stored dense, or, when it is a matrix of mostly zeros, as a value and an index for each non-zero, both
    of ``number_bytes``. At 4 bytes that is the rule of the authors' code (EdgeML's ``estimateNNZ``); at 4 and, for
    quantised models, at 1 it gives the sizes that the paper prints.

    Args:
        model: what to count. A matrix that is rounded counts as it is stored: SpectralRNN's as the dense product.
        number_bytes: 4 for float32, 1 for a quantised model, whose biases and scalars the paper counts so, too.
    """
    parameters = nonzero = stored = 0
    for tensor in _stored(model):
        count, live = tensor.numel(), int(torch.count_nonzero(tensor.detach()))
        parameters += count
        nonzero += live
        dense = tensor.dim() < 2 or live >= _DENSE_FROM * count
        stored += number_bytes * (count if dense else 2 * live)
    return Size(parameters, nonzero, stored / 1024)


def _stored(model: nn.Module) -> Iterator[Tensor]:
    for each in model.modules():
        if isinstance(each, Weight):
            yield from each.stored()
    yield from (parameter for _, parameter in outside(model))
