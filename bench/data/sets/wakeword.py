"""One word against all others, in clips as long as those of the FastGRNN paper's Wakeword-2, whose data nobody has."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench.data.catalogue import Configurable, Options, Recipe
from bench.data.dataset import Dataset, DatasetInfo, build
from bench.data.families import keywords
from bench.data.families.audio import frames_of
from bench.data.sets import sc6
from bench.data.splits import without_repeats
from bench.data.tree import open_tree
from bench.errors import RnnbenchError, nearest

LENGTH = 26_160
"""The samples of a clip, 1.635 s: 162 full frames, as many as in the paper."""


class Word(Options):
    """Chooses the word that wakes."""

    version: Literal["0.01", "0.02", "sc6"] = "0.02"
    """The version of Speech Commands; ``sc6`` takes the few clips of that set, with five words to choose from."""
    word: str = "marvin"


def read(path: Path, info: DatasetInfo, word: str) -> Dataset:
    """Reads the data set from the published tree or archive; class 1 is the word.

    Raises:
        RnnbenchError: when the tree is incomplete or damaged.
    """
    tree = open_tree(path).at("validation_list.txt")
    chosen = [(clip, int(clip.word == word)) for clip in keywords.clips(tree)]
    train, validation, test = without_repeats(keywords.split(tree, chosen, LENGTH))
    return build(info, train, validation, test, ("other", word))


def read_small(paths: tuple[Path, Path], info: DatasetInfo, word: str) -> Dataset:
    """Reads the data set from the files of SC-6; class 1 is the word.

    Raises:
        RnnbenchError: as :func:`bench.data.sets.sc6.read`.
    """
    label = sc6.CLASSES.index(word)
    clips = sc6.parts(paths, info.name, LENGTH)
    parts = [dataclasses.replace(part, y=(part.y == label).astype(np.int64)) for part in clips]
    return build(info, parts[0], parts[1], parts[2], ("other", word))


def recipe(options: Word) -> Recipe[Any]:
    """The recipe for a word."""
    small = options.version == "sc6"
    known = sc6.CLASSES[:-1] if small else keywords.WORDS[options.version]
    if options.word not in known:
        hint = nearest(options.word, known)
        raise RnnbenchError(f"data set 'wakeword': version {options.version} has no word {options.word!r}{hint}")
    info = keywords.ClipsInfo(
        name="wakeword",
        title=f"Wakeword {options.word} (Speech Commands v{options.version})",
        steps=frames_of(LENGTH, keywords.RATE),
        classes=2,
        metric="f1",  # as the paper reports it
        about=f"the word {options.word} against all others in 1.635 s, 32 log-mel energies every 10 ms",
        source=keywords.archive(options.version),
    )
    if small:
        info = dataclasses.replace(
            info,
            title=f"Wakeword {options.word} (SC-6)",
            protocol=sc6.RECIPE.info.protocol,
            counts=sc6.RECIPE.info.counts,
            source=sc6.RECIPE.info.source,
        )
        return Recipe(info, sc6.SOURCE, lambda paths: read_small(paths, info, options.word))
    return Recipe(info, keywords.source(options.version), lambda path: read(path, info, options.word))


RECIPE = Configurable(Word, recipe)
