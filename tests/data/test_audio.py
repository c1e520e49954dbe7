"""The front end against the formulas written as loops, the published numbers of frames, and faulty sound files."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from published import noise, wav

from bench.data.families.audio import filter_bank, frames_of, left_padded, log_mel, read_wav
from bench.errors import RnnbenchError


@pytest.mark.parametrize(
    ("samples", "rate", "frames"),
    [(16_000, 16_000, 99), (26_160, 16_000, 162), (26_161, 16_000, 163), (26_000, 16_000, 161), (8_000, 8_000, 99)],
)
def test_frames_as_published(samples: int, rate: int, frames: int) -> None:
    """99 x 32 for a second and 162 x 32 for 1.63 s are the FastGRNN paper's Table 1."""
    assert frames_of(samples, rate) == frames
    assert log_mel(noise(0, samples), rate).shape == (frames, 32)


def loop_log_mel(samples: np.ndarray, rate: int) -> np.ndarray:
    """The front end from its formulas, one number at a time; the Fourier sum written out."""
    n, step, size = round(0.025 * rate), round(0.01 * rate), 512
    signal = [float(samples[0])] + [float(b) - 0.97 * float(a) for a, b in itertools.pairwise(samples)]
    top = 1127.0 * math.log(1 + rate / 1400)  # mel, with the natural logarithm: 2595 / ln 10
    corners = []
    for i in range(34):
        hertz = 700 * (math.exp(top * i / 33 / 1127.0) - 1)
        corners.append(math.floor(513 * hertz / rate + 1e-9))
    rows = []
    for start in range(0, max(len(signal) - n, 0) + step, step):
        if start and start + n - step >= len(signal):
            break
        frame = (signal[start : start + n] + [0.0] * n)[:n]
        frame = [v * (0.54 - 0.46 * math.cos(2 * math.pi * k / (n - 1))) for k, v in enumerate(frame)]
        k, t = np.arange(257)[:, None], np.arange(n)
        power = np.abs((np.array(frame) * np.exp(-2j * np.pi * k * t / size)).sum(axis=1)) ** 2 / size
        row = []
        for low, centre, high in zip(corners, corners[1:], corners[2:], strict=False):
            total = sum(power[b] * (b - low) / (centre - low) for b in range(low, centre))
            total += sum(power[b] * (high - b) / (high - centre) for b in range(centre, high))
            row.append(math.log(total + 1e-10))
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize(("count", "rate"), [(4_000, 16_000), (4_001, 16_000), (1_500, 8_000), (100, 16_000)])
def test_log_mel_is_the_formula(count: int, rate: int) -> None:
    samples = noise(count, count)
    expected = loop_log_mel(samples, rate)
    found = log_mel(samples, rate)
    assert found.shape == expected.shape
    # the features lie on a grid of 1/1024
    np.testing.assert_allclose(found, expected, atol=1 / 2048 + 1e-5)
    assert (found * 1024 == np.rint(found * 1024)).all()


@pytest.mark.parametrize("hertz", [300.0, 1000.0, 4000.0])
def test_a_tone_is_loudest_in_the_band_around_it(hertz: float) -> None:
    tone = np.rint(8000 * np.sin(2 * np.pi * hertz * np.arange(16_000) / 16_000)).astype(np.int16)
    loudest = log_mel(tone, 16_000).mean(axis=0).argmax()
    place = 2595 * math.log10(1 + hertz / 700) / (2595 * math.log10(1 + 8000 / 700)) * 33 - 1
    assert abs(loudest - place) <= 1


def test_bands_overlap_to_one() -> None:
    """Neighbouring triangles add up to 1 between the first and the last centre."""
    total = filter_bank(16_000).sum(axis=0)
    centres = filter_bank(16_000).argmax(axis=1)
    np.testing.assert_allclose(total[centres[0] : centres[-1] + 1], 1)


def test_silence_before_a_short_clip() -> None:
    padded = left_padded(noise(1, 10_000), 16_000, "x")
    assert not padded[:6_000].any()
    np.testing.assert_array_equal(padded[6_000:], noise(1, 10_000))
    with pytest.raises(RnnbenchError, match=r"a\.wav has 16001 samples, more than the 16000"):
        left_padded(noise(1, 16_001), 16_000, "a.wav")


def test_wav_gives_its_samples() -> None:
    np.testing.assert_array_equal(read_wav(wav(noise(2)), 16_000, "x"), noise(2))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (wav(noise(0))[:-1000], "cut short: 15500 of 16000"),
        (wav(noise(0))[:20], "not a readable .wav file"),
        (b"", "not a readable .wav file"),
        (b"fLaC" + bytes(100), "not a readable .wav file"),
        (wav(noise(0), rate=8_000), "8000"),
        (wav(noise(0), channels=2), "(2, 16, 16000)"),
        (wav([]), "cut short: 0 of 0"),
    ],
)
def test_faulty_sound_is_named(data: bytes, says: str) -> None:
    with pytest.raises(RnnbenchError) as error:
        read_wav(data, 16_000, "word/clip.wav in tree")
    assert str(error.value).startswith("word/clip.wav in tree")
    assert says in str(error.value)
