"""A product with the weights that are not 0, in AVR's assembly: Y walks the results, Z the stream, X the factors.

One, two or three rows are a tile. Columns in which the same rows of a tile have weights stand together, so that a
factor is found and loaded once for all of these rows: entries of a tile of two are those of its first row alone, of its
second alone, of both. A tile's stream: its rows' biases, three bytes each; then for each of these sets the number of
entries, and for each of those the way to its factor from the one before in bytes, and the weights.

     9 cycles  the way (lpm, add, adc) to a factor (ld, ld)
    13         a weight (lpm), with the low byte (mulsu, sbc, add, adc, adc), with the high (muls, add, adc)

One, two or four entries are a turn. A number of entries is said as turns and, in its low bits, as the entries of the
first turn, all where these are 0. Rows of a tile and entries of a turn are those for which the product takes least, a
byte of flash counted as a cycle.

r18 is a way or a weight, r19 and r16 the factor, r20 to r22 the first row's sum, r23 what is left of a set, r24 and r25
the tiles left, r14 and r15 the first factor's place, r13 is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.mcu.fused.code import RARE, Part
from bench.mcu.fused.cycles import avr_cycles
from bench.mcu.products.shape import Lines, Product, Shape
from bench.mcu.program import MatVec

Bytes = npt.NDArray[np.uint8]

MOST = 252
"""Entries of a row whose turns and first turn a byte can say."""
_FARTHEST = 128  # columns from a factor to the next, for which a byte says the way
_SUMS = ((20, 21, 22), (10, 11, 12), (6, 7, 8))
_FACTOR = ("lpm r18, Z+", "add r26, r18", "adc r27, r13", "ld r19, X+", "ld r16, X+")
_NEAR = 60  # instructions, beyond which a branch does not reach


@dataclass(frozen=True)
class Sparse(Product):
    """The code of a product, and its stream.

    Attributes:
        tile: rows.
        turns: entries of a turn, four bits for each set of rows, the first in the lowest.
        stream: of flash.
    """

    tile: int
    turns: int
    stream: Bytes

    @property
    def cost(self) -> int:
        """Cycles, and bytes of code and stream."""
        return avr_cycles(self.parts) + 2 * len(self.text) + self.stream.size


def sparse(kernel: MatVec, limit: int, apart: int) -> Sparse:
    """The code of a product.

    Args:
        kernel: the product, whose sums 24 bits hold, of at most :data:`MOST` entries in a row.
        limit: of its results, 255 at least.
        apart: bytes from its results to what is added.
    """
    return min((tiled(kernel, limit, apart, tile) for tile in (1, 2, 3)), key=lambda way: way.cost)


def entries(weight: Bytes, columns: npt.NDArray[np.intp]) -> list[list[int]]:
    """The ways and weights of some columns [rows, columns]; where a way is more than a byte, weights of 0 on it."""
    made, last = list[list[int]](), -1
    for column, weights in zip(columns.tolist(), weight.T[columns].tolist(), strict=True):
        while column - last > _FARTHEST:
            last += _FARTHEST
            made.append([2 * _FARTHEST - 2, *[0] * len(weight)])
        made.append([2 * (column - last) - 2, *weights])
        last = column
    return made


def tiled(kernel: MatVec, limit: int, apart: int, tile: int) -> Sparse:
    """The code with so many rows in a tile, the last filled with rows of zeros."""
    rows, columns = kernel.weight.shape
    shape = Shape(
        rows, columns, 1, kernel.shift, limit.bit_length() + 1, kernel.bias is not None, kernel.add is not None, False
    )
    count = -(-rows // tile)
    weight = np.zeros((count, tile, columns), np.int8)
    weight.reshape(-1, columns)[:rows] = kernel.weight
    bias = np.zeros((count, tile), np.int64)
    if kernel.bias is not None:
        bias.flat[:rows] = kernel.bias
    sets = [[row for row in range(tile) if number >> row & 1] for number in range(1, 1 << tile)]
    of = ((weight != 0) << np.arange(tile)[:, None]).sum(1)
    found = [
        [entries(block[chosen], np.flatnonzero(own == number)) for number, chosen in enumerate(sets, 1)]
        for block, own in zip(weight.view(np.uint8), of, strict=True)
    ]
    loops = [_Set(chosen, [len(block[number]) for block in found], tile == 1) for number, chosen in enumerate(sets)]
    stream: list[int] = []
    for block, starts in zip(found, bias.tolist(), strict=True):
        if shape.bias:
            stream += [byte for start in starts for byte in (start & 0xFFFFFF).to_bytes(3, "little")]
        for loop, pairs in zip(loops, block, strict=True):
            stream += [loop.said(len(pairs)), *(byte for pair in pairs for byte in pair)]
    turns = sum(loop.together << 4 * number for number, loop in enumerate(loops))
    return Sparse(shape, tuple(_parts(shape, loops, tile, apart)), tile, turns, np.array(stream, np.uint8))


class _Set:
    """The entries of the same rows of a tile.

    Attributes:
        together: entries of a turn.
        parts: what adds them to the sums.
        before: where four entries are a turn, what stands before a tile's code.
    """

    def __init__(self, rows: Sequence[int], counts: Sequence[int], alone: bool) -> None:
        self.counts, self.empty = counts, counts.count(0)
        self.entry = list(_FACTOR)
        for a, b, c in (_SUMS[row] for row in rows):
            self.entry += ["lpm r18, Z+", "mulsu r18, r19", f"sbc r{c}, r13"]
            self.entry += [f"add r{a}, r0", f"adc r{b}, r1", f"adc r{c}, r13", "muls r18, r16", f"add r{b}, r0"]
            self.entry.append(f"adc r{c}, r1")
        ways = [1] + [2] * (len(rows) <= 2) + [4] * (alone and not self.empty)
        made = {together: self._parts(together) for together in ways}
        self.together = min(ways, key=lambda way: avr_cycles(made[way]))
        self.parts = made[self.together]
        self.before = [self.parts.pop(0)] if self.together == 4 else []

    def said(self, count: int) -> int:
        """How a number of entries is said."""
        return -(-count // self.together) * self.together + count % self.together

    def _parts(self, together: int) -> list[Part]:
        """Its instructions, from the number of entries on; an empty set goes to 91."""
        rest = [sum(count % together == number for count in self.counts) for number in range(together)]
        turns, blocks = sum(-(-count // together) for count in self.counts), len(self.counts)
        skip = ["breq 91f"] if self.empty else []
        lines, before, more = ["movw r26, r14", "lpm r23, Z+"], list[Part](), 0
        match together:
            case 1:
                lines += ["tst r23", *skip] if skip else []
                more = self.empty
            case 2:
                lines += ["lsr r23", *skip, "brcs 11f"]
                more = rest[1]
            case 4:  # three or one in the first turn: at 4; two: at 12
                before = [Part(("4:", "lsr r23", "brcs 11f", "rjmp 13f"), rest[1] + rest[3], more=-rest[3])]
                lines += ["lsr r23", "brcs 4b", "lsr r23", "brcs 12f"]
                more = rest[2] - rest[1] - rest[3]
        passed = [sum(rest[1 : together - number]) for number in range(together)]
        bodies = [Part((f"1{number}:", *self.entry), turns - by) for number, by in enumerate(passed)]
        turn = Part(("dec r23", "brne 10b"), turns, more=self.empty - blocks)
        return [*before, Part(tuple(lines), blocks, more=more), *bodies, turn, *([Part(("91:",))] if skip else [])]


def _parts(shape: Shape, loops: Sequence[_Set], tile: int, apart: int) -> list[Part]:
    """The function's instructions, around those of the sets of rows."""
    sums, tiles = _SUMS[:tile], -(-shape.rows // tile)
    kept = [13, 14, 15, 16, 28, 29, *(number for own in sums[1:] for number in own)]
    enter = [*(f"push r{number}" for number in kept), "movw r28, r24", "movw r14, r22", "movw r30, r20", "clr r13"]
    enter += [f"ldi r24, {tiles & 255}"] + ([f"ldi r25, {tiles >> 8}"] if tiles > 255 else [])
    before = [part for loop in loops for part in loop.before]
    start = [f"lpm r{number}, Z+" for own in sums for number in own] if shape.bias else []
    if not shape.bias:
        start = [f"ldi r{20 + byte}, {shape.half >> 8 * byte & 255}" for byte in range(3)]
        start += [line for a, _, c in sums[1:] for line in (f"movw r{a}, r20", f"mov r{c}, r22")]
    body = [Part(("90:", *start), tiles), *(part for loop in loops for part in loop.parts)]
    near = sum(len(part.lines) for part in body) + len(_end(shape, apart)[0]) < _NEAR
    leave = Part(("91:", "92:", "clr r1", *(f"pop r{number}" for number in reversed(kept)), "ret"))
    return [Part((*enter, *(["rjmp 90f"] if before else []))), *before, *body, *_ends(shape, tile, apart, near, leave)]


def _ends(shape: Shape, tile: int, apart: int, near: bool, leave: Part) -> list[Part]:
    """What ends the rows of a tile, and the function.

    Args:
        shape: of the product.
        tile: rows.
        apart: bytes from results to what is added.
        near: whether a branch reaches back to a tile's start.
        leave: what leaves the function.
    """
    tiles, last = -(-shape.rows // tile), (shape.rows - 1) % tile
    turn = "sbiw r24, 1" if tiles > 255 else "dec r24"
    end, rare = _end(shape, apart)
    parts = list[Part]()
    for row, (a, _, c) in enumerate(_SUMS[:tile]):
        times = tiles - (row > last)
        parts.append(Part((*([f"movw r20, r{a}", f"mov r22, r{c}"] if row else []), *end), times))
        if row == last < tile - 1:
            parts.append(Part((turn, "brne 5f", "rjmp 92f", "5:"), tiles, more=1 - 2 * tiles))
        aside = [Part(_rare(block), 0, rare=times * (block is max(rare, key=len))) for block in rare]
        if row < tile - 1:
            parts += [Part(("rjmp 6f",), times - (row == last)), *aside, Part(("6:",))] if rare else []
            continue
        again = ("rjmp 90b",) if last < row else (turn, "brne 90b") if near else (turn, "breq 91f", "rjmp 90b")
        parts += [Part(again, times, more=-int(last == row)), leave, *aside]
    return parts


def _rare(lines: Lines) -> tuple[str, ...]:
    return tuple(line if line.endswith(":") else RARE + line for line in lines)


def _end(shape: Shape, apart: int) -> tuple[Lines, list[Lines]]:
    """What ends a row, and what is rare, of which a row takes one at most: it lies behind, and goes back to 8."""
    shift, most = shape.shift, shape.bits - 1
    low, high = ("r20", "r21") if shift <= 3 else ("r21", "r22")
    store = ["8:", f"st Y+, {low}", f"st Y+, {high}"]
    limit = (1 << most) - 1
    turned = [f"com {low}", f"com {high}", "9:", "rjmp 8b"]
    beyond = ["lsl r22", f"ldi {low}, 255", f"ldi {high}, {limit >> 8}", "brcc 9f", *turned]
    if not shape.add:
        check = _within(most + shift, "71f")
        return [*check, *_down(shift), *store], [["71:", *beyond]] if check else []
    added = [f"ldd r18, Y+{apart}", f"ldd r19, Y+{apart + 1}"]
    if not 0 <= apart <= 62:
        added = ["movw r26, r28", f"subi r26, {-apart & 255}", f"sbci r27, {-apart >> 8 & 255}"]
        added += ["ld r18, X+", "ld r19, X"]
    check = _within(15 + shift, "71f")
    lines = [*check, *_down(shift), *added, f"add {low}, r18", f"adc {high}, r19", "brvs 72f"]
    rare = [["72:", f"ldi {low}, 255", f"ldi {high}, {limit >> 8}", "brmi 9f", *turned]]
    if most < 15:
        lines += [f"mov r18, {high}", f"subi r18, {256 - (1 << most - 8)}", f"cpi r18, {1 << most - 7}", "brsh 73f"]
        rare += [["73:", f"lsl {high}", *beyond[1:]]]
    if check:  # the sum of 24 bits and the number
        block = ["71:", *["asr r22", "ror r21", "ror r20"] * shift, *added, "mov r23, r19", "lsl r23", "sbc r23, r23"]
        block += ["add r20, r18", "adc r21, r19", "adc r22, r23", *_within(most, "74f")]
        block += ["mov r22, r21", "mov r21, r20"] if low == "r21" else []
        rare += [[*block, "rjmp 8b", "74:", *beyond]]
    return [*lines, *store], rare


def _down(shift: int) -> Lines:
    """Shifts a sum, whose result 16 bits hold."""
    if shift > 8:
        return ["asr r22", "ror r21"] * (shift - 8)
    return ["asr r22", "ror r21", "ror r20"] * shift if shift <= 3 else ["lsl r20", "rol r21", "rol r22"] * (8 - shift)


def _within(bits: int, label: str) -> Lines:
    """Branches where a sum is less than -2^bits or not less than 2^bits."""
    if bits >= 23:
        return []
    if bits >= 16:
        return ["mov r18, r22", f"subi r18, {256 - (1 << bits - 16)}", f"cpi r18, {1 << bits - 15}", f"brsh {label}"]
    least, range_ = -(1 << bits - 8) & 0xFFFF, 1 << bits - 7
    lines = ["mov r18, r21", "mov r19, r22", f"subi r18, {least & 255}", f"sbci r19, {least >> 8}"]
    return [*lines, f"ldi r23, {range_ >> 8}", f"cpi r18, {range_ & 255}", "cpc r19, r23", f"brsh {label}"]
