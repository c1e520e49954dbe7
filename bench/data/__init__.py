"""The shared data layer: one file per data set under ``sets/``, one way in.

To add a data set, write one file under ``sets/`` with a ``RECIPE``: what is known of it, where its file comes from, and
a function from that file to :func:`bench.data.dataset.build`.
"""

from bench.data.catalogue import Recipe, available, infos, open_dataset, prepare
from bench.data.dataset import Dataset, DatasetInfo, Split
from bench.data.fetch import data_folder

__all__ = [
    "Dataset",
    "DatasetInfo",
    "Recipe",
    "Split",
    "available",
    "data_folder",
    "infos",
    "open_dataset",
    "prepare",
]
