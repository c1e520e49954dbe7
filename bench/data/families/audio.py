"""Reads 16-bit .wav files and computes log-mel energies, the features of the FastGRNN paper.

Reference: the authors' code calls ``fbank`` of ``python_speech_features`` (EdgeML, ``process_google.py``): 32 filters,
25 ms windows every 10 ms, Hamming, pre-emphasis 0.97, 512-point transform, 0 Hz to half the rate, short clips padded on
the left, log(x + 1e-10). Written here from the formulas.
"""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from bench.data.normalise import Floats
from bench.errors import RnnbenchError

FILTERS = 32
INPUTS = f"logarithms of the energies of {FILTERS} mel filters, from low to high, of 25 ms of audio every 10 ms"
_WINDOW_S, _STEP_S = 0.025, 0.01
_TRANSFORM = 512
_PRE_EMPHASIS = 0.97
_FLOOR = 1e-10
# Features are rounded to a grid of 0.004 dB, so that machines whose last bits differ give the same data.
_GRID = 2.0**-10

Samples = npt.NDArray[np.int16]
Features = npt.NDArray[np.float32]


@dataclass(frozen=True)
class LogMel:
    """What :func:`log_mel` computes at a rate, as other code that is to compute the same needs it.

    Attributes:
        hz: samples a second.
        hop: samples from a frame to the next.
        window: what a frame is multiplied by.
        pre_emphasis: the part of the sample before that is taken off a sample.
        corners: bins of the transform, of 512 numbers; filter b rises from corner b to b + 1 and falls to b + 2.
        floor: what is added to an energy, a 512th of the power, before the natural logarithm is taken.
    """

    hz: int
    hop: int
    window: Floats
    pre_emphasis: float
    corners: tuple[int, ...]
    floor: float


def parameters(rate: int) -> LogMel:
    """What :func:`log_mel` computes at ``rate`` samples a second."""
    window, step = _sizes(rate)
    corners = tuple(int(corner) for corner in _corners(rate))
    return LogMel(rate, step, np.hamming(window), _PRE_EMPHASIS, corners, _FLOOR)


def read_wav(data: bytes, rate: int, where: str) -> Samples:
    """The samples of a mono 16-bit .wav file.

    Args:
        data: the bytes of the file.
        rate: the samples per second that the file must have.
        where: the name of the file in messages.

    Raises:
        RnnbenchError: when the file is damaged, cut short, or of another rate or format; names it.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            form = (file.getnchannels(), 8 * file.getsampwidth(), file.getframerate())
            promised = file.getnframes()
            body = file.readframes(promised)
    except (wave.Error, EOFError) as error:
        raise RnnbenchError(f"{where} is not a readable .wav file ({error}); get it again") from error
    if form != (1, 16, rate):
        raise RnnbenchError(f"{where} has (channels, bits, rate) {form}, not {(1, 16, rate)}; get it again")
    if not promised or len(body) != 2 * promised:
        raise RnnbenchError(f"{where} is cut short: {len(body) // 2} of {promised} samples; get it again")
    return np.frombuffer(body, "<i2").astype(np.int16)


def left_padded(samples: Samples, length: int, where: str) -> Samples:
    """The sound as a clip of ``length`` samples, with silence before it.

    Raises:
        RnnbenchError: when the sound is longer than the clip: nothing is cut.
    """
    if len(samples) > length:
        raise RnnbenchError(f"{where} has {len(samples)} samples, more than the {length} of a clip")
    return np.concatenate([np.zeros(length - len(samples), np.int16), samples])


def frames_of(length: int, rate: int) -> int:
    """The number of frames of ``length`` samples; the last frame is filled up with zeros."""
    window, step = _sizes(rate)
    return 1 + max(0, -(-(length - window) // step))


def log_mel(samples: Samples, rate: int) -> Features:
    """The logarithms of the energies in 32 bands of the mel scale.

    Args:
        samples: [n] int16.
        rate: samples per second.

    Returns:
        [frames, 32].
    """
    window, step = _sizes(rate)
    signal = samples.astype(np.float64)
    signal = np.append(signal[0], signal[1:] - _PRE_EMPHASIS * signal[:-1])
    count = frames_of(len(signal), rate)
    signal = np.append(signal, np.zeros((count - 1) * step + window - len(signal)))
    frames = np.lib.stride_tricks.sliding_window_view(signal, window)[::step] * np.hamming(window)
    power = np.abs(np.fft.rfft(frames, _TRANSFORM)) ** 2 / _TRANSFORM
    logs: Features = (np.rint(np.log(power @ filter_bank(rate).T + _FLOOR) / _GRID) * _GRID).astype(np.float32)
    return logs


@cache
def filter_bank(rate: int) -> Floats:
    """Triangular filters [32, 257], corners evenly spaced in mel, 2595 log10(1 + f / 700), and rounded to bins."""
    corners = _corners(rate)
    bins = np.arange(_TRANSFORM // 2 + 1)
    bank = np.zeros((FILTERS, len(bins)))
    for i, (low, centre, high) in enumerate(zip(corners, corners[1:], corners[2:], strict=False)):
        rising, falling = (low <= bins) & (bins < centre), (centre <= bins) & (bins < high)
        bank[i, rising] = (bins[rising] - low) / (centre - low)
        bank[i, falling] = (high - bins[falling]) / (high - centre)
    return bank


def _corners(rate: int) -> Floats:
    top = 2595 * np.log10(1 + rate / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, top, FILTERS + 2) / 2595) - 1)
    found: Floats = np.floor((_TRANSFORM + 1) * hertz / rate)
    return found


def _sizes(rate: int) -> tuple[int, int]:
    """The samples of a window and of a step."""
    return round(_WINDOW_S * rate), round(_STEP_S * rate)
