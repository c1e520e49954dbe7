"""Reads UCI HAR, activities recorded by a phone at the waist; constants that UCI HAPT shares."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build, wrong
from bench.data.normalise import Array
from bench.data.progress import track
from bench.data.splits import parted
from bench.data.tree import Tree, numbers, open_tree

LENGTH, STEP = 128, 64
RATE_HZ = 50.0
ACTIVITIES = ("WALKING", "WALKING_UPSTAIRS", "WALKING_DOWNSTAIRS", "SITTING", "STANDING", "LAYING")
USERS = range(1, 31)
TEST = (2, 4, 9, 10, 12, 13, 18, 20, 24)
# Every fifth of the 21 training users, in order of number.
VALIDATION = tuple([user for user in USERS if user not in TEST][4::5])
PROTOCOL = (
    f"by user: official test users; validation {' '.join(map(str, VALIDATION))}; windows of 128 samples, every 64"
)

INPUTS = (
    "acceleration of the body x, y, z in g, angular velocity x, y, z in rad/s, total acceleration x, y, z in g, each "
    "after a median of 3 samples and a low pass of 20 Hz; the body's is the total without what lies below 0.3 Hz"
)
"""The nine channels of UCI HAR: its README and the names of its files."""

HAR2 = (0, 1, 0, 1, 0, 1)
"""The paper's two classes by activity: 1 is sitting, laying or walking upstairs (its Appendix B)."""

_HAR_FILES = [f"{kind}_{axis}" for kind in ("body_acc", "body_gyro", "total_acc") for axis in "xyz"]


def merged(info: DatasetInfo, name: str, title: str) -> DatasetInfo:
    """The description of the same data with the paper's two classes."""
    about = f"{info.about}; sitting, laying and walking upstairs against the rest"
    return dataclasses.replace(info, name=name, title=title, classes=2, about=about)


def class_names(info: DatasetInfo) -> tuple[str, ...]:
    """The names of the six activities or of the two classes."""
    return ACTIVITIES if info.classes == len(ACTIVITIES) else ("STAND_WALK_DOWN", "SIT_LAY_UP")


def labels(info: DatasetInfo, activity: Array) -> Array:
    """The classes of activities, which are numbered 1 to 6."""
    return activity - 1 if info.classes == len(ACTIVITIES) else np.array(HAR2)[activity - 1]


def read_har(path: Path, info: DatasetInfo, users: Sequence[int] = USERS) -> Dataset:
    """Reads UCI HAR from its tree or archive.

    Raises:
        RnnbenchError: when a file is missing or damaged, or a user is missing.
    """
    tree = open_tree(path).at("train/Inertial Signals/body_acc_x_train.txt")
    train, test = (_har_part(tree, info, part) for part in ("train", "test"))
    for part, split, wanted in (("train", train, set(users) - set(TEST)), ("test", test, set(users) & set(TEST))):
        if missing := wanted ^ set(split.group.tolist()):
            has = "is missing" if min(missing) in wanted else "does not belong there"
            raise wrong(info.name, f"{part}/subject_{part}.txt in {tree.where}: user {min(missing)} {has}")
    validating = np.isin(train.group, VALIDATION)
    return build(info, *parted(train, validating, np.zeros_like(validating))[:2], test, class_names(info))


def _har_part(tree: Tree, info: DatasetInfo, part: str) -> RawSplit:
    names = [f"{part}/Inertial Signals/{name}_{part}.txt" for name in _HAR_FILES]
    signals = []
    for name in track(names, len(names), f"{part} signals"):
        signals.append(numbers(tree.read(name), LENGTH, f"{name} in {tree.where}").astype(np.float32))
    ids = [f"{part}/{name}_{part}.txt" for name in ("y", "subject")]
    activity, user = (numbers(tree.read(name), 1, f"{name} in {tree.where}")[:, 0].astype(np.int64) for name in ids)
    tables: list[Array] = [*signals, activity, user]
    for name, table in zip([*names, *ids], tables, strict=True):
        if len(table) != len(signals[0]):
            raise wrong(info.name, f"{name} in {tree.where} has {len(table)} rows, {names[0]} {len(signals[0])}")
    if not np.isin(activity, range(1, 7)).all():
        raise wrong(info.name, f"{ids[0]} in {tree.where} has an activity that is not 1 to 6")
    return RawSplit(list(np.stack(signals, axis=2)), labels(info, activity), user)
