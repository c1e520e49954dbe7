"""The error that a user can correct, and hints for misspelt words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RnnbenchError(Exception):
    """An error that the user can correct; the command line prints its text, a single line, and exits with code 2."""


def nearest(word: object, known: Iterable[str]) -> str:
    """A hint for a misspelt word: ``"; did you mean 'x'?"``, or the list of known words."""
    names = sorted(known)
    return guess(word, names) or (f"; there is: {', '.join(names)}" if names else "")


def guess(word: object, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` for a misspelt word, or ``""`` where none is like it."""
    close = difflib.get_close_matches(str(word), sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
