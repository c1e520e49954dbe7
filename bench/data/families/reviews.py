"""Reviews with stars, as ids of words: what the sets made of CSV files of reviews have in common."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
from collections.abc import Iterator, Sequence

import numpy as np

from bench.data.dataset import DatasetInfo, RawSplit
from bench.data.families.text import UNKNOWN_ID, words
from bench.data.normalise import Array
from bench.data.tree import Tree
from bench.errors import RnnbenchError

WIDTH = 128
"""Of the embedding, as in the FastGRNN paper (Appendix B)."""
STARS = ("1", "2", "3", "4", "5")


def rows(tree: Tree, name: str, columns: int) -> Iterator[list[str]]:
    """The rows of a CSV file; a quoted field may hold newlines.

    Args:
        tree: that holds the file.
        name: of the file.
        columns: that each row must have.

    Raises:
        RnnbenchError: when the file is missing, not UTF-8, or no such table; names it and the line.
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
    """The class of a rating of 1 to 5 stars.

    Raises:
        RnnbenchError: when it is none.
    """
    if text not in STARS:
        raise RnnbenchError(f"{where}: {text!r} is not 1 to 5 stars; get it again")
    return int(text) - 1


class Collector:
    """Texts as ids, given in order of appearance until the vocabulary is known: one pass over a large file.

    Args:
        limit: of words; what a longer text has after them is left out.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self._ids: dict[str, int] = {}

    def add(self, text: str) -> Array:
        """[length] int32; empty when the text has no word."""
        found = words(text)[: self.limit]
        return np.array([self._ids.setdefault(word, len(self._ids)) for word in found], dtype=np.int32)

    def remapped(self, parts: Sequence[RawSplit], size: int) -> list[RawSplit]:
        """The splits with the ids of the ``size - 1`` most frequent words of the first, the training split.

        Ties go to the word that came first. :data:`UNKNOWN_ID` is for all others.
        """
        counts = np.zeros(len(self._ids), dtype=np.int64)
        for text in parts[0].sequences:
            np.add.at(counts, text, 1)
        kept = np.argsort(-counts, kind="stable")[: size - 1]
        new = np.full(len(counts), UNKNOWN_ID, dtype=np.int32)
        new[kept] = np.arange(UNKNOWN_ID + 1, UNKNOWN_ID + 1 + len(kept))
        return [dataclasses.replace(part, sequences=[new[text] for text in part.sequences]) for part in parts]


def order(salt: str, count: int) -> list[int]:
    """The numbers below ``count`` in an order that no library or seed can change."""
    return sorted(range(count), key=lambda i: hashlib.sha256(f"{salt}/{i}".encode()).digest())


def info(
    name: str,
    title: str,
    steps: int,
    vocabulary: int,
    about: str,
    protocol: str,
    licence: str,
    citation: str,
    source: str,
    counts: tuple[int, int, int],
) -> DatasetInfo:
    """What is known of a set of reviews."""
    return DatasetInfo(
        name=name,
        title=title,
        task="classification",
        metric="accuracy",
        higher_is_better=True,
        steps=steps,
        features=WIDTH,
        classes=len(STARS),
        about=about,
        protocol=protocol,
        licence=licence,
        citation=citation,
        source=source,
        sample_hz=None,
        vocabulary=vocabulary,
        counts=counts,
    )
