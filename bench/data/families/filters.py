"""The filters of UCI HAR: a median of three samples and a Butterworth low pass.

Reference: the README of UCI HAR: a median filter and a 3rd order low pass Butterworth filter with a corner frequency of
20 Hz; 0.3 Hz for gravity. It does not say whether the filter ran in both directions; here it does, so that nothing is
delayed and the gain is the square of a single pass.
"""

from __future__ import annotations

import numpy as np

from bench.data.normalise import Floats

_ORDER = 3


def median3(series: Floats) -> Floats:
    """The median of every sample and its two neighbours along the first axis; the series is 0 beyond its ends.

    Args:
        series: [n, D].
    """
    around = np.pad(series, ((1, 1), (0, 0)))
    return np.median([around[:-2], around[1:-1], around[2:]], axis=0)


def butterworth(corner_hz: float, rate_hz: float) -> tuple[Floats, Floats]:
    """The numerator and denominator of a digital Butterworth low pass of order 3; the denominator begins with 1.

    The bilinear transform z = (2 + s) / (2 - s) maps the analogue poles, k exp(i pi (2 m + 4) / 6) for m = 0, 1, 2,
    with k = 2 tan(pi corner / rate) so that the corner stays in place; it maps all zeros to -1.
    """
    k = 2 * np.tan(np.pi * corner_hz / rate_hz)
    poles = k * np.exp(1j * np.pi * (2 * np.arange(_ORDER) + _ORDER + 1) / (2 * _ORDER))
    denominator = np.real(np.poly((2 + poles) / (2 - poles)))
    numerator = np.poly(-np.ones(_ORDER))
    return numerator * denominator.sum() / numerator.sum(), denominator  # gain 1 for a constant


def low_pass(series: list[Floats], corner_hz: float, rate_hz: float) -> list[Floats]:
    """Filters every series forwards, then backwards, along its first axis, which delays nothing.

    To keep the ends from ringing, a series is continued by its point reflection at both ends, and the filter starts in
    the state that a constant equal to the first value would leave.

    Args:
        series: arrays [n, D], n above 12.
        corner_hz: the frequency at which a single pass has the gain 1 / sqrt(2).
        rate_hz: samples per second.
    """
    numerator, denominator = butterworth(corner_hz, rate_hz)
    extra = 3 * (_ORDER + 1)
    extended = [np.concatenate([2 * x[0] - x[extra:0:-1], x, 2 * x[-1] - x[-2 : -extra - 2 : -1]]) for x in series]
    forwards = _passed(extended, numerator, denominator)
    backwards = _passed([x[::-1] for x in forwards], numerator, denominator)
    return [x[::-1][extra:-extra] for x in backwards]


def _passed(series: list[Floats], b: Floats, a: Floats) -> list[Floats]:
    """Filters all series at once, step by step, in the transposed direct form II."""
    widths = np.cumsum([x.shape[1] for x in series])[:-1]
    longest = max(len(x) for x in series)
    every = np.concatenate([np.pad(x, ((0, longest - len(x)), (0, 0))) for x in series], axis=1)
    # The state z in which a constant 1 gives a constant 1: z_i = b_i - a_i + z_{i+1}.
    steady = np.cumsum((b - a)[:0:-1])[::-1]
    state = steady[:, None] * every[0]
    feed, back, out = b[1:, None], a[1:, None], np.empty_like(every)
    shifted = np.zeros_like(state)
    for t, x in enumerate(every):
        y = out[t]
        np.add(b[0] * x, state[0], out=y)
        shifted[:-1] = state[1:]
        state = shifted + feed * x - back * y
    parts = np.split(out, widths, axis=1)
    return [part[: len(x)] for part, x in zip(parts, series, strict=True)]
