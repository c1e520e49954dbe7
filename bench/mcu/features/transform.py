"""The power spectrum of real frames by a radix-2 transform in 16 bits: what the C code computes, bit for bit.

512 real numbers are 256 complex ones, z_n = x_2n + i x_(2n+1), whose transform Z gives that of the frame,

    2 X_k = (Z_k + Z*_(256-k)) - i W^k (Z_k - Z*_(256-k))        W = exp(-2 pi i / 512)

Before every stage of butterflies, which let a number grow by 1 + sqrt(2) at most, a frame is shifted right by as many
bits as its largest number needs (block floating point).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
BINS = 256
"""Complex numbers of the transform, half of those of a frame."""
UNIT = 14
"""Bits after the binary point of sines, so that 1 is exact."""
SINES: Integers = np.rint(2**UNIT * np.sin(np.pi * np.arange(BINS + BINS // 2) / BINS)).astype(np.int64)
"""sin(pi k / 256); the cosine of k is the sine of k + 128."""
_REVERSED = np.array([int(f"{n:08b}"[::-1], 2) for n in range(BINS)])


def magnitudes(x: Integers, axis: int) -> Integers:
    """The bits that any number needs: all numbers along an axis, those below 0 inverted, joined by ``or``."""
    found: Integers = np.bitwise_or.reduce(np.where(x < 0, ~x, x), axis)
    return found


def power(x: Integers) -> tuple[Integers, Integers]:
    """The power spectra of frames.

    Args:
        x: [n, 512], int16.

    Returns:
        |X_k / 2|^2 2^(-2 s) [n, 256], 0 for k = 0, and s [n].
    """
    re, im, shifts = _transformed(x[:, ::2][:, _REVERSED], x[:, 1::2][:, _REVERSED])
    k = np.arange(1, BINS // 2 + 1)
    sine, cosine = SINES[k], SINES[k + BINS // 2]
    (ar, ai), (br, bi) = (re[:, k], im[:, k]), (re[:, BINS - k], im[:, BINS - k])
    even_r, even_i, odd_r, odd_i = ar + br, ai - bi, ar - br, ai + bi
    half = 1 << UNIT - 1
    turned_r = (cosine * odd_i - sine * odd_r + half) >> UNIT
    turned_i = (-sine * odd_i - cosine * odd_r + half) >> UNIT
    found = np.zeros(re.shape, np.int64)
    found[:, k] = _squared(even_r + turned_r, even_i + turned_i)
    found[:, BINS - k] = _squared(even_r - turned_r, even_i - turned_i)
    return found, shifts


def _squared(re: Integers, im: Integers) -> Integers:
    found: Integers = (re + 2 >> 2) ** 2 + (im + 2 >> 2) ** 2
    return found


def _transformed(re: Integers, im: Integers) -> tuple[Integers, Integers, Integers]:
    """Z [n, 256] from z in bit-reversed order, and by how many bits each frame was shifted right."""
    shifts = np.zeros(len(re), np.int64)
    size = 1
    while size < BINS:
        used = magnitudes(re, 1) | magnitudes(im, 1)
        shift = np.select([used >= 1 << 14, used >= 1 << 13], [2, 1], 0)
        shifts += shift
        s = shift[:, None, None] + UNIT
        half = 1 << s - 1
        (ar, br), (ai, bi) = (part.reshape(len(re), -1, 2, size).transpose(2, 0, 1, 3) for part in (re, im))
        sine, cosine = SINES[: BINS : BINS // size], SINES[BINS // 2 :: BINS // size][:size]
        tr, ti = br * cosine + bi * sine, bi * cosine - br * sine
        ar, ai = (ar << UNIT) + half, (ai << UNIT) + half
        re = np.stack([ar + tr >> s, ar - tr >> s], 2).reshape(re.shape)
        im = np.stack([ai + ti >> s, ai - ti >> s], 2).reshape(im.shape)
        size *= 2
    return re, im, shifts
