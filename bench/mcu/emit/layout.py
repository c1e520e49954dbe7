"""Weights in the order in which a processor's kernels read them: one stream of flash for a product."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.mcu.graph import Linear
from bench.mcu.program import Int8, MatVec
from bench.mcu.target import Family, Target

TILE: dict[Family, int] = {"avr": 4, "plain": 2, "dsp": 4}
"""Rows of a tile: a factor that is loaded once serves so many products."""


def is_sparse(kernel: MatVec, target: Target) -> bool:
    """Whether only the weights that are not 0 are stored."""
    return kernel.weight.shape[1] <= 256 and kernel.nonzeros < target.sparse_below * kernel.weight.size


def is_sparse_float(operation: Linear, target: Target) -> bool:
    """Whether only the weights that are not 0 are stored, in float32."""
    return int(np.count_nonzero(operation.weight)) < target.sparse_float_below * operation.weight.size


def _narrow(kernel: MatVec) -> bool:
    """Whether AVR's assembly serves a product: sums in 24 bits, a shift that one multiplication does."""
    return kernel.accumulator == 24 and 1 <= kernel.shift <= 15


def tiled(kernel: MatVec, target: Target) -> bool:
    """Whether tiles serve a dense product; else it is done row by row in 32 bits."""
    return target.family != "avr" or (_narrow(kernel) and kernel.weight.shape[1] <= 255)


def dense(weight: Int8, target: Target) -> Int8:
    """All weights, in tiles of rows, a column's side by side; rows that fill no tile follow one by one.

    But on AVR the columns are padded to fours, and ``dsp`` keeps four columns of a row together.
    """
    tile = TILE[target.family]
    if target.family == "dsp":
        return _words(weight, tile)
    if target.family == "plain":
        weight = _padded(weight)
    whole = len(weight) // tile * tile
    tiles = weight[:whole].reshape(-1, tile, weight.shape[1]).transpose(0, 2, 1)
    return np.concatenate([tiles.ravel(), weight[whole:].ravel()])


def _padded(weight: Int8) -> Int8:
    rows, columns = weight.shape
    padded = np.zeros((rows, -(-columns // 4) * 4), np.int8)
    padded[:, :columns] = weight
    return padded


def _words(weight: Int8, tile: int) -> Int8:
    """Four weights a word as 0, 2, 1, 3: sign-extending every other byte gives (0, 1), then (2, 3)."""
    rows = len(weight)
    words = _padded(weight).reshape(rows, -1, 4)[:, :, [0, 2, 1, 3]]
    whole = rows // tile * tile
    tiles = words[:whole].reshape(-1, tile, words.shape[1], 4).transpose(0, 2, 1, 3)
    return np.concatenate([tiles.ravel(), words[whole:].ravel()])


def sparse(kernel: MatVec, target: Target) -> tuple[str, npt.NDArray[np.unsignedinteger[Any]]]:
    """The kernel and its one stream of flash, for a core that reads flash ahead reads one best.

    ``sparse24`` on AVR, bytes: a row's number of pairs, then its pairs: how many bytes its factor lies beyond the last,
    and the weight. ``sparse`` elsewhere: a row's number of pairs, then its pairs, (column << 8) | weight as a byte; on
    Arm words of two, the last filled.
    """
    avr = target.family == "avr"
    if avr and _narrow(kernel) and kernel.weight.shape[1] <= 128:  # numbers of pairs and ways between factors are bytes
        return "sparse24", np.array([byte for row in kernel.weight for byte in _steps(row)], np.uint8)
    stream: list[int] = []
    for row in kernel.weight:
        (columns,) = np.nonzero(row)
        pairs = [int(column) << 8 | int(row[column]) & 255 for column in columns]
        if not avr:
            pairs = [low | high << 16 for low, high in zip_longest(pairs[::2], pairs[1::2], fillvalue=0)]
        stream += [len(pairs), *pairs]
    return "sparse", np.array(stream, np.uint16 if avr else np.uint32)


def _steps(row: Int8) -> list[int]:
    (columns,) = np.nonzero(row)
    ways = np.diff(columns, prepend=-1) * 2 - 2
    pairs = [byte for way, column in zip(ways, columns, strict=True) for byte in (int(way), int(row[column]) & 255)]
    return [len(columns), *pairs]


def sparse_float(weight: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.float32]]:
    """A row's number of weights, then their columns; and the weights themselves."""
    index: list[int] = []
    for row in weight:
        (columns,) = np.nonzero(row)
        index += [len(columns), *columns.tolist()]
    return np.array(index, np.uint16), weight[weight != 0]
