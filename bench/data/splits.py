"""How sequences are cut and who goes to which side. Fixed rules: no random numbers, no seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.data.dataset import RawSplit
from bench.data.normalise import Array

Ints = npt.NDArray[np.int64]


def windows(series: Array, length: int, step: int) -> list[Array]:
    """Every full window of a series, the first at its start; what is left at the end is dropped.

    Args:
        series: [n, D].
        length: of a window, at least 1.
        step: from one start to the next, at least 1.

    Returns:
        ``(n - length) // step + 1`` views [length, D]; none when the series is shorter than a window.
    """
    return [series[start : start + length] for start in range(0, len(series) - length + 1, step)]


def same_bytes(sequences: Sequence[Array]) -> Ints:
    """A group for each sequence: the index of the first one with the same bytes, so that repeats stay together."""
    first: dict[bytes, int] = {}
    digests = [hashlib.sha256(repr(s.shape).encode() + s.tobytes()).digest() for s in sequences]
    return np.array([first.setdefault(digest, i) for i, digest in enumerate(digests)], dtype=np.int64)


def draw(salt: str, y: Array, group: Array, shares: Sequence[float]) -> Ints:
    """Deals groups into parts, class by class, by a rule that no library or seed can change.

    Within each class the groups are ordered by the sha256 of ``"{salt}/{class}/{group}"``. From the front, part 0 takes
    groups until it holds at least its share of the class's sequences, then part 1 its own, and so on; the rest is the
    last part. A group counts to the class of its first sequence.

    Args:
        salt: the name of the data set, so that two sets are not dealt alike.
        y: [N] classes.
        group: [N] groups.
        shares: of the parts but the last, between 0 and 1.

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
    return np.array([part_of[int(each)] for each in group], dtype=np.int64)


def numbered(names: Sequence[str]) -> Ints:
    """A group for each name: its place among the different names in order of the alphabet."""
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def without_repeats(parts: Sequence[RawSplit]) -> list[RawSplit]:
    """The splits without the sequences whose bytes are in a later one, so that a test set stays as published.

    Args:
        parts: training, validation, test.
    """
    kept: list[RawSplit] = []
    seen: set[bytes] = set()
    for split in reversed(parts):
        digests = [hashlib.sha256(each.tobytes()).digest() for each in split.sequences]
        chosen = [i for i, each in enumerate(digests) if each not in seen]
        seen.update(digests)
        kept.append(pick(split, chosen))
    return kept[::-1]


def pick(split: RawSplit, chosen: Sequence[int] | Array) -> RawSplit:
    """Some of the sequences, in the order chosen."""
    at = np.asarray(chosen, dtype=np.int64)
    return RawSplit([split.sequences[i] for i in at], split.y[at], split.group[at])
