"""Yelp reviews with one to five stars: Zhang's files, not the first million reviews that the FastGRNN paper used."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from bench.data.catalogue import Recipe
from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build, wrong
from bench.data.families.reviews import STARS, Collector, ReviewInfo, rows, star
from bench.data.own import Own
from bench.data.progress import track
from bench.data.splits import draw, pick, same_bytes, without_repeats
from bench.data.tree import Tree, open_tree

_WORDS = 300
_VALIDATION = 0.1
_OFFICIAL = (650_000, 50_000)

_INFO = ReviewInfo(
    name="yelp5",
    title="Yelp-5 (review full)",
    steps=_WORDS,
    vocabulary=20_000,
    about="Yelp reviews with 1 to 5 stars, the first 300 words of each as in the paper, 20,000 words",
    protocol="official test set; a tenth of training validates, drawn by sha256; texts of the test set leave training",
    licence="Yelp's terms forbid passing it on (unverified)",
    citation="""@inproceedings{zhang2015character,
  author    = {Zhang, Xiang and Zhao, Junbo and LeCun, Yann},
  title     = {Character-level Convolutional Networks for Text Classification},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2015},
  url       = {https://arxiv.org/abs/1509.01626}
}""",
    source="Zhang's yelp_review_full_csv",
    counts=(585_000, 65_000, 50_000),
)

_URL = "https://s3.amazonaws.com/fast-ai-nlp/yelp_review_full_csv.tgz"
SOURCE = Own(
    title="Yelp review full (Zhang's CSV files)",
    places=("yelp_review_full_csv", "yelp_review_full_csv.tar.gz", "yelp_review_full_csv.tgz"),
    url=f"{_URL} (address unverified)",
    how=f"curl -fLO {_URL}",
    sums=(("yelp_review_full_csv.tar.gz", "f7ddfafed1033f68ec72b9267863af6c"),),
)


def read(path: Path, info: DatasetInfo = _INFO, official: tuple[int, int] | None = _OFFICIAL) -> Dataset:
    """Reads the data set from ``train.csv`` and ``test.csv``, in a tree or archive.

    Raises:
        RnnbenchError: when a file is missing, damaged, or not the published one.
    """
    tree = open_tree(path).at("train.csv")
    collector = Collector(_WORDS)
    train, test = (
        _part(tree, f"{part}.csv", collector, n) for part, n in zip(("train", "test"), _OFFICIAL, strict=True)
    )
    if official not in (None, (len(train.y), len(test.y))):
        raise wrong(info.name, f"{(len(train.y), len(test.y))} reviews in {tree.where}, not {official}")
    group = same_bytes([*train.sequences, *test.sequences])
    train = dataclasses.replace(train, group=group[: len(train.y)])
    test = dataclasses.replace(test, group=np.arange(len(test.y)) + len(group))
    dealt = draw(info.name, train.y, train.group, (_VALIDATION,))
    parts = without_repeats([*(pick(train, np.flatnonzero(dealt == part)) for part in (1, 0)), test])
    # Without rare words, two texts may be equal that were not.
    parts = without_repeats(collector.remapped(parts, info.vocabulary or 0))
    return build(dataclasses.replace(info, counts=None), parts[0], parts[1], parts[2], STARS, collector.words)


def _part(tree: Tree, name: str, collector: Collector, expected: int) -> RawSplit:
    texts, labels = [], []
    for rating, text in track(rows(tree, name, 2), expected, f"reviews of {name}"):
        # The files write a newline as a backslash and an n. A text without a word would have no step.
        words = collector.add(text.replace("\\n", " "))
        texts.append(words if len(words) else collector.add("none"))
        labels.append(star(rating, f"{name} in {tree.where}"))
    return RawSplit(texts, np.array(labels), np.zeros(len(labels), dtype=np.int64))


RECIPE = Recipe(_INFO, SOURCE, read)
