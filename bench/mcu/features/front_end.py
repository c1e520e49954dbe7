"""Audio to log-mel energies in integers: what the C code of an export computes, bit for bit.

A frame of int16 samples is pre-emphasised, shifted to 15 bits and windowed; its power spectrum (:mod:`transform`) is
summed in triangular bands; the logarithm comes from a table. Quiet bands beside a far louder one differ most from real
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bench.errors import RnnbenchError
from bench.mcu.features.transform import BINS, Integers, magnitudes, power
from bench.mcu.graph import Floats
from bench.mcu.interpreter import Samples
from bench.mcu.raw import Normalised, RawInput

FRACTION = 16
"""Bits after the binary point of a logarithm."""
LN2 = round(math.log(2) * 2**16)
LOGS: Integers = np.minimum(np.rint(2**16 * np.log2(1 + np.arange(65) / 64)), 65535).astype(np.int64)
"""Logarithms to the base 2 of 1 to 2, in 64ths."""
_TOP = 30  # bits of a frame's largest number after pre-emphasis, once shifted


@dataclass(frozen=True, eq=False)
class FrontEnd:
    """The integer form of log-mel features.

    Attributes:
        hz: samples a second.
        hop: samples from a frame to the next.
        window: of a frame [F], 15 bits after the binary point.
        before: 2^14 times the part of the sample before that is taken off a sample.
        corners: the first bin of every band's rise; the last two end the last band.
        rising: of every bin, the weight in the band that rises there, 16 bits after the binary point; the rest of its
            power is the band's that falls there.
        floor: the logarithm of silence, 2^16 times.
    """

    hz: int
    hop: int
    window: Integers
    before: int
    corners: tuple[int, ...]
    rising: Integers
    floor: int

    @property
    def frame(self) -> int:
        """Samples of a frame."""
        return len(self.window)

    @property
    def bands(self) -> int:
        """Energies of a frame."""
        return len(self.corners) - 2

    @property
    def held(self) -> int:
        """Samples that the code keeps: whole hops that hold a frame, and the sample before."""
        return -(-self.frame // self.hop) * self.hop + 1

    @property
    def ram_bytes(self) -> int:
        """Memory of the code: the samples and the transform."""
        return 2 * self.held + 4 * BINS

    def logs(self, audio: Samples) -> Integers:
        """2^16 times the logarithms of the bands' energies [frames, bands], of every frame that is whole.

        Args:
            audio: [n] int16, silence before.
        """
        x = np.concatenate([[0], audio.astype(np.int64)])
        sharp = (x[1:] << 14) - self.before * x[:-1]
        frames = np.lib.stride_tricks.sliding_window_view(sharp, self.frame)[:: self.hop]
        used = magnitudes(frames, 1)
        left = np.array([_TOP - int(value).bit_length() for value in used])
        fifteen = (frames << left[:, None]) + (1 << 14) >> 15
        windowed = fifteen * self.window + (1 << 14) >> 15
        powers, shifts = power(np.pad(windowed, ((0, 0), (0, 2 * BINS - self.frame))))
        found = np.maximum(self._ln(self._energies(powers), 2 * (shifts - left) - 5), self.floor)
        logs: Integers = np.where(used[:, None] == 0, self.floor, found)
        return logs

    def _energies(self, powers: Integers) -> Integers:
        """The sums of power in each band [n, bands]."""
        rise = powers * self.rising >> 16
        found = np.zeros((len(powers), self.bands), np.int64)
        for band, (low, middle, high) in enumerate(zip(self.corners, self.corners[1:], self.corners[2:], strict=False)):
            rises, falls = slice(low, middle), slice(middle, high)
            found[:, band] = rise[:, rises].sum(1) + (powers - rise)[:, falls].sum(1)
        return found

    def _ln(self, energies: Integers, twos: Integers) -> Integers:
        """2^16 ln(energy 2^twos)."""
        energies = np.maximum(energies, 1)
        top = np.frexp(energies.astype(np.float64))[1] - 1  # exact below 2^53
        mantissa = np.where(top > 31, energies >> np.maximum(top - 31, 0), energies << np.maximum(31 - top, 0))
        index, part = mantissa >> 25 & 63, mantissa >> 9 & 65535
        log2 = (top + twos[:, None] << 16) + LOGS[index] + ((LOGS[index + 1] - LOGS[index]) * part >> 16)
        found: Integers = log2 * LN2 >> 16
        return found

    def numbers(self, logs: Integers, raw: RawInput | Normalised) -> Samples:
        """Logarithms [..., bands] as a model's normalisation reads them.

        Raises:
            RnnbenchError: when a channel has no place for them.
        """
        if isinstance(raw, Normalised):
            return (logs.astype(np.float32) * np.float32(2.0**-FRACTION)).astype(np.float32)
        shifts = np.array(self.shifts(raw))
        found: Samples = np.clip(logs + (1 << shifts >> 1) >> shifts, -32768, 32767).astype(np.int16)
        return found

    def shifts(self, raw: RawInput) -> list[int]:
        """By how many bits a logarithm is shifted right to be a model's raw number, by channel.

        Raises:
            RnnbenchError: as :meth:`numbers`.
        """
        found = [FRACTION - channel.fraction for channel in raw.channels]
        if len(found) != self.bands or min(found) < 0:
            raise RnnbenchError(f"the model's {len(found)} inputs are not the {self.bands} log-mel energies of audio")
        return found


def front_end(
    *, hz: int, hop: int, window: Floats, pre_emphasis: float, corners: Sequence[int], floor: float
) -> FrontEnd:
    """The integer form of features that frames of 512 numbers give.

    Args:
        hz: samples a second.
        hop: samples from a frame to the next.
        window: what a frame is multiplied by [F], F up to 512.
        pre_emphasis: the part of the sample before that is taken off a sample.
        corners: bins, rising; band b rises linearly from corner b to b + 1 and falls to b + 2.
        floor: what is added to an energy before the logarithm is taken.

    Raises:
        RnnbenchError: when the transform has no room for a frame, or no bin for a corner.
    """
    if len(window) > 2 * BINS or corners[-1] > BINS or any(np.diff(corners) < 1):
        raise RnnbenchError(
            f"{len(window)} samples a frame at {hz} Hz: the code has room for 512, and needs a bin for every band"
        )
    rising = np.zeros(BINS, np.int64)
    for low, high in pairwise(corners):
        rising[low:high] = np.rint(2.0**16 * np.arange(high - low) / (high - low))
    return FrontEnd(
        hz=hz,
        hop=hop,
        window=np.minimum(np.rint(np.asarray(window) * 2**15), 32767).astype(np.int64),
        before=round(pre_emphasis * 2**14),
        corners=tuple(int(corner) for corner in corners),
        rising=rising,
        floor=round(math.log(floor) * 2**FRACTION),
    )


def sound(samples: int) -> npt.NDArray[np.int16]:
    """Audio to try code on, int16: a tone that rises and fades, over noise, after a little silence."""
    t = np.arange(samples) / samples
    noise = np.random.default_rng(0).normal(size=samples)
    found = 9000 * np.sin(40 * samples**0.5 * t * (0.2 + t)) * np.exp(-4 * t) + 40 * noise
    return np.where(t < 0.1, 0, np.rint(found)).astype(np.int16)
