"""Cuts series into windows and deals sequences into splits, by fixed rules: no random numbers, no seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.data.dataset import RawSplit
from bench.data.normalise import Array

Ints = npt.NDArray[np.int64]


def windows(series: Array, length: int, step: int) -> list[Array]:
    """Every full window of a series, the first at its start; a remainder at the end is dropped.

    Args:
        series: [n, D].
        length: the length of a window, at least 1.
        step: the distance between two starts, at least 1.

    Returns:
        ``(n - length) // step + 1`` views [length, D]; none when the series is shorter than a window.
    """
    return [series[start : start + length] for start in range(0, len(series) - length + 1, step)]


def same_bytes(sequences: Sequence[Array]) -> Ints:
    """Groups [N] that keep equal sequences together: the index of the first sequence with the same bytes."""
    first: dict[bytes, int] = {}
    digests = [hashlib.sha256(repr(s.shape).encode() + s.tobytes()).digest() for s in sequences]
    return np.array([first.setdefault(digest, i) for i, digest in enumerate(digests)], dtype=np.int64)


def draw(salt: str, y: Array, group: Array, shares: Sequence[float]) -> Ints:
    """Deals groups into parts, class by class, by a rule that no library or seed can change.

    Within a class the groups are ordered by the sha256 of ``"{salt}/{class}/{group}"``. From the front, part 0 takes
    groups until it holds at least its share of the class's sequences, then part 1 does, and so on; the last part takes
    the rest. A group belongs to the class of its first sequence.

    Args:
        salt: the name of the data set, so that two sets are not dealt alike.
        y: [N] classes.
        group: [N] groups.
        shares: the shares of all parts but the last, between 0 and 1.

    Returns:
        [N] parts, from 0 to ``len(shares)``.
    """
    groups, first, members = np.unique(group, return_index=True, return_counts=True)
    part_of: dict[int, int] = {}
    for label in np.unique(y[first]).tolist():
        mine = np.flatnonzero(y[first] == label).tolist()
        mine.sort(key=lambda i: hashlib.sha256(f"{salt}/{label}/{groups[i]}".encode()).digest())
        limits = np.cumsum(shares) * members[mine].sum()
        dealt = 0
        for i in mine:
            # 1e-9: a share such as 0.3 of 10 must not ask for 3.0000000000000004 sequences
            part_of[int(groups[i])] = int(np.searchsorted(limits - 1e-9, dealt, side="right"))
            dealt += int(members[i])
    return np.array([part_of[int(number)] for number in group], dtype=np.int64)


def shuffled(salt: str, count: int) -> list[int]:
    """The numbers below ``count`` in an order that no library or seed can change: by the sha256 of ``"{salt}/{i}"``."""
    return sorted(range(count), key=lambda i: hashlib.sha256(f"{salt}/{i}".encode()).digest())


def numbered(names: Sequence[str]) -> Ints:
    """Groups [N] of names: the place of a name among the distinct names in alphabetical order."""
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def without_repeats(parts: Sequence[RawSplit]) -> list[RawSplit]:
    """The splits without the sequences that a later split repeats, so that the test set stays as published.

    Args:
        parts: training, validation, test.
    """
    kept: list[RawSplit] = []
    seen: set[bytes] = set()
    for split in reversed(parts):
        digests = [hashlib.sha256(sequence.tobytes()).digest() for sequence in split.sequences]
        chosen = [i for i, digest in enumerate(digests) if digest not in seen]
        seen.update(digests)
        kept.append(pick(split, chosen))
    return kept[::-1]


def pick(split: RawSplit, chosen: Sequence[int] | Array) -> RawSplit:
    """The chosen sequences of a split, in the order given."""
    at = np.asarray(chosen, dtype=np.int64)
    return RawSplit([split.sequences[i] for i in at], split.y[at], split.group[at])


def parted(whole: RawSplit, validation: Array, test: Array) -> tuple[RawSplit, RawSplit, RawSplit]:
    """Training, validation and test split by masks [N]; what is in neither mask trains."""
    train, validate, tested = (pick(whole, np.flatnonzero(mask)) for mask in (~(validation | test), validation, test))
    return train, validate, tested
