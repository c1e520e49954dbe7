"""Five commands and the unknown: a subset of Speech Commands v0.01 for training, the official test clips of v0.02."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from bench.data.catalogue import Recipe
from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build, wrong
from bench.data.families import keywords
from bench.data.families.keywords import Clip
from bench.data.normalise import Array
from bench.data.own import Both, Own
from bench.data.splits import numbered, pick
from bench.data.tree import open_tree

CLASSES = ("down", "go", "left", "right", "up", "_unknown_")
_UNKNOWN = len(CLASSES) - 1

_INFO = keywords.ClipsInfo(
    name="sc6",
    title="SC-6",
    classes=len(CLASSES),
    about="five spoken commands and other words in a second, 32 log-mel energies every 10 ms; "
    "430 training clips a class",
    protocol="by speaker, official hash rule; test clips are those of the official test archive of v0.02",
    source="a subset of 2,880 clips of Speech Commands v0.01, and the official test archive of v0.02",
    counts=(2_580, 300, 2_449),
)

_TEST_NAME = "speech_commands_test_set_v0.02"
_TEST_URL = f"http://download.tensorflow.org/data/{_TEST_NAME}.tar.gz"
SOURCE = Both(
    Own(
        title="the subset of Speech Commands v0.01 (2,880 clips: down, go, left, right, up and 20 other words)",
        places=("speech_commands_v0.01_subset", "speech_commands_v0.01"),
        url="http://download.tensorflow.org/data/speech_commands_v0.01.tar.gz",
        how="tar -xzf speech_commands_v0.01.tar.gz, of which this is a selection",
    ),
    Own(
        title="the test archive of Speech Commands v0.02",
        places=(_TEST_NAME, f"{_TEST_NAME}.tar.gz"),
        url=_TEST_URL,
        how=f"curl -fLO {_TEST_URL}",
    ),
)

# The names in the test archive: class/[word_]speaker_nohash_number.wav[.wav]
_TEST_CLIP = re.compile(r"(_unknown_|[a-z]+)/(?:[a-z]+_)?([0-9a-f]{8})_nohash_\d+\.wav(?:\.wav)?")


def read(paths: tuple[Path, Path], info: DatasetInfo = _INFO) -> Dataset:
    """Reads the data set from the two trees or archives.

    Raises:
        RnnbenchError: when a tree is incomplete, damaged, or not the subset.
    """
    train, validation, test = parts(paths, info.name)
    return build(info, train, validation, test, CLASSES)


def parts(paths: tuple[Path, Path], title: str, length: int = keywords.SECOND) -> tuple[RawSplit, RawSplit, RawSplit]:
    """Training, validation and test clips of the six classes, padded to ``length`` samples, grouped by speaker."""
    tree = open_tree(paths[0]).at("validation_list.txt")
    clips = keywords.clips(tree)
    if any(clip.part == "testing" for clip in clips):
        raise wrong(title, f"{tree.where} has testing clips: it is not the subset")
    others = open_tree(paths[1])
    matches = [(name, _TEST_CLIP.fullmatch(name)) for name in others.names]
    tests = [Clip(name, match[1], match[2]) for name, match in matches if match and match[1] in CLASSES]
    group = numbered([clip.speaker for clip in [*clips, *tests]])
    first = keywords.features(tree, [clip.name for clip in clips], length)
    second = keywords.features(others, [clip.name for clip in tests], length)
    known = RawSplit([first[clip.name] for clip in clips], _labels(clips), group[: len(clips)])
    test = RawSplit([second[clip.name] for clip in tests], _labels(tests), group[len(clips) :])
    validating = np.array([clip.part == "validation" for clip in clips])
    return pick(known, np.flatnonzero(~validating)), pick(known, np.flatnonzero(validating)), test


def _labels(clips: list[Clip]) -> Array:
    return np.array([CLASSES.index(c.word) if c.word in CLASSES else _UNKNOWN for c in clips], dtype=np.int64)


RECIPE = Recipe(_INFO, SOURCE, read)
