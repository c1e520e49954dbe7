"""Raw samples, in the units of a sensor, to the numbers that a program reads: normalisation in integers.

With r the int16 nearest to a raw number times 2^fraction, a sample's number is

    clamp((r factor + offset) >> shift)        offset holds the rounding's half, 32 bits hold every sum

with a fraction, factor, offset and shift for each channel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.errors import RnnbenchError
from bench.mcu.graph import Floats
from bench.mcu.interpreter import Samples
from bench.mcu.program import Program

Floats32 = npt.NDArray[np.float32]
_HEADROOM = 1.1
"""How far beyond the largest raw number of training the format of raw numbers reaches."""
_MOST = 2**30 - 1
_FRACTIONS = (-15, 60)


@dataclass(frozen=True)
class Channel:
    """The normalisation of one channel.

    Attributes:
        fraction: bits after the binary point of its raw int16; below 0 for numbers beyond 16 bits.
        factor: below 2^15 in magnitude.
        offset: below 2^30 in magnitude.
        shift: 0 to 30.
    """

    fraction: int
    factor: int
    offset: int
    shift: int


@dataclass(frozen=True)
class RawInput:
    """The integer normalisation of samples.

    Attributes:
        channels: in order.
        limit: the largest number that the program reads; the smallest is ``-limit - 1``.
    """

    channels: tuple[Channel, ...]
    limit: int

    def quantise(self, x: Floats) -> Samples:
        """The int16 nearest to raw numbers [..., D], saturated."""
        scales = np.array([2.0**channel.fraction for channel in self.channels])
        found: Samples = np.clip(np.rint(np.asarray(x, np.float64) * scales), -32768, 32767).astype(np.int16)
        return found

    def normalise(self, raw: Samples) -> Samples:
        """What the program reads of :meth:`quantise`'s numbers [..., D]: what the C code computes, bit for bit."""
        factor, offset, shift = (
            np.array([getattr(channel, name) for channel in self.channels], np.int64)
            for name in ("factor", "offset", "shift")
        )
        found: Samples = np.clip((raw * factor + offset) >> shift, -self.limit - 1, self.limit).astype(np.int16)
        return found


def raw_input(
    program: Program, mean: Sequence[float], deviation: Sequence[float], largest: Sequence[float]
) -> RawInput:
    """The normalisation of a program's samples, whose numbers were (raw - mean) / deviation in training.

    Args:
        program: from :func:`bench.mcu.quantise`.
        mean: by channel.
        deviation: by channel.
        largest: magnitude of a raw number, by channel.

    Raises:
        RnnbenchError: when a channel has no integer form; names it.
    """
    buffer = program.buffers[0]
    channels = []
    for number, (middle, spread, most) in enumerate(zip(mean, deviation, largest, strict=True)):
        found = _channel(middle, spread, most, buffer.fraction)
        if found is None:
            raise RnnbenchError(
                f"{program.subject}: channel {number}, of mean {middle:g} and deviation {spread:g}, has no "
                "integer form: its numbers need more than 16 bits; export with --format float32"
            )
        channels.append(found)
    return RawInput(tuple(channels), buffer.limit)


def _channel(mean: float, deviation: float, largest: float, to: int) -> Channel | None:
    """The form with the most precise factor."""
    fraction = 15 - math.ceil(math.log2(max(largest, deviation, 2.0**-40) * _HEADROOM))
    fraction = min(max(fraction, _FRACTIONS[0]), _FRACTIONS[1])
    for shift in range(30, -1, -1):
        factor = round(2.0 ** (to + shift - fraction) / deviation)
        offset = round(-mean / deviation * 2.0 ** (to + shift)) + (1 << shift >> 1)
        if 1 <= factor <= 32767 and abs(offset) <= _MOST:
            return Channel(fraction, factor, offset, shift)
    return None


@dataclass(frozen=True)
class Normalised:
    """Normalisation in float32: (raw - mean) / deviation.

    Attributes:
        mean: by channel [D], float32.
        deviation: by channel [D], float32.
    """

    mean: Floats32
    deviation: Floats32

    def quantise(self, x: Floats) -> Samples:
        """Raw numbers [..., D] in float32."""
        return np.asarray(x, np.float32)

    def normalise(self, raw: Samples) -> Samples:
        """What the model reads of :meth:`quantise`'s numbers [..., D]: what the C code computes, bit for bit."""
        found: Samples = (raw - self.mean) / self.deviation
        return found
