"""A product in Thumb, for Cortex-M0+: r0 walks the factors, r1 the weights up to r12, lr the results.

Sums are in r8 to r11. The stack: what it was called with, but the way from the results to what is added in place of the
third argument; what is kept for the caller, 36 bytes; what is added.
"""

from __future__ import annotations

from bench.mcu.fused.code import RARE
from bench.mcu.products.shape import ROWS, Lines, Product, Shape, tiled

_LOW, _SUMS = ("r4", "r5", "r6", "r7"), ("r8", "r9", "r10", "r11")
Pair = tuple[str, str]
"""The sums of two rows, the second empty where there is one row."""


def product(shape: Shape, family: str) -> Product:
    """The code of a product."""
    fours = "{" + ", ".join(_LOW) + "}"
    enter = ["push {r4, r5, r6, r7, lr}", *(f"mov {to}, {of}" for to, of in zip(_LOW, _SUMS, strict=True))]
    enter += [f"push {fours}", "push {r0, r1, r2, r3}"]
    if shape.add:
        enter += ["ldr r4, [sp, #52]", "subs r4, r4, r0", "str r4, [sp, #8]"]
    enter += [*_number("r4", 2 * shape.columns * (ROWS // 2) * shape.tiles), "adds r4, r4, r2", "mov r12, r4"]
    enter += ["mov lr, r0", "mov r1, r2"]
    restored = [f"mov {to}, {of}" for to, of in zip(_SUMS, _LOW, strict=True)]
    leave = ["add sp, #16", f"pop {fours}", *restored, "pop {r4, r5, r6, r7, pc}"]
    turns = ["subs r7, r7, #1", "beq 91f", "b 2b", "91:"], ["cmp r1, r12", "beq 91f", "b 5b", "91:"]
    return tiled(shape, lambda rows: (_start(shape, rows), _step(shape, rows), _end(shape, rows)), turns, enter, leave)


def _start(shape: Shape, rows: int) -> Lines:
    own = ["r2", "r3", "r4", "r5"][:rows]
    if shape.bias:
        lines = ["ldr r7, [sp, #12]", f"ldm r7!, {{{', '.join(own)}}}", "str r7, [sp, #12]"]
        for a, b in () if shape.wide else (("r2", "r3"), ("r4", "r5"))[: rows // 2]:
            lines += [f"lsls {b}, {b}, #8", f"adds {b}, {b}, {a}"]
    else:
        lines = _number("r2", shape.half)
        if not shape.wide and rows > 1:
            lines += ["lsls r3, r2, #8", "adds r3, r3, r2"]
        own = (["r2", "r2"] if shape.wide else ["r2", "r3"]) * (ROWS // 2)
    lines += [f"mov {to}, {of}" for to, of in zip(_SUMS[:rows], own, strict=False)]
    return lines + ["ldr r0, [sp, #4]"] + (_number("r7", shape.turns) if shape.turns > 1 else [])


def _step(shape: Shape, rows: int) -> Lines:
    """Two columns: of two pairs a word of weights for a column, of one a word for both."""
    first, *second = _pairs(rows)
    lines = ["ldm r0!, {r4}", "ldm r1!, {r2, r3}" if second else "ldm r1!, {r2}", "sxth r5, r4", "asrs r4, r4, #16"]
    halves = _wide if shape.wide else _narrow
    if not second:
        return lines + halves("r2", ("r5", "r4"), first, first)
    return lines + halves("r2", ("r5", "r5"), first, second[0]) + halves("r3", ("r4", "r4"), first, second[0])


def _narrow(word: str, x: Pair, low: Pair, high: Pair) -> Lines:
    """The products of a word's halves with their factors."""
    lines = _added(f"sxth r6, {word}", "r6", x[0], low[1] or low[0])
    lines += _added(f"sxtb r6, {word}", "r6", x[0], low[0]) if low[1] else []
    lines += [f"asrs {word}, {word}, #16"]
    lines += _added(f"sxtb r6, {word}", "r6", x[1], high[0]) if high[1] else []
    return lines + _added("", word, x[1], high[1] or high[0])


def _wide(word: str, x: Pair, low: Pair, high: Pair) -> Lines:
    """The same, each weight taken out."""
    lines = _added(f"sxtb r6, {word}", "r6", x[0], low[0])
    lines += [f"lsls r6, {word}, #16", *_added("asrs r6, r6, #24", "r6", x[0], low[1])] if low[1] else []
    lines += [f"lsls r6, {word}, #8", *_added("asrs r6, r6, #24", "r6", x[1], high[0])]
    return lines + (_added(f"asrs {word}, {word}, #24", word, x[1], high[1]) if high[1] else [])


def _added(taken: str, register: str, x: str, to: str) -> Lines:
    return [*([taken] if taken else []), f"muls {register}, {x}, {register}", f"add {to}, {register}"]


def _end(shape: Shape, rows: int) -> Lines:
    lines, shifts = ["mov r7, lr"], shape.shifts(rows)
    lines += ["ldr r6, [sp, #8]", "adds r6, r6, r7"] if shape.add else []
    row = 0
    for a, b in _pairs(rows):
        lines += [
            f"mov r4, {a}",
            *([f"mov r5, {b}"] if b else []),
            *(["subs r5, r5, r4"] if b and not shape.wide else []),
        ]
        for register in ("r4", "r5") if b else ("r4",):
            lines += [f"asrs {register}, {register}, #{shifts[row]}"] if shifts[row] else []
            lines += _result(shape, register, row)
            row += 1
    return [*lines, f"adds r7, r7, #{2 * rows}", "mov lr, r7"]


def _result(shape: Shape, register: str, row: int) -> Lines:
    """Adds to a shifted sum, clamps it, stores it."""
    lines = [f"movs r3, #{2 * row}", "ldrsh r3, [r6, r3]", f"adds {register}, {register}, r3"] if shape.add else []
    unused = 32 - shape.bits
    lines += (
        [f"sxth r3, {register}"] if unused == 16 else [f"lsls r3, {register}, #{unused}", f"asrs r3, r3, #{unused}"]
    )
    rare = [f"asrs {register}, {register}, #31", "movs r3, #0", "mvns r3, r3", f"lsrs r3, r3, #{unused + 1}"]
    rare += [f"eors {register}, {register}, r3"]
    lines += [f"cmp r3, {register}", "beq 1f", *(RARE + line for line in rare), "1:"]
    return [*lines, f"strh {register}, [r7, #{2 * row}]"]


def _pairs(rows: int) -> list[Pair]:
    return [(_SUMS[row], _SUMS[row + 1] if row + 1 < rows else "") for row in range(0, rows, 2)]


def _number(register: str, value: int) -> Lines:
    """Puts a number into a low register, from its first significant eight bits on, byte by byte."""
    if value and value & (value - 1) == 0 and value > 255:
        return [f"movs {register}, #1", f"lsls {register}, {register}, #{value.bit_length() - 1}"]
    lines, digits = Lines(), value.to_bytes(4, "big").lstrip(b"\0") or b"\0"
    for number, digit in enumerate(digits):
        lines += [f"lsls {register}, {register}, #8", f"adds {register}, {register}, #{digit}"] if number else []
        lines += [] if number else [f"movs {register}, #{digit}"]
    return lines
