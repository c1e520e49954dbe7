"""What the code of a product depends on, its weights' order in flash, and the same in C.

The weights a and b of two rows in one column share 16 bits: p = 256 b + a. A core multiplies the column's factor by p
as it is, and by a, which one instruction takes out of p. A row's sums P of the first and A of the second give the
other's, B = (P - A) / 256. So one instruction takes two weights from their place. With rows (3, -5) and (2, 4) and
factors (10, 7): P = (256 * 2 + 3) 10 + (256 * 4 - 5) 7 = 12283, A = 3 * 10 - 5 * 7 = -5, B = 12288 / 256 = 48, which is
2 * 10 + 4 * 7. P may leave 32 bits: B is right modulo 2^24, and sums that need more take every weight out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.mcu.fused.code import Part, text
from bench.mcu.program import Int8, MatVec
from bench.mcu.target import Family

STEPS: dict[Family, int] = {"thumb": 2, "plain": 2, "dsp": 4}
"""Columns that a family's code takes at once; other families have no such code."""
ROWS = 4
"""Of a tile: a factor that is loaded once serves so many products."""
_STEPS = 8  # in a turn of the loop over columns


@dataclass(frozen=True)
class Shape:
    """What the code of a product depends on.

    Attributes:
        rows: of the weights.
        columns: of them, padded to whole steps.
        step: columns that the code takes at once.
        shift: of sums.
        bits: of results.
        bias: whether sums start at one.
        add: whether a vector is added after the shift.
        wide: whether sums need more than 24 bits, or a pair more than 16: then each weight is taken out of its pair.
    """

    rows: int
    columns: int
    step: int
    shift: int
    bits: int
    bias: bool
    add: bool
    wide: bool

    @property
    def tiles(self) -> int:
        """Whole tiles."""
        return self.rows // ROWS

    @property
    def turns(self) -> int:
        """How often the loop over columns turns: 1 where there is none."""
        steps = self.columns // self.step
        return 1 if steps < 2 * _STEPS else steps // _STEPS

    @property
    def steps(self) -> tuple[int, int]:
        """Steps of a turn, and those before the loop; all are before it where it turns once."""
        steps = self.columns // self.step
        return (0, steps) if self.turns == 1 else (_STEPS, steps % _STEPS)

    @property
    def half(self) -> int:
        """What sums start at without a bias."""
        return 1 << self.shift >> 1

    def shifts(self, rows: int) -> list[int]:
        """By how much each sum of a tile is shifted, when the high row's have lost the low row's."""
        return [min(self.shift + (0 if self.wide or not row % 2 else 8), 31) for row in range(rows)]


def shape_of(kernel: MatVec, limit: int, step: int) -> Shape:
    """The shape of a product.

    Args:
        kernel: the product.
        limit: of its results.
        step: columns that the code takes at once.
    """
    rows, columns = kernel.weight.shape
    padded, bits = -(-columns // step) * step, int(limit).bit_length() + 1
    wide = kernel.accumulator != 24 or bool((kernel.weight == -128).any())
    return Shape(rows, padded, step, kernel.shift, bits, kernel.bias is not None, kernel.add is not None, wide)


def ordered(weight: Int8, shape: Shape, together: int) -> Int8:
    """Weights in the order in which code reads them: tile by tile, then by columns, then pair by pair.

    Args:
        weight: of the product [O, I].
        shape: of the product.
        together: columns of which a pair's weights stand together.
    """
    columns = np.zeros((shape.columns, shape.rows), np.int16)
    columns[: weight.shape[1]] = weight.T
    low, high = columns[:, ::2].copy(), columns[:, 1::2]
    low[:, : high.shape[1]] = (low[:, : high.shape[1]] & 255 if shape.wide else low[:, : high.shape[1]]) + (high << 8)
    tiles = np.split(low, range(ROWS // 2, low.shape[1], ROWS // 2), axis=1)
    parts = [tile.reshape(-1, together, tile.shape[1]).transpose(0, 2, 1).ravel() for tile in tiles]
    return np.concatenate(parts).astype("<i2").view(np.int8)


@dataclass(frozen=True)
class Product:
    """A function that computes one product.

    Attributes:
        arguments: how many it takes.
        shape: of the product.
        parts: its instructions, and how often they run.
    """

    arguments: ClassVar[int] = 5
    shape: Shape
    parts: tuple[Part, ...]

    @property
    def text(self) -> tuple[str, ...]:
        """The function's assembly."""
        return text(self.parts)


Lines = list[str]


def tiled(
    shape: Shape,
    tile: Callable[[int], tuple[Lines, Lines, Lines]],
    turns: tuple[Lines, Lines],
    enter: Lines,
    leave: Lines,
) -> Product:
    """The function around the code of tiles.

    Args:
        shape: of the product.
        tile: gives, for so many rows, what starts their sums, one step, and what ends the sums.
        turns: what turns the loop over columns, back to 2, and the one over tiles, back to 5.
        enter: instructions before all.
        leave: those after.
    """
    turn, again = turns
    parts = [Part(tuple(enter))]
    inside, before = shape.steps
    for rows, times in ((ROWS, shape.tiles), (shape.rows % ROWS, 1)):
        if not rows or not times:
            continue
        start, step, end = tile(rows)
        head, tail = (["5:"], [*end, *again]) if times > 1 else ([], end)
        if shape.turns == 1:
            parts.append(Part((*head, *start, *step * (before + inside), *tail), times, int(times > 1)))
            continue
        parts.append(Part((*head, *start, *step * before), times))
        parts.append(Part(("2:", *step * inside, *turn), times * shape.turns, times))
        parts.append(Part(tuple(tail), times, int(times > 1)))
    return Product(shape, (*parts, Part(tuple(leave))))
