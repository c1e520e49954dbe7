"""Reads reviews with one to five stars from CSV files, as ids of words."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.data.dataset import DatasetInfo, RawSplit
from bench.data.families.text import NAMED, UNKNOWN_ID, words
from bench.data.normalise import Array
from bench.data.tree import Tree
from bench.errors import RnnbenchError

STARS = ("1", "2", "3", "4", "5")


@dataclass(frozen=True, kw_only=True)
class ReviewInfo(DatasetInfo):
    """Describes a set of reviews; the width of the embedding is the FastGRNN paper's (Appendix B)."""

    features: int = 128
    classes: int = len(STARS)


def rows(tree: Tree, name: str, columns: int) -> Iterator[list[str]]:
    """The rows of a CSV file; a quoted field may hold newlines.

    Args:
        tree: the tree that holds the file.
        name: the name of the file.
        columns: how many fields every row must have.

    Raises:
        RnnbenchError: when the file is missing, not UTF-8, or not such a table; names the file and the line.
    """
    where = f"{name} in {tree.where}"
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(tree.read(name)), encoding="utf-8", newline=""), strict=True)
    try:
        for row in reader:
            if len(row) != columns:
                raise RnnbenchError(f"{where}, line {reader.line_num}: {len(row)} columns, not {columns}; get it again")
            yield row
    except UnicodeDecodeError as error:
        raise RnnbenchError(f"{where}, after line {reader.line_num}: not UTF-8 text ({error.reason})") from error
    except csv.Error as error:
        raise RnnbenchError(f"{where}, line {reader.line_num}: no CSV ({error}); get it again") from error


def star(text: str, where: str) -> int:
    """The class, 0 to 4, of a rating of 1 to 5 stars.

    Raises:
        RnnbenchError: when the text is no such rating.
    """
    if text not in STARS:
        raise RnnbenchError(f"{where}: {text!r} is not 1 to 5 stars; get it again")
    return int(text) - 1


class Collector:
    """Numbers words in order of appearance until the vocabulary is known, so that a large file is read only once.

    Args:
        limit: how many words of a text are kept; all if ``None``.

    Attributes:
        words: by final id, :data:`NAMED` first, once :meth:`remapped` has given them.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.words: tuple[str, ...] = ()
        self._ids: dict[str, int] = {}

    def add(self, text: str) -> Array:
        """Adds a text; returns its ids [length] int32, none if it has no word."""
        kept = words(text)[: self.limit]
        return np.array([self._ids.setdefault(word, len(self._ids)) for word in kept], dtype=np.int32)

    def remapped(self, parts: Sequence[RawSplit], size: int) -> list[RawSplit]:
        """The splits with final ids for the ``size - 1`` most frequent words of the training split, the first.

        Of two words as frequent, the one that appeared first comes first. All other words get :data:`UNKNOWN_ID`.
        """
        counts = np.zeros(len(self._ids), dtype=np.int64)
        for text in parts[0].sequences:
            np.add.at(counts, text, 1)
        kept = np.argsort(-counts, kind="stable")[: size - 1]
        new = np.full(len(counts), UNKNOWN_ID, dtype=np.int32)
        new[kept] = np.arange(UNKNOWN_ID + 1, UNKNOWN_ID + 1 + len(kept))
        seen = list(self._ids)
        self.words = (*NAMED, *(seen[number] for number in kept))
        return [replace(part, sequences=[new[text] for text in part.sequences]) for part in parts]
