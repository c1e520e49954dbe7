"""Weights in the order in which a processor's kernels read them: one stream of flash for a product."""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.mcu.graph import Linear
from bench.mcu.products.avr import MOST, entries
from bench.mcu.products.avr import sparse as product
from bench.mcu.program import Int8, MatVec
from bench.mcu.target import Family, Target

TILE: dict[Family, int] = {"avr": 4, "riscv": 4}
"""Rows of a tile: a factor that is loaded once serves so many products."""


_BYTE = 255
_LARGEST = 32767


def is_sparse(kernel: MatVec, target: Target) -> bool:
    """Whether only the weights that are not 0 are stored: where that takes fewer cycles.

    Cycles are those of rows and of stored weights (:class:`bench.mcu.target.Cost`), so that short rows, of which one
    costs as much as several weights, stay dense. Where that is quicker it is smaller, too, but on AVR: there a byte
    of flash, of code and weights, counts as a cycle.
    """
    rows, columns = kernel.weight.shape
    stored, avr = (kernel.weight != 0).sum(1), target.family == "avr"
    if columns > 256 or stored.sum() >= 0.9 * kernel.weight.size or (avr and stored.max() >= MOST):
        return False
    if not avr:  # weights are stored by twos
        return target.sparse.of(rows, int((stored + stored % 2).sum())) < target.dense.of(
            rows, rows * (columns + columns % 2)
        )
    dense = target.dense.of(rows, kernel.weight.size)
    if wide(kernel):
        return target.sparse.of(rows, int(stored.sum())) < dense
    return product(kernel, _LARGEST, 0).cost < dense + kernel.weight.size


def is_sparse_float(operation: Linear, target: Target) -> bool:
    """Whether only the weights that are not 0 are stored, in float32."""
    return int(np.count_nonzero(operation.weight)) < target.sparse_float_below * operation.weight.size


def wide(kernel: MatVec) -> str:
    """Why AVR takes 32 bits for a product rather than the 24 that are faster, in words; empty where it does not."""
    if kernel.accumulator != 24:
        return "its sums exceed 24 bits"
    if not 1 <= kernel.shift <= 15:
        return f"it is shifted by {kernel.shift} bits, beyond 1 to 15"
    if kernel.weight.shape[1] > _BYTE:
        return f"{kernel.weight.shape[1]} columns are more than a byte counts"
    return ""


def block(weight: Int8, largest: int) -> int:
    """The most columns, up to a byte's, of which 24 bits hold every sum, wherever such a block begins.

    Args:
        weight: of the product.
        largest: magnitude of a factor.
    """
    sizes = np.pad(np.abs(weight.astype(np.int64)), ((0, 0), (0, _BYTE)))
    for columns in range(min(weight.shape[1], _BYTE), 1, -1):
        starts = np.arange(0, weight.shape[1], columns)
        if np.add.reduceat(sizes, np.append(starts, starts[-1] + columns), axis=1)[:, :-1].max() * largest < 2**23:
            return columns
    return 1  # 2^7 2^15 is below 2^23


def dense(weight: Int8, target: Target) -> Int8:
    """All weights, in tiles of rows, a column's side by side; rows that fill no tile follow one by one.

    Columns are padded with zeros to twos, but on AVR. Where a product has code of its own, see
    :func:`bench.mcu.products.shape.ordered`.
    """
    tile = TILE[target.family]
    if target.family != "avr":
        weight = _padded(weight, 2)
    whole = len(weight) // tile * tile
    tiles = weight[:whole].reshape(-1, tile, weight.shape[1]).transpose(0, 2, 1)
    return np.concatenate([tiles.ravel(), weight[whole:].ravel()])


def _padded(weight: Int8, to: int) -> Int8:
    rows, columns = weight.shape
    padded = np.zeros((rows, -(-columns // to) * to), np.int8)
    padded[:, :columns] = weight
    return padded


def sparse(kernel: MatVec, target: Target) -> tuple[str, npt.NDArray[np.unsignedinteger[Any]]]:
    """The kernel and its one stream of flash, for a core that reads flash ahead reads one best.

    ``sparse32`` on AVR, for sums of 32 bits (others: :mod:`bench.mcu.products.avr`), bytes: a row's number of pairs,
    then its pairs: how many bytes its factor lies beyond the last, and the weight. ``sparse`` elsewhere: a row's number
    of words, then its words of two pairs, (column << 8) | weight as a byte, the last filled.
    """
    if target.family == "avr":
        rows = [entries(row[None], np.flatnonzero(row)) for row in kernel.weight.view(np.uint8)]
        return "sparse32", np.array([byte for row in rows for byte in (len(row), *chain.from_iterable(row))], np.uint8)
    stream: list[int] = []
    for row in kernel.weight:
        (columns,) = np.nonzero(row)
        pairs = [int(column) << 8 | int(row[column]) & 255 for column in columns]
        words = [low | high << 16 for low, high in zip_longest(pairs[::2], pairs[1::2], fillvalue=0)]
        stream += [len(words), *words]
    return "sparse", np.array(stream, np.uint32)


def sparse_float(weight: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.float32]]:
    """A row's number of weights, then their columns; and the weights themselves."""
    index: list[int] = []
    for row in weight:
        (columns,) = np.nonzero(row)
        index += [len(columns), *columns.tolist()]
    return np.array(index, np.uint16), weight[weight != 0]
