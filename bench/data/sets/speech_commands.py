"""Speech Commands with any list of its words."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from pydantic import field_validator

from bench.data.catalogue import Configurable, Options, Recipe
from bench.data.dataset import Dataset, DatasetInfo, build
from bench.data.families import keywords
from bench.data.splits import without_repeats
from bench.data.tree import open_tree
from bench.errors import RnnbenchError, nearest

_NAME = "speech-commands"
_SHOWN = 4


class Words(Options):
    """Chooses words of a version; every other word is left out."""

    version: keywords.Version = "0.02"
    words: tuple[str, ...] = ()
    """All words of the version when empty."""

    @field_validator("words")
    @classmethod
    def _in_order(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        """Sorts the words, for the same words are the same data; a single word would leave nothing to tell apart."""
        if len(set(words)) != len(words) or len(words) == 1:
            raise ValueError("words must be different and at least two")
        return tuple(sorted(words))


def read(path: Path, info: DatasetInfo, words: tuple[str, ...]) -> Dataset:
    """Reads the data set from the published tree or archive; every word is a class.

    Raises:
        RnnbenchError: when the tree is incomplete or damaged, or lacks a word.
    """
    tree = open_tree(path).at("validation_list.txt")
    chosen = [(clip, words.index(clip.word)) for clip in keywords.clips(tree) if clip.word in words]
    parts = keywords.split(tree, chosen)
    keywords.check_counts(info.name, parts, info.counts)
    train, validation, test = without_repeats(parts)
    return build(dataclasses.replace(info, counts=None), train, validation, test, words)


def recipe(options: Words) -> Recipe[Path]:
    """The recipe for a list of words."""
    known = keywords.WORDS[options.version]
    for word in options.words:
        if word not in known:
            raise RnnbenchError(f"data set {_NAME!r}: v{options.version} has no word {word!r}{nearest(word, known)}")
    words = options.words or known
    title = f"Speech Commands v{options.version}"
    if options.words:
        more = f" +{len(words) - _SHOWN}" if len(words) > _SHOWN else ""
        title += f" ({', '.join(words[:_SHOWN])}{more})"
    info = keywords.ClipsInfo(
        name=_NAME,
        title=title,
        classes=len(words),
        about=f"one of {len(words)} spoken words in a second, 32 log-mel energies every 10 ms",
        source=keywords.archive(options.version),
    )
    return Recipe(info, keywords.source(options.version), lambda path: read(path, info, words))


RECIPE = Configurable(Words, recipe)
