"""Samples in the units of a sensor: normalised in integers as training did in real numbers."""

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.errors import RnnbenchError
from bench.mcu.raw import Channel, RawInput

MEAN, DEVIATION = (9.81, -3.0, 512.0, 0.0, 1e-3), (0.4, 250.0, 100.0, 1.0, 2e-4)


def test_a_channel_by_hand():
    """(100 x 3 - 200 + 8) >> 4 = 6; the bounds of 4 bits hold the others."""
    raw = RawInput((Channel(0, 3, -200 + 8, 4),), 7)
    assert raw.normalise(np.array([[100], [32767], [-32768]], np.int16)).tolist() == [[6], [7], [-8]]


def test_a_raw_number_is_rounded_in_the_format_of_its_channel():
    raw = RawInput((Channel(3, 1, 0, 0), Channel(-2, 1, 0, 0)), 32767)
    assert raw.quantise(np.array([0.7, 100_002.1])).tolist() == [6, 25_001]
    assert raw.quantise(np.array([1e9, -1e9])).tolist() == [32767, -32768]


def test_integers_normalise_as_real_numbers_do_within_what_the_formats_can_say():
    """Half a step of the program's format, and a raw number's own half step over the deviation."""
    program = cases.program(cases.network("gru"))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 5)) * DEVIATION + MEAN
    raw = mcu.raw_input(program, MEAN, DEVIATION, np.abs(x).max(0).tolist())
    step = 2.0 ** -program.buffers[0].fraction
    found = raw.normalise(raw.quantise(x)) * step
    own = np.array(
        [0.5 * 2.0**-channel.fraction / spread for channel, spread in zip(raw.channels, DEVIATION, strict=True)]
    )
    wanted = np.clip((x - MEAN) / DEVIATION, -(raw.limit + 1) * step, raw.limit * step)
    assert (
        np.abs(found - wanted) <= own + 0.5 * step + 5e-4 * (1 + np.abs(wanted) + np.abs(np.divide(MEAN, DEVIATION)))
    ).all()
    assert all(1 << 13 < channel.factor < 1 << 15 for channel in raw.channels if abs(channel.offset) < 1 << 28)


def test_every_sum_fits_32_bits():
    program = cases.program(cases.network("gru"))
    for mean, spread in ((1e6, 1e4), (-1e-6, 1e-9), (0.0, 1e8)):
        raw = mcu.raw_input(program, [mean] * 5, [spread] * 5, [abs(mean) + 8 * spread] * 5)
        for channel in raw.channels:
            assert 32768 * channel.factor + abs(channel.offset) < 2**31
            assert 0 <= channel.shift <= 30


def test_a_channel_without_integer_form_is_named():
    program = cases.program(cases.network("gru"))
    with pytest.raises(RnnbenchError, match=r"channel 1, of mean 1e\+30 .* --format float32"):
        mcu.raw_input(program, [0.0, 1e30, 0, 0, 0], [1.0] * 5, [1.0] * 5)
