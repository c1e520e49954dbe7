"""What Lightning reads: several batches at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any


class Chunks(Iterable[list[Any]]):
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

    def __iter__(self) -> Iterator[list[Any]]:
        """Yields lists of batches."""
        left = iter(self.batches)
        while chunk := list(islice(left, self.size)):
            yield chunk
