"""Seven shoulder exercises from the accelerometer and gyroscope of a smartwatch."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from bench.data.catalogue import Recipe
from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build, wrong
from bench.data.fetch import Wheel
from bench.data.splits import parted, windows
from bench.data.unpickle import read_object_npy

_LENGTH, _STEP = 128, 64

# A single subject validates, since a second would take another seventh of the training data. Subject 1 is typical: when
# the seven are held out in turn, logistic regression on a window's statistics reaches 0.75 to 0.91, and the median,
# 0.85, on subject 1; a GRU reaches 0.64 to 0.86, and 0.86 on subject 1. It also has the most windows (433), so its
# accuracy is the least noisy. The test subjects had no say.
_VALIDATION = (1,)
_TEST = (8, 9, 10)

_INFO = DatasetInfo(
    name="watch7",
    title="Watch-7",
    steps=_LENGTH,
    features=6,
    classes=7,
    about="seven shoulder exercises, smartwatch accelerometer and gyroscope at 50 Hz, 10 subjects, 2.56 s windows",
    protocol="by subject: test 8-10, validation 1, training 2-7; windows of 128 samples, every 64, within a series",
    licence="BSD-3-Clause",
    citation="""@article{burns2018shoulder,
  author  = {Burns, David and Leung, Nathan and Hardisty, Michael and Whyne, Cari and Henry, Patrick
             and McLachlin, Stewart},
  title   = {Shoulder Physiotherapy Exercise Recognition: Machine Learning the Inertial Signals from a Smartwatch},
  journal = {arXiv:1802.01489},
  year    = {2018},
  url     = {https://arxiv.org/abs/1802.01489}
}""",
    source="PyPI seglearn 1.2.5",
    sample_hz=50.0,
    # The package names the channels ax to wz and no units: the norm of the first three is 1 at rest, that of the others
    # 2.4 on average.
    inputs="acceleration x, y, z in g, angular velocity x, y, z in rad/s",
    counts=(2_027, 433, 1_145),
)

_WHEEL = Wheel("seglearn", "1.2.5", "ec6b952c85c9627050102854b372d85951563d3b990df677d7c55547e87413dd")


def read(path: Path) -> Dataset:
    """Reads the data set from seglearn's wheel.

    Raises:
        RnnbenchError: when the wheel does not hold what is expected.
    """
    content = _content(_WHEEL.member(path, "seglearn/data/watch_dataset.npy"))
    cut = [windows(np.asarray(series), _LENGTH, _STEP) for series in content["X"]]
    counts = [len(series) for series in cut]
    subject = np.repeat(content["subject"], counts)
    whole = RawSplit([window for series in cut for window in series], np.repeat(content["y"], counts), subject)
    return build(_INFO, *parted(whole, np.isin(subject, _VALIDATION), np.isin(subject, _TEST)), content["y_labels"])


def _content(data: bytes) -> dict[str, Any]:
    """Reads the dictionary: lists ``X`` and ``y_labels``, arrays ``y`` and ``subject``; an entry is a series."""
    try:
        content = read_object_npy(data)
    except pickle.UnpicklingError as error:
        raise wrong(_INFO.name, str(error)) from error
    if not isinstance(content, dict) or not {"X", "y", "subject", "y_labels"} <= content.keys():
        raise wrong(_INFO.name, "X, y, subject or y_labels is missing")
    if not len(content["X"]) == len(content["y"]) == len(content["subject"]):
        raise wrong(_INFO.name, "X, y and subject differ in length")
    return content


RECIPE = Recipe(_INFO, _WHEEL, read)
