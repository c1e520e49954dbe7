"""Reviews of clothes with one to five stars, equally many of every rating."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from bench.data.catalogue import Recipe
from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build, wrong
from bench.data.families.reviews import STARS, Collector, ReviewInfo, rows, star
from bench.data.own import Own
from bench.data.splits import draw, parted, pick, same_bytes, shuffled
from bench.data.tree import open_tree

_FILE = "Womens Clothing E-Commerce Reviews.csv"
_SUM = "608836f17efb15c61ae76210999e71964e332d13"
_COLUMNS, _TEXT, _RATING = 11, 4, 5
# The number of reviews with one star; as many are taken of every other rating.
_PER_RATING = 821
_TEST, _VALIDATION = 0.2, 0.1

_INFO = ReviewInfo(
    name="reviews5",
    title="Reviews-5",
    steps=116,
    vocabulary=5_000,
    about="reviews of women's clothes with 1 to 5 stars, at most 116 words, 821 of each rating, 5,000 words",
    protocol="fixed draw by sha256, stratified by rating; equal texts stay together; nothing is cut",
    licence="CC0 1.0 (unverified)",
    citation="""@misc{brooks2018womens,
  author = {Brooks, Nick},
  title  = {Women's E-Commerce Clothing Reviews},
  year   = {2018},
  url    = {https://www.kaggle.com/datasets/nicapotato/womens-ecommerce-clothing-reviews}
}""",
    source="the published CSV file",
    counts=(2_870, 410, 825),
)

SOURCE = Own(
    title="Women's E-Commerce Clothing Reviews",
    places=("womens_clothing_reviews", "womens-ecommerce-clothing-reviews.zip"),
    url="https://www.kaggle.com/datasets/nicapotato/womens-ecommerce-clothing-reviews",
    how="kaggle datasets download nicapotato/womens-ecommerce-clothing-reviews",
)


def read(path: Path, info: DatasetInfo = _INFO, sha1: str = _SUM, per_rating: int = _PER_RATING) -> Dataset:
    """Reads the data set from the CSV file, in a tree or archive.

    Raises:
        RnnbenchError: when the file is missing, damaged, or not the published one.
    """
    tree = open_tree(path).at(_FILE)
    digest = hashlib.sha1(tree.read(_FILE), usedforsecurity=False).hexdigest()
    if sha1 and digest != sha1:
        raise wrong(info.name, f"{_FILE} in {tree.where} has sha1 {digest}, not {sha1}")
    collector = Collector()
    texts, labels = [], []
    table = rows(tree, _FILE, _COLUMNS)
    next(table)
    for row in table:
        if len(text := collector.add(row[_TEXT])):
            texts.append(text)
            labels.append(star(row[_RATING], f"{_FILE} in {tree.where}"))
    y = np.array(labels)
    order = np.array(shuffled(info.name, len(y)))
    chosen = np.sort(np.concatenate([order[y[order] == rating][:per_rating] for rating in range(5)]))
    whole = pick(RawSplit(texts, y, same_bytes(texts)), chosen)
    dealt = draw(info.name, whole.y, whole.group, (_TEST, _VALIDATION))
    train, validation, test = collector.remapped(parted(whole, dealt == 1, dealt == 0), info.vocabulary or 0)
    return build(info, train, validation, test, STARS, collector.words)


RECIPE = Recipe(_INFO, SOURCE, read)
