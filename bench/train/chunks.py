"""Chunks of several batches, which Lightning reads as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any


class Chunks(Iterable[Iterable[Any]]):
    """Batches, some at a time: Lightning's work between two batches costs as much as a small cell's step.

    Args:
        batches: what to read.
        size: batches in a chunk; the last one of a pass may have fewer.
    """

    def __init__(self, batches: Iterable[Any], size: int = 64) -> None:
        self.batches = batches
        self.size = size

    def __len__(self) -> int:
        """Chunks in a pass.

        Raises:
            TypeError: when passes differ in that, which Lightning takes for an answer.
        """
        return -(-len(self.batches) // self.size)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Iterable[Any]]:
        """Yields chunks, each to be used up before the next: a batch is in the caches when it is read.

        Where passes differ in length they are lists, for Lightning then looks a chunk ahead.
        """
        left, lazy = iter(self.batches), hasattr(self.batches, "__len__")
        for first in left:
            rest = islice(left, self.size - 1)
            yield chain([first], rest) if lazy else [first, *rest]
