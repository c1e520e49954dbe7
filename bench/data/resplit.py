"""Deals the training and validation sequences of a data set anew; the test set is never touched."""

from __future__ import annotations

import dataclasses
import hashlib

import torch
from torch import Tensor

from bench.data.dataset import Dataset, Split, fingerprint
from bench.errors import RnnbenchError


def joined(data: Dataset) -> Dataset:
    """Returns the data set with its validation sequences in the training split, and none in validation."""
    whole = _both(data)
    none = torch.zeros(0, dtype=torch.int64)
    return _dealt(data, whole, _pick(whole, none))


def folded(data: Dataset, fold: int, folds: int) -> Dataset:
    """Returns the data set with one fold of its training and validation groups in validation, the others in training.

    Groups are ordered by the sha256 of ``"{name}/{group}"`` and dealt in turn, so that no library or seed can change
    the folds, and their sizes differ by one group at most.

    Raises:
        RnnbenchError: when there are fewer groups than folds, or a class would have no training sequence.
    """
    whole = _both(data)
    groups = sorted(set(whole.group.tolist()))
    if len(groups) < folds:
        raise RnnbenchError(
            f"{data.info.name} has {len(groups)} groups to train and validate on: split.folds can be at most that"
        )
    groups.sort(key=lambda group: hashlib.sha256(f"{data.info.name}/{group}".encode()).digest())
    held = torch.isin(whole.group, torch.tensor(groups[fold::folds]))
    train, validation = (_pick(whole, mask.nonzero().flatten()) for mask in (~held, held))
    if missing := set(range(data.info.classes)) - set(train.y.tolist()):
        raise RnnbenchError(
            f"{data.info.name}: fold {fold} of {folds} holds all training sequences of "
            f"class {data.class_names[min(missing)]}: choose other split.folds"
        )
    return _dealt(data, train, validation)


def _both(data: Dataset) -> Split:
    parts = (data.train, data.validation)
    return Split(*(torch.cat([getattr(part, name) for part in parts]) for name in ("x", "lengths", "y", "group")))


def _pick(split: Split, chosen: Tensor) -> Split:
    return Split(split.x[chosen], split.lengths[chosen], split.y[chosen], split.group[chosen])


def _dealt(data: Dataset, train: Split, validation: Split) -> Dataset:
    """Returns the data set with these splits, every channel normalised by the training sequences that it has now."""
    test, normalisation = data.test, data.normalisation
    if data.info.vocabulary is None:
        mean, deviation = _statistics(train)
        train, validation, test = (_normalised(split, mean, deviation) for split in (train, validation, test))
        if normalisation is not None:
            normalisation = normalisation.then(mean.tolist(), deviation.tolist())
    mark = fingerprint({"train": train, "validation": validation, "test": test})
    return Dataset(data.info, train, validation, test, mark, data.class_names, normalisation, data.words)


def _live(split: Split) -> Tensor:
    """Returns which frames are before the end of their sequence: [N, T, 1]."""
    return (torch.arange(split.x.shape[1]) < split.lengths[:, None])[..., None]


def _statistics(train: Split) -> tuple[Tensor, Tensor]:
    """Returns mean and (population) standard deviation of every channel over all frames; 1 for a constant channel."""
    x, live = train.x.double(), _live(train)
    count = live.sum()
    mean = (x * live).sum(dim=(0, 1)) / count
    deviation = (((x - mean) ** 2 * live).sum(dim=(0, 1)) / count).sqrt()
    return mean, torch.where(deviation > 1e-7, deviation, 1.0)


def _normalised(split: Split, mean: Tensor, deviation: Tensor) -> Split:
    return dataclasses.replace(split, x=(((split.x.double() - mean) / deviation) * _live(split)).float())
