"""The types of a data set; checking, padding, normalising and fingerprinting it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.data.normalise import Array, Normalisation, channel_statistics, normalised, padded
from bench.errors import RnnbenchError

if TYPE_CHECKING:
    from torch import Tensor

PADDING = 0
"""The id after the end of a text; no word has it."""


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """Describes a data set without opening it.

    Sets that share more than the defaults here derive a class with defaults of its own (``families/``).

    Attributes:
        name: the name in configurations.
        title: the name in tables.
        task: ``"classification"`` or ``"language-modelling"``.
        metric: the quantity that is reported; epochs are chosen by the task's own, accuracy, also where it is ``"f1"``.
        higher_is_better: which way the metric points.
        steps: T, the length of the longest sequence.
        features: D; for texts, the width of the embedding that the network learns.
        classes: the number of classes; for a text to be modelled, of words.
        about: one line that describes the data.
        protocol: one line that says how the data is split.
        licence: the licence of the data.
        citation: BibTeX.
        source: where the files come from, with their version.
        sample_hz: time steps per second; ``None`` when unknown.
        inputs: what the features of a step are, in their order, before they are normalised, as who builds a sensor must
            know it; empty where nobody says.
        vocabulary: for texts, how many words have an id; ``None`` for numbers.
        audio_hz: samples a second of the audio whose log-mel energies (``families/audio``) the features are; ``None``
            where they are others.
        frames: how many frames of that audio a step holds.
        counts: sequences in training, validation and test (words, for a text to be modelled); ``None`` when they
            depend on the user's files.
    """

    name: str
    title: str
    task: str = "classification"
    metric: str = "accuracy"
    higher_is_better: bool = True
    steps: int
    features: int
    classes: int
    about: str
    protocol: str
    licence: str
    citation: str
    source: str
    sample_hz: float | None = None
    inputs: str = ""
    vocabulary: int | None = None
    audio_hz: int | None = None
    frames: int = 1
    counts: tuple[int, int, int] | None = None

    @property
    def epoch_steps(self) -> int:
        """Time steps of all training sequences together; of one sequence where their number is unknown."""
        return self.steps * (self.counts[0] if self.counts else 1)


@dataclass(frozen=True)
class Split:
    """N sequences, ready for training.

    Attributes:
        x: [N, T, D] float32, z-normalised, zero after the end of each sequence; for texts [N, T] int32, ids of words,
            :data:`PADDING` after the end.
        lengths: [N] int64, from 1 to T.
        y: [N] int64, classes.
        group: [N] int64, the subject or recording by which the data was split.
    """

    x: Tensor
    lengths: Tensor
    y: Tensor
    group: Tensor

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Dataset:
    """A data set in three splits, no group in two of them.

    Attributes:
        info: the description.
        train: sets the weights and the normalisation.
        validation: selects the epoch and the settings.
        test: is read once.
        fingerprint: sha256 over the names and tensors of the splits, in hexadecimal.
        class_names: the name of every class.
        normalisation: what the numbers of the files went through; ``None`` for words, and where an earlier version
            prepared the set.
        words: of texts, by id; ``None`` for numbers, and where an earlier version prepared the set.
    """

    info: DatasetInfo
    train: Split
    validation: Split
    test: Split
    fingerprint: str
    class_names: tuple[str, ...]
    normalisation: Normalisation | None = None
    words: tuple[str, ...] | None = None

    def majority(self) -> float:
        """Test accuracy of a model that always answers the most frequent class of the training split."""
        answer = self.train.y.bincount(minlength=self.info.classes).argmax()
        return float((self.test.y == answer).double().mean())


@dataclass(frozen=True)
class RawSplit:
    """N sequences as read from a file.

    Attributes:
        sequences: arrays [length, D] in the units of the file; for texts [length], ids of words from 1.
        y: [N] classes.
        group: [N] subjects or recordings.
    """

    sequences: Sequence[Array]
    y: Array
    group: Array


def build(
    info: DatasetInfo,
    train: RawSplit,
    validation: RawSplit,
    test: RawSplit,
    class_names: Sequence[str],
    words: tuple[str, ...] | None = None,
) -> Dataset:
    """Checks three raw splits, normalises and pads them, and takes their fingerprint.

    Every channel is centred and divided by its standard deviation, both over all frames of the training sequences; a
    constant channel is only centred. Padding is left out of the statistics and stays zero.

    Args:
        info: the description, which the splits must fit.
        train: training sequences.
        validation: validation sequences.
        test: test sequences.
        class_names: the name of every class.
        words: of texts, by id.

    Raises:
        RnnbenchError: when the splits do not fit ``info``, a value is not finite, or two splits share a group or a
            sequence.
    """
    raw = {"train": train, "validation": validation, "test": test}
    for name, split in raw.items():
        _check_split(info, name, split)
    _check_all(info, raw, class_names)
    if info.vocabulary is None:
        statistics = channel_statistics(train.sequences)
        arrays = [normalised(split.sequences, info.steps, statistics) for split in raw.values()]
        normalisation = Normalisation(*(tuple(values.tolist()) for values in statistics))
    else:
        normalisation = None
        arrays = [padded(split.sequences, info.steps) for split in raw.values()]
    splits = {name: _finish(split, x) for (name, split), x in zip(raw.items(), arrays, strict=True)}
    names = tuple(class_names)
    return Dataset(
        info, **splits, fingerprint=fingerprint(splits), class_names=names, normalisation=normalisation, words=words
    )


def wrong(name: str, what: str) -> RnnbenchError:
    """The error for a file that this version of rnnbench does not know."""
    return RnnbenchError(f"data set {name}: {what}; its file does not fit this version of rnnbench")


def _check_split(info: DatasetInfo, name: str, split: RawSplit) -> None:
    count = len(split.sequences)
    if not count:
        raise wrong(info.name, f"the {name} split is empty")
    for what, array in (("labels", split.y), ("groups", split.group)):
        if array.shape != (count,) or not np.issubdtype(array.dtype, np.integer):
            raise wrong(info.name, f"{count} {name} sequences, but {what} {array.dtype}{list(array.shape)}")
    if split.y.min() < 0 or split.y.max() >= info.classes:
        raise wrong(
            info.name, f"{name} labels {split.y.min()} to {split.y.max()} are not within 0 to {info.classes - 1}"
        )
    wanted = f"[1 to {info.steps}" + (f", {info.features}]" if info.vocabulary is None else "]")
    for i, sequence in enumerate(split.sequences):
        fits = sequence.shape[1:] == (() if info.vocabulary else (info.features,)) and sequence.ndim
        if not fits or not 1 <= len(sequence) <= info.steps:
            raise wrong(info.name, f"{name} sequence {i} is {list(sequence.shape)}, not {wanted}")
        if info.vocabulary is not None:
            if not PADDING < sequence.min() <= sequence.max() <= info.vocabulary:
                raise wrong(info.name, f"{name} sequence {i} holds a word that is not in the vocabulary")
        elif not np.isfinite(sequence).all():
            raise wrong(info.name, f"{name} sequence {i} holds a value that is not finite")


def _check_all(info: DatasetInfo, raw: dict[str, RawSplit], class_names: Sequence[str]) -> None:
    if len(class_names) != info.classes:
        raise wrong(info.name, f"{len(class_names)} class names for {info.classes} classes")
    untrained = sorted(set(range(info.classes)) - set(raw["train"].y.tolist()))
    if untrained:
        raise wrong(info.name, f"no training sequence of class {class_names[untrained[0]]}")
    counts = tuple(len(split.y) for split in raw.values())
    if info.counts not in (None, counts):
        raise wrong(info.name, f"{counts} sequences in training, validation and test, not {info.counts}")
    longest = max(len(sequence) for split in raw.values() for sequence in split.sequences)
    if longest != info.steps:
        raise wrong(info.name, f"the longest sequence has {longest} steps, not {info.steps}")
    owner: dict[int, str] = {}
    for name, split in raw.items():
        for group in set(split.group.tolist()):
            if owner.setdefault(group, name) != name:
                raise wrong(info.name, f"group {group} is in both {owner[group]} and {name}")
    _check_repeats(info, raw)


def _check_repeats(info: DatasetInfo, raw: dict[str, RawSplit]) -> None:
    owner: dict[bytes, str] = {}
    for name, split in raw.items():
        for i, sequence in enumerate(split.sequences):
            if owner.setdefault(hashlib.sha256(sequence.tobytes()).digest(), name) != name:
                raise wrong(info.name, f"{name} sequence {i} is in another split, too")


def _finish(split: RawSplit, x: Array) -> Split:
    import torch  # here: slow to import, and most commands open no data

    lengths = np.array([len(sequence) for sequence in split.sequences], dtype=np.int64)
    return Split(
        x=torch.from_numpy(x),
        lengths=torch.from_numpy(lengths),
        y=torch.from_numpy(split.y.astype(np.int64)),
        group=torch.from_numpy(split.group.astype(np.int64)),
    )


def fingerprint(splits: dict[str, Split]) -> str:
    """The sha256, in hexadecimal, of the names, shapes and little-endian bytes of the splits, in order."""
    total = hashlib.sha256()
    for name, split in splits.items():
        for field in ("x", "lengths", "y", "group"):
            array: Array = getattr(split, field).numpy()
            total.update(f"{name}.{field}{list(array.shape)}\n".encode())
            total.update(np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False)).data)
    return total.hexdigest()
