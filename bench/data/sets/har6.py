"""Six activities from a phone: the raw signals of UCI HAR in its own windows."""

from __future__ import annotations

from bench.data.catalogue import Recipe
from bench.data.dataset import DatasetInfo
from bench.data.families import activity
from bench.data.own import Own

_URL = "https://archive.ics.uci.edu/ml/machine-learning-databases/00240/UCI%20HAR%20Dataset.zip"
SOURCE = Own(
    title="UCI HAR",
    places=("UCI HAR Dataset", "UCI HAR Dataset.zip", "human+activity+recognition+using+smartphones.zip"),
    url="https://archive.ics.uci.edu/dataset/240",
    how=f"curl -fL -o 'UCI HAR Dataset.zip' {_URL}",
)

INFO = DatasetInfo(
    name="har6",
    title="HAR-6",
    steps=activity.LENGTH,
    features=9,
    classes=6,
    about="six activities of 30 people, phone at the waist, acceleration and angular velocity at 50 Hz, 2.56 s windows",
    protocol=activity.PROTOCOL,
    licence="CC BY 4.0 (unverified); the archive's README forbids commercial use",
    citation="""@inproceedings{anguita2013har,
  author    = {Anguita, Davide and Ghio, Alessandro and Oneto, Luca and Parra, Xavier and Reyes-Ortiz, Jorge L.},
  title     = {A Public Domain Dataset for Human Activity Recognition Using Smartphones},
  booktitle = {European Symposium on Artificial Neural Networks (ESANN)},
  year      = {2013},
  url       = {https://archive.ics.uci.edu/dataset/240}
}""",
    source="the official archive of UCI HAR",
    sample_hz=activity.RATE_HZ,
    inputs=activity.INPUTS,
    counts=(5880, 1472, 2947),
)

RECIPE = Recipe(INFO, SOURCE, lambda path: activity.read_har(path, INFO))
