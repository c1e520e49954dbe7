"""Normalises sequences by the training split and pads them into an array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Normalisation:
    """The normalisation of a data set's numbers before training: (number - mean) / deviation.

    Attributes:
        mean: by channel [D], in the units of the files.
        deviation: by channel [D], in the same units, above 0.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def then(self, mean: Sequence[float], deviation: Sequence[float]) -> Normalisation:
        """The same, after which the result is normalised once more."""
        both = list(zip(self.mean, self.deviation, mean, deviation, strict=True))
        return Normalisation(
            tuple(first + scale * second for first, scale, second, _ in both),
            tuple(scale * other for _, scale, _, other in both),
        )


_AT_ONCE = 1 << 18
"""How many frames are held in float64 at a time: a set may be larger than half the memory."""


def channel_statistics(sequences: Sequence[Array]) -> tuple[Floats, Floats]:
    """The mean and (population) standard deviation of every channel over all frames; 1 for a constant channel.

    Args:
        sequences: arrays [length, D].
    """
    count = sum(len(sequence) for sequence in sequences)
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
    """The sequences centred, scaled and padded with zeros: [N, ``steps``, D] float32."""
    mean, deviation = statistics
    x = np.zeros((len(sequences), steps, len(mean)), dtype=np.float32)
    for i, sequence in enumerate(sequences):
        x[i, : len(sequence)] = (sequence.astype(np.float64) - mean) / deviation
    return x


def padded(sequences: Sequence[Array], steps: int) -> Array:
    """The ids of words padded with 0: [N, ``steps``] int32."""
    x = np.zeros((len(sequences), steps), dtype=np.int32)
    for i, sequence in enumerate(sequences):
        x[i, : len(sequence)] = sequence
    return x


def _add(total: Floats, frames: Floats) -> Floats:
    # A running sum adds in the same order on every machine, so that the normalised bits, and the fingerprint, depend
    # neither on the vector unit, as those of np.sum do, nor on how the frames are cut into pieces.
    return np.array([np.cumsum(np.append(first, column))[-1] for first, column in zip(total, frames.T, strict=True)])


def _chunks(sequences: Sequence[Array]) -> Iterator[Floats]:
    """Yields the frames of all sequences, many at a time."""
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
