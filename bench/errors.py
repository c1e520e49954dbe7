"""What went wrong, in one line that says what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RnnbenchError(Exception):
    """A fault that the user can mend. Its text is one line; the command line prints it and exits with code 2."""


def nearest(word: object, known: Iterable[str]) -> str:
    """A hint for a misspelt word: ``"; did you mean 'x'?"``, or what there is."""
    names = sorted(known)
    close = difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there is: {', '.join(names)}" if names else ""
