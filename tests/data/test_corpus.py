"""Vocabulary and streams of words, by hand."""

from __future__ import annotations

import dataclasses

import pytest

from bench.data import infos
from bench.data.corpus import build_corpus, vocabulary
from bench.errors import RnnbenchError

TEXT = dataclasses.replace(infos()["ptb"], name="text", counts=None)


def test_the_vocabulary_is_the_training_text_s() -> None:
    lines = [["b", "a", "a"], ["c", "b"], ["a"]]
    # a 3, <eos> 3 (a line each), b 2, c 1; the unknown takes a place, too
    assert vocabulary(lines) == ("a", "<eos>", "b", "c")
    assert vocabulary(lines, 4) == ("a", "<eos>", "b", "<unk>")
    info = dataclasses.replace(TEXT, vocabulary=4)
    corpus = build_corpus(info, lines, [["c"]], [["a"]], vocabulary(lines))
    assert corpus.validation.tolist() == [3, 1]


def test_a_closed_vocabulary_refuses_a_new_word() -> None:
    info = dataclasses.replace(TEXT, vocabulary=2)
    with pytest.raises(RnnbenchError, match="'z' of the test split is not in the vocabulary"):
        build_corpus(info, [["a"]], [["a"]], [["z"]], ("a", "<eos>"))
    with pytest.raises(RnnbenchError, match="3 different words, not 2"):
        build_corpus(info, [["a"]], [["a"]], [["a"]], ("a", "<eos>", "b"))
