"""Reviews: what is kept of a text, of the test set and of every rating."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from layouts import loose, read_yelp
from published import table, write, yelp

from bench.data.sets import reviews5, yelp5
from bench.errors import RnnbenchError


def test_yelp_reads_newlines_and_keeps_the_test_set(tmp_path: Path) -> None:
    data = read_yelp(write(tmp_path, yelp()))
    assert len(data.test) == 50
    assert len(data.train) + len(data.validation) == 199  # one of 200 is in the test set
    assert data.train.x.dtype == torch.int32
    # a word of training has an id from 2 to the size of the vocabulary; what is left is the unknown, 1
    assert int(data.train.x.max()) == 40
    assert (data.train.x > 0).sum() == data.train.lengths.sum()


def test_yelp_is_cut_at_300_words_as_in_the_paper(tmp_path: Path) -> None:
    long = [[str(1 + i % 5), f"w{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10]} " * 400] for i in range(100)]
    path = write(tmp_path, {"train.csv": table(long), "test.csv": table([["1", "one two three"]])})
    data = yelp5.read(path, loose(yelp5._INFO), None)
    assert data.train.x.shape[1] == 300


def test_reviews_are_balanced_and_whole(tmp_path: Path) -> None:
    header = ["", "Clothing ID", "Age", "Title", "Review Text", "Rating", *"abcde"]
    rows = [
        [str(i), "1", "30", "", f"word{'abcdefghij'[i % 10]}\n" * (1 + i // 10), str(1 + i % 5), *"abcde"]
        for i in range(150)
    ]
    rows += [["151", "1", "30", "", "", "5", *"abcde"]]  # no text
    path = write(tmp_path, {"Womens Clothing E-Commerce Reviews.csv": table([header, *rows])})
    data = reviews5.read(path, loose(reviews5._INFO, steps=15), sha1="", per_rating=25)
    every = torch.cat([data.train.y, data.validation.y, data.test.y])
    assert torch.bincount(every).tolist() == [25] * 5
    with pytest.raises(RnnbenchError, match="sha1"):
        reviews5.read(path)
