"""Windows of a text: contiguous, complete, in order; and what is refused."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
import torch
from tiny_texts import tiny_text

from bench.errors import RnnbenchError
from bench.train.chunks import Chunks
from bench.train.language.text import Windows, check


@pytest.mark.parametrize("seed", [None, 4])
@pytest.mark.parametrize(("words", "rows", "bptt"), [(1000, 4, 10), (1003, 4, 7), (101, 1, 100), (64, 16, 3)])
def test_the_rows_of_a_pass_are_the_text(words: int, rows: int, bptt: int, seed: int | None) -> None:
    stream = torch.arange(words, dtype=torch.int32)
    windows = list(Windows(stream, rows, bptt, seed))
    each = words // rows
    for row in range(rows):
        own = stream[row * each : (row + 1) * each].long()
        assert torch.equal(torch.cat([window.x[:, row] for window in windows]), own[:-1])
        assert torch.equal(torch.cat([window.y[:, row] for window in windows]), own[1:])
    assert [window.first for window in windows] == [True, *[False] * (len(windows) - 1)]
    assert windows[0].passed == 0
    assert all(one.passed < other.passed < 1 for one, other in itertools.pairwise(windows))


def test_the_rate_follows_the_length_where_lengths_vary() -> None:
    stream = torch.zeros(20_000, dtype=torch.int32)
    varied = list(Windows(stream, 2, 20, seed=1))
    assert len({len(window.x) for window in varied}) > 5
    assert all(window.rate == len(window.x) / 20 for window in varied)
    assert {window.rate for window in Windows(stream, 2, 21)} == {1.0}


def test_every_pass_has_lengths_of_its_own_drawn_from_the_seed() -> None:
    def passes(seed: int) -> list[list[int]]:
        windows = Windows(torch.zeros(5000, dtype=torch.int32), 2, 20, seed)
        return [[len(window.x) for window in windows] for _ in range(2)]

    assert passes(1) == passes(1)
    assert passes(1) != passes(2)
    assert passes(1)[0] != passes(1)[1]


def test_chunks_are_the_windows_in_order() -> None:
    stream = torch.arange(1000, dtype=torch.int32)
    plain = [window.x for window in Windows(stream, 2, 9)]
    chunks = list(Chunks(Windows(stream, 2, 9), 4))
    assert {len(chunk) for chunk in chunks[:-1]} == {4}
    together = [window.x for chunk in chunks for window in chunk]
    assert all(torch.equal(one, other) for one, other in zip(plain, together, strict=True))


@pytest.mark.parametrize(("words", "rows"), [(100, 20), (100, 1), (3, 5)])
def test_a_window_longer_than_a_row_is_refused_with_the_numbers(words: int, rows: int) -> None:
    with pytest.raises(RnnbenchError, match=rf"bptt is 100, but {words} words in {rows} rows leave") as error:
        Windows(torch.zeros(words, dtype=torch.int32), rows, 100)
    assert "lower language.bptt or train.batch_size" in str(error.value)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_split_with_nothing_to_predict_is_refused(split: str) -> None:
    with pytest.raises(RnnbenchError, match=f"the {split} split has 1 words, too few"):
        check(dataclasses.replace(tiny_text(), **{split: torch.zeros(1, dtype=torch.int32)}))


@pytest.mark.parametrize("word", [-1, 7])
def test_an_id_outside_the_vocabulary_is_refused(word: int) -> None:
    corpus = tiny_text()
    corpus.test[5] = word
    with pytest.raises(RnnbenchError, match=f"test split holds id {word}, which is none of 7 words"):
        check(corpus)
