"""The shared data layer: one file per data set under ``sets/``, one way in.

To add a data set, write one file under ``sets/`` with a ``RECIPE``: what is known of it, where its files come from, and
a function from these files to :func:`bench.data.dataset.build` or :func:`bench.data.corpus.build_corpus`.
"""

from bench.data.catalogue import (
    Configurable,
    Options,
    Recipe,
    absent,
    available,
    chosen_options,
    describe,
    infos,
    note,
    open_any,
    open_corpus,
    open_dataset,
    prepare,
    prepared,
    verify,
)
from bench.data.corpus import Corpus
from bench.data.dataset import Dataset, DatasetInfo, Split
from bench.data.fetch import data_folder

__all__ = [
    "Configurable",
    "Corpus",
    "Dataset",
    "DatasetInfo",
    "Options",
    "Recipe",
    "Split",
    "absent",
    "available",
    "chosen_options",
    "data_folder",
    "describe",
    "infos",
    "note",
    "open_any",
    "open_corpus",
    "open_dataset",
    "prepare",
    "prepared",
    "verify",
]
