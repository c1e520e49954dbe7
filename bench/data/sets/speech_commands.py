"""Speech Commands with any list of its words."""

from __future__ import annotations

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
    """Which words of which version; every other word is left out."""

    version: keywords.Version = "0.02"
    words: tuple[str, ...] = ()
    """Empty for all that the version has."""

    @field_validator("words")
    @classmethod
    def _in_order(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        """Sorted: the same words are the same data. One word alone would leave nothing to tell apart."""
        if len(set(words)) != len(words) or len(words) == 1:
            raise ValueError("words must be different and at least two")
        return tuple(sorted(words))


def read(path: Path, info: DatasetInfo, words: tuple[str, ...]) -> Dataset:
    """The data set from the published tree or archive; a class for each word.

    Raises:
        RnnbenchError: when the tree is incomplete or damaged, or has a word not at all.
    """
    tree = open_tree(path).at("validation_list.txt")
    chosen = [(clip, words.index(clip.word)) for clip in keywords.clips(tree) if clip.word in words]
    parts = keywords.split(chosen, keywords.features(tree, [clip.name for clip, _ in chosen]))
    keywords.check_counts(info.name, parts, info.counts)
    train, validation, test = without_repeats(parts)
    return build(_uncounted(info), train, validation, test, words)


def _uncounted(info: DatasetInfo) -> DatasetInfo:
    return DatasetInfo(**{**info.__dict__, "counts": None})


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
    info = keywords.info(
        _NAME,
        title,
        len(words),
        f"one of {len(words)} spoken words in a second, 32 log-mel energies every 10 ms",
        "by speaker, official hash rule; a training clip whose bytes are in validation or test is dropped",
        options.version,
    )
    return Recipe(info, keywords.source(options.version), lambda path: read(path, info, words))


RECIPE = Configurable(Words, recipe)
