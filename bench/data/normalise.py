"""Sequences of different lengths as one padded array, normalised by the training split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

_AT_ONCE = 1 << 18
"""Frames that are held in float64 at a time: a set may be larger than half the memory."""


def channel_statistics(sequences: Sequence[Array]) -> tuple[Floats, Floats]:
    """Mean and standard deviation (of the population) of each channel, over all frames; 1 for a constant channel.

    Args:
        sequences: each [length, D].
    """
    count = sum(len(each) for each in sequences)
    first = sequences[0][0].astype(np.float64)
    constant = np.ones(len(first), dtype=bool)
    mean, variance = np.zeros(len(first)), np.zeros(len(first))
    for frames in _chunks(sequences):
        mean = _add(mean, frames)
        constant &= (frames == first).all(axis=0)
    mean /= count
    for frames in _chunks(sequences):
        variance = _add(variance, (frames - mean) ** 2)
    return mean, np.where(constant, 1.0, np.sqrt(variance / count))


def normalised(sequences: Sequence[Array], steps: int, statistics: tuple[Floats, Floats]) -> Array:
    """[N, ``steps``, D] float32: without the mean, divided by the deviation, zero after each sequence's end."""
    mean, deviation = statistics
    x = np.zeros((len(sequences), steps, len(mean)), dtype=np.float32)
    for i, sequence in enumerate(sequences):
        x[i, : len(sequence)] = (sequence.astype(np.float64) - mean) / deviation
    return x


def padded(sequences: Sequence[Array], steps: int) -> Array:
    """[N, ``steps``] int32: ids of words, 0 after each text's end."""
    x = np.zeros((len(sequences), steps), dtype=np.int32)
    for i, sequence in enumerate(sequences):
        x[i, : len(sequence)] = sequence
    return x


def _add(total: Floats, frames: Floats) -> Floats:
    # A running sum has one order of additions on every machine, so the normalised bits, and with them the fingerprint,
    # do not depend on the vector unit, as those of np.sum do; nor on how the frames are cut into pieces.
    return np.array([np.cumsum(np.append(first, column))[-1] for first, column in zip(total, frames.T, strict=True)])


def _chunks(sequences: Sequence[Array]) -> Iterator[Floats]:
    """The frames of all sequences, many at a time."""
    held: list[Array] = []
    count = 0
    for sequence in sequences:
        held.append(sequence)
        count += len(sequence)
        if count >= _AT_ONCE:
            yield np.concatenate(held).astype(np.float64)
            held, count = [], 0
    if held:
        yield np.concatenate(held).astype(np.float64)
