"""Reads Speech Commands: its files, its split by speaker, and its clips as features.

Reference: P. Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", arXiv:1804.03209.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.data.dataset import DatasetInfo, RawSplit, wrong
from bench.data.families.audio import FILTERS, INPUTS, Features, frames_of, left_padded, log_mel, read_wav
from bench.data.own import Own
from bench.data.progress import track
from bench.data.splits import numbered
from bench.data.tree import Tree

RATE = 16_000
SECOND = RATE
"""The samples of a clip."""
STEPS = frames_of(SECOND, RATE)
NOISE = "_background_noise_"

Version = Literal["0.01", "0.02"]
Part = Literal["training", "validation", "testing"]
PARTS: tuple[Part, Part, Part] = ("training", "validation", "testing")

_OLD = (
    "bed bird cat dog down eight five four go happy house left marvin nine no off on one right seven sheila six stop "
    "three tree two up wow yes zero"
)
WORDS: Mapping[str, tuple[str, ...]] = {
    "0.01": tuple(_OLD.split()),
    "0.02": tuple(sorted([*_OLD.split(), "backward", "forward", "follow", "learn", "visual"])),
}
COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")

_SUMS = {
    "0.01": "743935421bb51cccdb6bdd152e04c5c70274e935c82119ad7faeec31780d811d",
    "0.02": "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
}
_CLIP = re.compile(r"([a-z]+)/((.+)_nohash_\d+\.wav)")


def source(version: str) -> Own:
    """The published archive, or its unpacked tree."""
    name = f"speech_commands_v{version}"
    url = f"http://download.tensorflow.org/data/{name}.tar.gz"
    return Own(
        title=f"Speech Commands v{version}",
        places=(name, f"SpeechCommands/{name}", f"{name}.tar.gz"),
        url=url,
        how=f"curl -fLO {url}",
        sums=((f"{name}.tar.gz", _SUMS[version]),),
        unlike="SUBSET.md",
    )


@dataclass(frozen=True, kw_only=True)
class ClipsInfo(DatasetInfo):
    """Describes a set of spoken words in clips of a second."""

    steps: int = STEPS
    features: int = FILTERS
    protocol: str = "by speaker, official hash rule; a training clip whose bytes are in validation or test is dropped"
    licence: str = "CC BY 4.0"
    citation: str = """@article{warden2018speech,
  author  = {Warden, Pete},
  title   = {Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition},
  journal = {arXiv:1804.03209},
  year    = {2018},
  url     = {https://arxiv.org/abs/1804.03209}
}"""
    sample_hz: float | None = 100.0
    inputs: str = INPUTS
    audio_hz: int | None = RATE


def archive(version: str) -> str:
    """Says in a description where the clips come from."""
    return f"the official archive of Speech Commands v{version}"


def which_part(speaker: str) -> Part:
    """The part that holds all clips of a speaker, by the rule published with the data (10 % and 10 %)."""
    largest = 2**27 - 1
    place = int(hashlib.sha1(speaker.encode(), usedforsecurity=False).hexdigest(), 16) % (largest + 1) * (100 / largest)
    return "validation" if place < 10 else "testing" if place < 20 else "training"


@dataclass(frozen=True)
class Clip:
    """A clip of the published tree."""

    name: str
    word: str
    speaker: str

    @property
    def part(self) -> Part:
        """The part that holds the clip."""
        return which_part(self.speaker)


def clips(tree: Tree) -> list[Clip]:
    """All clips of words, in order of name."""
    matches = [(name, _CLIP.fullmatch(name)) for name in tree.names]
    return [Clip(name, match[1], match[3]) for name, match in matches if match]


def features(tree: Tree, names: Iterable[str], length: int = SECOND) -> dict[str, Features]:
    """The features of clips by name; the clips are read in the order of the archive.

    Args:
        tree: the tree that holds the clips.
        names: the names of the clips.
        length: the samples of a clip; shorter clips are padded on the left.

    Raises:
        RnnbenchError: when a clip is missing, damaged, of another rate, or longer; names it.
    """
    wanted = set(names)
    for name in wanted:
        if name not in tree:
            tree.read(name)  # raises, and says which
    heard = {}
    for name, data in track(tree.items(wanted.__contains__), len(wanted), "clips"):
        where = f"{name} in {tree.where}"
        heard[name] = log_mel(left_padded(read_wav(data, RATE, where), length, where), RATE)
    return heard


def split(tree: Tree, chosen: Sequence[tuple[Clip, int]], length: int = SECOND) -> list[RawSplit]:
    """Training, validation and test split from clips and their classes; a group is a speaker.

    Raises:
        RnnbenchError: as :func:`features`.
    """
    heard = features(tree, [clip.name for clip, _ in chosen], length)
    speakers = dict(zip([clip.name for clip, _ in chosen], numbered([c.speaker for c, _ in chosen]), strict=True))
    parts = []
    for part in PARTS:
        mine = [(clip, label) for clip, label in chosen if clip.part == part]
        parts.append(
            RawSplit(
                [heard[clip.name] for clip, _ in mine],
                np.array([label for _, label in mine], dtype=np.int64),
                np.array([speakers[clip.name] for clip, _ in mine], dtype=np.int64),
            )
        )
    return parts


def check_counts(name: str, parts: Sequence[RawSplit], expected: tuple[int, int, int] | None) -> None:
    """Compares the parts with the published counts, before repeats are dropped.

    Raises:
        RnnbenchError: when they differ: the tree is not complete.
    """
    counts = tuple(len(part.sequences) for part in parts)
    if expected not in (None, counts):
        raise wrong(name, f"{counts} clips in training, validation and test, but {expected} are published")
