"""Folds sequences to fewer steps: k consecutive frames become one, as Table 7 of the FastGRNN paper shortens them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from bench.data.dataset import Dataset, DatasetInfo, Split
from bench.data.normalise import Normalisation
from bench.errors import RnnbenchError

KEY = "fold"
"""The option that every data set of numbers takes."""


def checked(info: DatasetInfo, given: Any) -> int:
    """Returns how many frames become one.

    Raises:
        RnnbenchError: when it is no whole number from 1 to the steps of the set, or the set is of words.
    """
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= info.steps:
        raise RnnbenchError(f"data set {info.name!r}, fold: give a whole number from 1 to {info.steps}, not {given!r}")
    if given > 1 and (info.vocabulary is not None or info.task != "classification"):
        raise RnnbenchError(f"data set {info.name!r} is of words, and those cannot be folded: leave `fold` out")
    return given


def folded_info(info: DatasetInfo, count: int) -> DatasetInfo:
    """Describes the set with ``count`` frames in one."""
    if count == 1:
        return info
    steps = -(-info.steps // count)
    hz = None if info.sample_hz is None else info.sample_hz / count
    title, features = f"{info.title}, T {steps}", count * info.features
    inputs = info.inputs and f"{count} samples one after another, each {info.inputs}"
    folded = replace(info, title=title, steps=steps, features=features, sample_hz=hz)
    return replace(folded, inputs=inputs, frames=count * info.frames)


def fold_steps(data: Dataset, count: int) -> Dataset:
    """Returns the data set with ``count`` consecutive frames of [D] in one of [count D], the last filled with zeros.

    A sequence of n steps has ceil(n / count) then.
    """
    if count == 1:
        return data
    train, validation, test = (_fold(split, count) for split in (data.train, data.validation, data.test))
    mark = hashlib.sha256(f"{data.fingerprint} fold {count}".encode()).hexdigest()
    kept = data.normalisation
    normalisation = kept and Normalisation(kept.mean * count, kept.deviation * count)
    return Dataset(folded_info(data.info, count), train, validation, test, mark, data.class_names, normalisation)


def _fold(split: Split, count: int) -> Split:
    N, T, D = split.x.shape
    steps = -(-T // count)
    x = split.x.new_zeros(N, steps * count, D)
    x[:, :T] = split.x
    return replace(split, x=x.reshape(N, steps, count * D), lengths=-(-split.lengths // count))
