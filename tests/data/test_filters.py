"""The filters against the closed forms: the gain of a Butterworth, no delay, the median of three."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data.families.filters import butterworth, low_pass, median3

RATE = 50.0


def gain(hertz: float, corner: float) -> float:
    """|H|^2 of one pass: 1 / (1 + (tan(pi f / r) / tan(pi c / r))^6), the gain of two."""
    return 1 / (1 + (np.tan(np.pi * hertz / RATE) / np.tan(np.pi * corner / RATE)) ** 6)


@pytest.mark.parametrize("corner", [0.3, 5.0, 20.0])
def test_the_response_of_the_coefficients(corner: float) -> None:
    b, a = butterworth(corner, RATE)
    assert a[0] == pytest.approx(1)
    for hertz in (0.0, 0.1, corner, 10.0, 24.9):
        z = np.exp(2j * np.pi * hertz / RATE)
        assert abs(np.polyval(b, z) / np.polyval(a, z)) ** 2 == pytest.approx(gain(hertz, corner), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("hertz", "corner"), [(2.0, 20.0), (15.0, 20.0), (22.0, 20.0), (0.1, 0.3), (1.0, 0.3)])
def test_a_wave_keeps_its_phase_and_gets_the_gain(hertz: float, corner: float) -> None:
    t = np.arange(6_000) / RATE
    wave = np.sin(2 * np.pi * hertz * t)[:, None]
    (found,) = low_pass([wave], corner, RATE)
    inside = slice(2_000, 4_000)
    np.testing.assert_allclose(found[inside], gain(hertz, corner) * wave[inside], atol=2e-3)


def test_what_does_not_change_passes_from_the_first_sample() -> None:
    levels = np.array([[1.0, -3.0, 0.5]])
    (found,) = low_pass([np.repeat(levels, 100, axis=0)], 0.3, RATE)
    np.testing.assert_allclose(found, np.repeat(levels, 100, axis=0), rtol=1e-9)


def test_series_do_not_touch_each_other() -> None:
    rng = np.random.default_rng(0)
    series = [rng.normal(size=(n, 3)) for n in (50, 400, 123)]
    together = low_pass(series, 20.0, RATE)
    for one, found in zip(series, together, strict=True):
        assert found.shape == one.shape
        np.testing.assert_allclose(low_pass([one], 20.0, RATE)[0], found, atol=1e-12)


def test_median() -> None:
    series = np.array([[5.0], [1.0], [4.0], [9.0], [-2.0]])
    # beyond the ends the series is 0
    assert median3(series)[:, 0].tolist() == [1.0, 4.0, 4.0, 4.0, 0.0]
