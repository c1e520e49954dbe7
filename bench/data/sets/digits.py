"""Ten spoken digits as log-mel energies: the recordings of the Free Spoken Digit Dataset."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Literal

import numpy as np

from bench.data.catalogue import Configurable, Options, Recipe
from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build, wrong
from bench.data.families.audio import FILTERS, log_mel, read_wav
from bench.data.own import Own
from bench.data.progress import track
from bench.data.splits import pick
from bench.data.tree import open_tree

_RATE = 8_000
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
# The official test set is takes 0 to 4 of each speaker and digit; as many of the training takes validate.
_TEST, _VALIDATION = range(5), range(5, 10)

_COMMIT = "26eb9aaf76e81b692f806f9140c2d2777410d7a1"
_NAME = "free-spoken-digit-dataset"
_URL = f"https://github.com/Jakobovski/{_NAME}"

_INFO = DatasetInfo(
    name="digits",
    title="Digits",
    task="classification",
    metric="accuracy",
    higher_is_better=True,
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
    """Which speaker tests and is in no other split; ``None`` for the official split, which shares its speakers."""

    speaker: Literal["george", "jackson", "lucas", "nicolas", "theo", "yweweler"] | None = None


def read(path: Path, info: DatasetInfo = _INFO, speaker: str | None = None) -> Dataset:
    """The data set from a tree or archive of ``recordings/DIGIT_SPEAKER_TAKE.wav``.

    Raises:
        RnnbenchError: when a file is damaged or of another rate; names it.
    """
    tree = open_tree(path).at("recordings/0_george_0.wav")
    found = {name: match for name in tree.names if (match := _FILE.fullmatch(name))}
    sequences, labels = [], []
    for name, data in track(tree.items(found.__contains__), len(found), "recordings"):
        sequences.append((name, log_mel(read_wav(data, _RATE, f"{name} in {tree.where}"), _RATE)))
    sequences.sort()
    labels = [found[name] for name, _ in sequences]
    if unknown := {match[2] for match in labels} - set(SPEAKERS):
        raise wrong(info.name, f"{tree.where} has a speaker {sorted(unknown)[0]!r}")
    takes = np.array([int(match[3]) for match in labels])
    speakers = np.array([SPEAKERS.index(match[2]) for match in labels])
    digit = np.array([int(match[1]) for match in labels])
    every = RawSplit([x for _, x in sequences], digit, np.arange(len(labels)))
    if speaker is None:
        test, validation = np.isin(takes, _TEST), np.isin(takes, _VALIDATION)
    else:
        test = speakers == SPEAKERS.index(speaker)
        validation = ~test & np.isin(takes, _TEST)
    parts = [pick(every, np.flatnonzero(part)) for part in (~test & ~validation, validation, test)]
    return build(info, parts[0], parts[1], parts[2], [str(digit) for digit in range(10)])


def recipe(options: LeftOut) -> Recipe[Path]:
    """The recipe for a protocol."""
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
