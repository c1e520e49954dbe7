"""Data sets: one file per set under ``sets/``, what several share under ``families/``, one way to open them all.

To add a data set, write a file under ``sets/`` with a ``RECIPE``: a description, a source of files, and a function that
reads these files and calls :func:`bench.data.dataset.build` or :func:`bench.data.corpus.build_corpus`.
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
    prepare_whole,
    prepared,
    resolved,
    stored_bytes,
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
    "prepare_whole",
    "prepared",
    "resolved",
    "stored_bytes",
    "verify",
]
