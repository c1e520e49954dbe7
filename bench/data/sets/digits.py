"""Ten spoken digits as log-mel energies: the recordings of the Free Spoken Digit Dataset."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Literal

import numpy as np

from bench.data.catalogue import Configurable, Options, Recipe
from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build, wrong
from bench.data.families.audio import FILTERS, INPUTS, log_mel, read_wav
from bench.data.own import Own
from bench.data.progress import track
from bench.data.splits import parted
from bench.data.tree import open_tree

_RATE = 8_000
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
# The official test set: takes 0 to 4 of every speaker and digit. As many of the other takes validate.
_TEST, _VALIDATION = range(5), range(5, 10)

_COMMIT = "26eb9aaf76e81b692f806f9140c2d2777410d7a1"
_NAME = "free-spoken-digit-dataset"
_URL = f"https://github.com/Jakobovski/{_NAME}"

_INFO = DatasetInfo(
    name="digits",
    title="Digits",
    steps=227,
    features=FILTERS,
    classes=10,
    about="ten spoken digits, 3,000 recordings of 6 speakers, 32 log-mel energies every 10 ms, 13 to 227 frames",
    protocol="official: takes 0-4 test, 5-9 validate; the speakers are shared between the splits",
    licence="CC BY-SA 4.0",
    citation="""@misc{jackson2016fsdd,
  author = {Jackson, Zohar},
  title  = {Free Spoken Digit Dataset},
  year   = {2016},
  url    = {https://github.com/Jakobovski/free-spoken-digit-dataset}
}""",
    source=f"the repository free-spoken-digit-dataset, commit {_COMMIT[:8]}",
    sample_hz=100.0,
    inputs=INPUTS,
    audio_hz=_RATE,
    counts=(2_400, 300, 300),
)

SOURCE = Own(
    title="the Free Spoken Digit Dataset",
    places=(_NAME, f"{_NAME}-{_COMMIT}", f"{_NAME}-{_COMMIT}.zip"),
    url=_URL,
    how=f"curl -fL -o {_NAME}-{_COMMIT}.zip {_URL}/archive/{_COMMIT}.zip",
)

_FILE = re.compile(r"recordings/(\d)_([a-z]+)_(\d+)\.wav")


class LeftOut(Options):
    """Chooses between the official split, which shares its speakers, and a speaker who only tests."""

    speaker: Literal["george", "jackson", "lucas", "nicolas", "theo", "yweweler"] | None = None


def read(path: Path, info: DatasetInfo = _INFO, speaker: str | None = None) -> Dataset:
    """Reads the data set from a tree or archive of ``recordings/DIGIT_SPEAKER_TAKE.wav``.

    Raises:
        RnnbenchError: when a file is damaged or of another rate; names it.
    """
    tree = open_tree(path).at("recordings/0_george_0.wav")
    files = {name: match for name in tree.names if (match := _FILE.fullmatch(name))}
    if unknown := {match[2] for match in files.values()} - set(SPEAKERS):
        raise wrong(info.name, f"{tree.where} has a speaker {sorted(unknown)[0]!r}")
    heard = {}
    for name, data in track(tree.items(files.__contains__), len(files), "recordings"):
        heard[name] = log_mel(read_wav(data, _RATE, f"{name} in {tree.where}"), _RATE)
    digits, people, takes = zip(*(files[name].groups() for name in sorted(heard)), strict=True)
    take, speakers = np.array(takes, dtype=int), np.array(people)
    whole = RawSplit([heard[name] for name in sorted(heard)], np.array(digits, dtype=int), np.arange(len(heard)))
    if speaker is None:
        test, validation = np.isin(take, _TEST), np.isin(take, _VALIDATION)
    else:
        test = speakers == speaker
        validation = ~test & np.isin(take, _TEST)
    return build(info, *parted(whole, validation, test), [str(digit) for digit in range(10)])


def recipe(options: LeftOut) -> Recipe[Path]:
    """The recipe of a protocol."""
    info = _INFO
    if options.speaker is not None:
        info = dataclasses.replace(
            _INFO,
            title=f"Digits, {options.speaker} left out",
            protocol=f"by speaker: {options.speaker} tests; of the other five takes 0-4 validate, 5-49 train",
            counts=(2_250, 250, 500),
        )
    return Recipe(info, SOURCE, lambda path: read(path, info, options.speaker))


RECIPE = Configurable(LeftOut, recipe)
