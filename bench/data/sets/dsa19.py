"""Nineteen daily and sports activities from fifteen sensors on the body: the FastGRNN paper's DSA-19."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Literal

import numpy as np

from bench.data.catalogue import Configurable, Options, Recipe
from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build, wrong
from bench.data.own import Own
from bench.data.progress import track
from bench.data.splits import parted
from bench.data.tree import numbers, open_tree

_ACTIVITIES, _SUBJECTS, _SEGMENTS = 19, 8, 60
_LENGTH, _CHANNELS = 125, 45
_FILE = re.compile(r"data/a(\d\d)/p(\d)/s(\d\d)\.txt")
_TEST = (5, 6, 7, 8)
_VALIDATION = 4
# The last 12 of the 60 segments of a recording: the paper sets a fifth of the training data aside.
_LATE = 48

_INFO = DatasetInfo(
    name="dsa19",
    title="DSA-19",
    steps=_LENGTH,
    features=_CHANNELS,
    classes=_ACTIVITIES,
    about="nineteen activities of 8 people, 5 units of accelerometer, gyroscope, magnetometer at 25 Hz, 5 s segments",
    protocol="by subject: 5-8 test, 4 validates, 1-3 train",
    licence="CC BY 4.0",
    citation="""@article{altun2010comparative,
  author  = {Altun, Kerem and Barshan, Billur and Tun{\\c{c}}el, Orkun},
  title   = {Comparative Study on Classifying Human Activities with Miniature Inertial and Magnetic Sensors},
  journal = {Pattern Recognition},
  volume  = {43},
  number  = {10},
  pages   = {3605--3620},
  year    = {2010},
  url     = {https://archive.ics.uci.edu/dataset/256}
}""",
    source="the official archive of UCI 256",
    sample_hz=25.0,
    # The files name no units: at rest the norms are 9.8, nearly 0 and .7 to .8; of a leg that runs the second is 3.
    inputs="for torso, right arm, left arm, right leg and left leg in turn: acceleration x, y, z in m/s^2, angular "
    "velocity x, y, z in rad/s, magnetic field x, y, z in the files' own unit",
    counts=(3_420, 1_140, 4_560),
)

SOURCE = Own(
    title="UCI Daily and Sports Activities",
    places=("daily_and_sports_activities", "daily+and+sports+activities.zip"),
    url="https://archive.ics.uci.edu/dataset/256",
    how="curl -fLO https://archive.ics.uci.edu/static/public/256/daily+and+sports+activities.zip",
)


class Protocol(Options):
    """Chooses the split, which neither the publishers nor the paper give."""

    protocol: Literal["subject", "paper"] = "subject"
    """``subject``: 1-3 train, 4 validates. ``paper``: 1-4, of which a fifth validates. In both, 5-8 test."""


def read(path: Path, info: DatasetInfo = _INFO, protocol: str = "subject") -> Dataset:
    """Reads the data set from its tree or archive.

    Raises:
        RnnbenchError: when a segment is missing or damaged; names it.
    """
    tree = open_tree(path).at("data/a01/p1/s01.txt")
    segments = {}
    for name, data in track(tree.items(lambda name: bool(_FILE.fullmatch(name))), len(tree.names), "segments"):
        segment = numbers(data, _CHANNELS, f"{name} in {tree.where}").astype(np.float32)
        if len(segment) != _LENGTH:
            raise wrong(info.name, f"{name} in {tree.where} has {len(segment)} lines, not {_LENGTH}")
        segments[name] = segment
    names = sorted(segments)
    if missing := set(range(1, _SUBJECTS + 1)) - {int(name[10]) for name in names}:
        raise wrong(info.name, f"{tree.where} has no data/a01/p{min(missing)}: subject {min(missing)} is missing")
    if info.counts:
        for a, p, s in np.ndindex(_ACTIVITIES, _SUBJECTS, _SEGMENTS):
            if (name := f"data/a{a + 1:02d}/p{p + 1}/s{s + 1:02d}.txt") not in segments:
                tree.read(name)  # raises, and says which
    key = np.array([list(map(int, match.groups())) for name in names if (match := _FILE.fullmatch(name))])
    activity, subject, segment_number = key.T
    test = np.isin(subject, _TEST)
    if protocol == "subject":
        validation, group = subject == _VALIDATION, subject
    else:
        validation = ~test & (segment_number > _LATE)
        group = 2 * subject + validation  # a person's recordings until then, and from then on
    whole = RawSplit([segments[name] for name in names], activity - 1, group)
    return build(info, *parted(whole, validation, test), [f"A{number}" for number in range(1, _ACTIVITIES + 1)])


def recipe(options: Protocol) -> Recipe[Path]:
    """The recipe of a protocol."""
    info = _INFO
    if options.protocol == "paper":
        info = dataclasses.replace(
            _INFO,
            title="DSA-19 (4,560 train)",
            protocol="by subject: 5-8 test; of 1-4 the last 12 of each recording's 60 segments validate",
            counts=(3_648, 912, 4_560),
        )
    return Recipe(info, SOURCE, lambda path: read(path, info, options.protocol))


RECIPE = Configurable(Protocol, recipe)
