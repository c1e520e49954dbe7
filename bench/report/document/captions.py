"""What many captions of the document explain in the same words, said once before them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

_OFTEN = 4
"""Captions that must say the same before it is said once for all."""
_SENTENCES = re.compile(r"(?<=\.) (?=[A-Z0-9]|ms:|min:)")
_TERMS = (
    *("KB", "Accuracy of an int8 model", "Underlined", "Bold", "Rank", "T", "Error"),
    *("Filled", "Bars", "Line"),
)
"""With what sentences begin that explain a word or a mark, which means the same in every table or figure."""


def repeated(captions: Iterable[str]) -> tuple[str, ...]:
    """Returns the explanations to be said once: of each term the one that most captions have, if they are many."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for caption in captions:
        for sentence in _SENTENCES.split(caption):
            if (term := sentence.partition(": ")[0]) in _TERMS:
                found[term][sentence] += 1
    most = (found[term].most_common(1)[0] for term in _TERMS if term in found)
    return tuple(sentence for sentence, often in most if often >= _OFTEN)


def shorter(caption: str, said: Collection[str]) -> str:
    """Returns a caption without the sentences that were said before."""
    return " ".join(sentence for sentence in _SENTENCES.split(caption) if sentence not in said)
