"""A text small enough to model in a second."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from bench.data import Corpus, infos
from bench.data.corpus import build_corpus
from bench.spec import RunSpec, parse

WORDS = ("<eos>", "a", "b", "c", "d", "e", "f")
INFO = dataclasses.replace(infos()["ptb"], title="Tiny text", counts=None, vocabulary=7, classes=7)


def lines(seed: int, count: int) -> list[list[str]]:
    """Letters in the order of the alphabet, each line from where it likes, with some letters left out."""
    rng = np.random.default_rng(seed)
    return [[w for w in WORDS[rng.integers(1, 4) :] if rng.random() < 0.9] for _ in range(count)]


def tiny_text(train: int = 400) -> Corpus:
    """Some 1,600 words to train on; 250 each to validate and test."""
    return build_corpus(INFO, lines(0, train), lines(1, 60), lines(2, 60), WORDS)


def spec(**changes: Any) -> RunSpec:
    """A run on it."""
    raw: dict[str, Any] = {"data": "ptb", "cell": {"name": "fastgrnn", "hidden_size": 8}, **changes}
    made = parse(RunSpec, raw, "test")
    return made
