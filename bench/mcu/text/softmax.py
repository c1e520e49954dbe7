"""The logarithm of a softmax in integers, by two tables: what the C code computes, bit for bit.

With s the scores, q * 2^-f, m the largest, and d = m - s,

    -ln P(word) = ln(sum_v e^-d[v]) + d[word]

e^-d is 2^-t, t = d log2(e) with 24 bits after the point: its fraction goes through a table of 256 steps and lines
between them, its whole part says which of 32 sums the result is added to, so that nothing is rounded away before all
words are in. From the last sum to the first, each is added to half of what lies behind it. The logarithm of the total
is that of its power of two, and a table of 64 steps. Results have :data:`FRACTION` bits after the point. No step
depends on the order of the words, and 32 bits hold every number of up to 65,535 words.

The error is at most 2.1e-4 against the same scores in float64. A term's is 3.1e-5 of the table's rounding, 6.1e-5 of
the line's and 1.1e-5 of bits of t that are left out; halving adds 3.1e-5; the logarithm has 3.1e-5 of lines between
its steps, 2.3e-5 of roundings and 2.3e-5 of ln(2); what is left out is below 2^-31 of the largest term.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bench.mcu.program import Int64

FRACTION = 16
"""Bits after the binary point of a logarithm."""
SUMS = 32
"""Powers of two between the largest term and the smallest that counts."""
POWERS: npt.NDArray[np.uint16] = np.rint(2.0 ** (15 - np.arange(257) / 256)).astype(np.uint16)
"""2^15 2^(-n / 256)."""
LOGARITHMS: npt.NDArray[np.uint16] = np.rint(2.0**FRACTION * np.log(1 + np.arange(65) / 64)).astype(np.uint16)
"""2^16 ln(1 + n / 64)."""
LN2 = round(2.0**FRACTION * math.log(2))
MOST_WORDS = 65_535
"""What 16 bits count."""


def factor(fraction: int) -> tuple[int, int]:
    """What a difference of scores with so many bits after the point is multiplied with, and 256ths of that."""
    whole, parts = divmod(round(math.log2(math.e) * 2.0 ** (32 - fraction)), 256)
    return whole, parts


def farthest(fraction: int) -> int:
    """The largest difference of scores that counts."""
    return min(((SUMS << 24) - 1) // (factor(fraction)[0] + 1), 65_535)


def log_sums(scores: Int64, fraction: int) -> Int64:
    """The logarithm of the sum of e^(score - the largest score) [N], with :data:`FRACTION` bits after the point.

    Args:
        scores: [N, V], int16.
        fraction: bits after the point of a score.
    """
    distance = scores.max(1, keepdims=True) - scores
    near = distance <= farthest(fraction)
    whole, parts = factor(fraction)
    d = np.where(near, distance, 0)
    t = d * whole + (d * parts >> 8)
    high, beyond, table = t >> 16 & 255, t >> 8 & 255, POWERS.astype(np.int64)
    terms = np.where(near, table[high] - ((table[high] - table[high + 1]) * beyond >> 8), 0)
    places = (t >> 24) + SUMS * np.arange(len(scores))[:, None]
    # Exact in float64: every sum is below 2^31.
    sums = np.bincount(places.ravel(), terms.ravel(), SUMS * len(scores)).reshape(-1, SUMS).astype(np.int64)
    total = np.zeros(len(scores), np.int64)
    for number in reversed(range(SUMS)):
        total = (total >> 1) + sums[:, number]
    power = np.frexp(total.astype(np.float64))[1].astype(np.int64) - 1
    mantissa = total << (31 - power)
    high, beyond, table = mantissa >> 25 & 63, mantissa >> 9 & 65_535, LOGARITHMS.astype(np.int64)
    found: Int64 = (power - 15) * LN2 + table[high] + ((table[high + 1] - table[high]) * beyond >> 16)
    return found


def log_losses(scores: Int64, words: Int64, fraction: int) -> Int64:
    """-ln P(word) [N] of a softmax over scores, with :data:`FRACTION` bits after the point.

    Args:
        scores: [N, V], int16.
        words: [N].
        fraction: bits after the point of a score, 1 to 15.
    """
    distance = scores.max(1) - scores[np.arange(len(scores)), words]
    found: Int64 = log_sums(scores, fraction) + (distance << (FRACTION - fraction))
    return found
