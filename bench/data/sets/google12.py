"""Ten commands, the unknown and silence from Speech Commands v0.01: the FastGRNN paper's Google-12.

The paper's counts are those of TensorFlow's ``input_data`` recipe, which adds to the clips of the ten words a tenth of
their number, rounded up, as clips of other words, and as much again as pieces of the background noise:
18,538 + 2 x 1,854 = 22,246 in training, 2,567 + 2 x 257 = 3,081 in test. That recipe draws clips and pieces by a random
generator; here they are drawn by sha256.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from pathlib import Path

import numpy as np

from bench.data.catalogue import Recipe
from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build, wrong
from bench.data.families import keywords
from bench.data.families.audio import Samples, log_mel, read_wav
from bench.data.families.keywords import COMMANDS, NOISE, PARTS, RATE, SECOND, Clip, Part
from bench.data.splits import without_repeats
from bench.data.tree import Tree, open_tree

CLASSES = (*COMMANDS, "_silence_", "_unknown_")
_SILENCE, _UNKNOWN = len(COMMANDS), len(COMMANDS) + 1
_ADDED = 0.1
# The stretch of a noise file from which a part's pieces are cut: no sample of noise is in two parts.
_STRETCH: dict[Part, tuple[float, float]] = {"training": (0.0, 0.8), "validation": (0.8, 0.9), "testing": (0.9, 1.0)}

_INFO = keywords.ClipsInfo(
    name="google12",
    title="Google-12",
    classes=len(CLASSES),
    about="ten spoken commands, other words and background noise in a second, 32 log-mel energies every 10 ms",
    protocol="by speaker, official hash rule; a tenth of unknown and of silence; repeats are dropped from training",
    source=keywords.archive("0.01"),
    counts=(22_246, 3_093, 3_081),  # training and test as in Table 1 of the paper; validation unverified
)


def read(path: Path, info: DatasetInfo = _INFO) -> Dataset:
    """The data set from the published tree or archive.

    Raises:
        RnnbenchError: when the tree is incomplete or damaged.
    """
    tree = open_tree(path).at("validation_list.txt")
    chosen = _chosen(keywords.clips(tree))
    parts = keywords.split(tree, chosen)
    noise = _noise(tree, info)
    first = max(int(part.group.max(initial=0)) for part in parts) + 1
    for i, part in enumerate(PARTS):
        count = _added(chosen, part)
        pieces = [log_mel(piece(noise, part, k), RATE) for k in range(count)]
        parts[i] = RawSplit(
            [*parts[i].sequences, *pieces],
            np.append(parts[i].y, np.full(count, _SILENCE)),
            np.append(parts[i].group, np.full(count, first + i)),
        )
    keywords.check_counts(info.name, parts, info.counts)
    train, validation, test = without_repeats(parts)
    return build(dataclasses.replace(info, counts=None), train, validation, test, CLASSES)


def _added(chosen: list[tuple[Clip, int]], part: Part) -> int:
    return math.ceil(sum(clip.part == part and label < _SILENCE for clip, label in chosen) * _ADDED)


def _chosen(clips: list[Clip]) -> list[tuple[Clip, int]]:
    """The clips of the commands, and from every part the first of the others by the sha256 of their names."""
    chosen = [(clip, COMMANDS.index(clip.word)) for clip in clips if clip.word in COMMANDS]
    others = [clip for clip in clips if clip.word not in COMMANDS]
    others.sort(key=lambda clip: hashlib.sha256(f"google12/{clip.name}".encode()).digest())
    for part in PARTS:
        mine = [clip for clip in others if clip.part == part]
        chosen += [(clip, _UNKNOWN) for clip in mine[: _added(chosen, part)]]
    return chosen


def _noise(tree: Tree, info: DatasetInfo) -> list[Samples]:
    names = [name for name in tree.names if name.startswith(f"{NOISE}/") and name.endswith(".wav")]
    if not names:
        raise wrong(info.name, f"{tree.where} has no {NOISE}/*.wav, from which silence is cut")
    noise = [read_wav(tree.read(name), RATE, f"{name} in {tree.where}") for name in names]
    for name, samples in zip(names, noise, strict=True):
        if len(samples) < 10 * (SECOND + 1):
            raise wrong(info.name, f"{name} in {tree.where} is too short to be cut into three parts")
    return noise


def piece(noise: list[Samples], part: Part, number: int) -> Samples:
    """A second of noise; its place and its volume, 0 to 1, are drawn by the sha256 of the part and the number."""
    source = noise[number % len(noise)]
    low, high = (round(edge * len(source)) for edge in _STRETCH[part])
    drawn = hashlib.sha256(f"google12/{part}/{number}".encode()).digest()
    start = low + int.from_bytes(drawn[:8], "big") % (high - low - SECOND + 1)
    volume = int.from_bytes(drawn[8:16], "big") / 2**64
    second: Samples = np.rint(source[start : start + SECOND] * volume).astype(np.int16)
    return second


RECIPE = Recipe(_INFO, keywords.source("0.01"), read)
