"""Words of a text, sentences, and ids of words for classification."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from bench.data.normalise import Array

NUMBER = "N"
UNKNOWN_ID = 1
"""The id of a word that is not in the vocabulary; words have ids from 2, the padding has 0."""

# A word: letters, with apostrophes inside; a number: digits, with commas and points.
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*|[0-9][0-9,.]*")
_QUOTES = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")

_TITLES = "Mr Mrs Ms Messrs Dr St Hon Gen Col Maj Brig Capt Lieut Prof Rev Gov Sen No"
_ABBREVIATIONS = frozenset([*_TITLES.split(" "), *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"])
# An end: a full stop and what closes after it, blanks, and then what a sentence can begin with.
_END = re.compile(r"""[.!?]["')\]]*\s+(?=["'(\[$]*[A-Z0-9])""")
_LAST_WORD = re.compile(r"\w+\Z")


def words(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation; every number is :data:`NUMBER`."""
    found = _WORD.findall(text.translate(_QUOTES).lower())
    return [NUMBER if word[0].isdigit() else word for word in found]


def sentences(text: str) -> list[str]:
    """A text cut after ``.``, ``!`` and ``?`` before a capital letter or a digit, not after an abbreviation."""
    text = text.translate(_QUOTES)
    cut, start = [], 0
    for end in _END.finditer(text):
        if end[0][0] == ".":
            last = _LAST_WORD.search(text, max(0, end.start() - 10), end.start())
            if last and last[0] in _ABBREVIATIONS:
                continue
        cut.append(text[start : end.end()])
        start = end.end()
    return [*cut, text[start:]]


def vocabulary(texts: Iterable[Sequence[str]], size: int) -> dict[str, int]:
    """The ids of the ``size - 1`` most frequent words, from 2 on; ties in order of the alphabet.

    Args:
        texts: of the training split.
        size: ids in all, that of unknown words included.
    """
    counts = Counter(word for text in texts for word in text)
    kept = sorted(counts, key=lambda word: (-counts[word], word))[: size - 1]
    return {word: i for i, word in enumerate(kept, start=UNKNOWN_ID + 1)}


def ids(text: Sequence[str], known: dict[str, int]) -> Array:
    """[length] int32: the ids of the words of a text."""
    return np.array([known.get(word, UNKNOWN_ID) for word in text], dtype=np.int32)
