"""Splits a text into words and sentences."""

from __future__ import annotations

import re

NUMBER = "N"
UNKNOWN_ID = 1
"""The id of a word outside the vocabulary; words have ids from 2, the padding has 0."""
NAMED = ("<pad>", "<unk>")
"""The names of those two."""

# A word: letters, with apostrophes inside; a number: digits, with commas and points.
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*|[0-9][0-9,.]*")
_QUOTES = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")

_TITLES = "Mr Mrs Ms Messrs Dr St Hon Gen Col Maj Brig Capt Lieut Prof Rev Gov Sen No"
_ABBREVIATIONS = frozenset([*_TITLES.split(" "), *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"])
# An end: a full stop and what closes after it, blanks, and then what a sentence can begin with.
_END = re.compile(r"""[.!?]["')\]]*\s+(?=["'(\[$]*[A-Z0-9])""")
_LAST_WORD = re.compile(r"\w+\Z")


def words(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation; every number becomes :data:`NUMBER`."""
    return [NUMBER if word[0].isdigit() else word for word in _WORD.findall(text.translate(_QUOTES).lower())]


def sentences(text: str) -> list[str]:
    """Cuts a text after ``.``, ``!`` or ``?`` before a capital letter or a digit, but not after an abbreviation."""
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
