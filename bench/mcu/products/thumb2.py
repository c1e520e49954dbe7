"""A product in Thumb-2, for Cortex-M3 and M4: r0 walks the factors, r1 the weights, sums are in r4 to r7.

The stack: the results, from there to what is added, the end of the tiles' weights, the biases; what is kept for the
caller, 36 bytes; what is added. Loads stand together, so that each hides the wait of the one before.
"""

from __future__ import annotations

from typing import NamedTuple

from bench.mcu.products.shape import ROWS, Lines, Product, Shape, tiled

_WEIGHTS = ("r9", "r10", "r11", "r12")
_X = ("r3", "r8")


class _Core(NamedTuple):
    """The instructions of a step: of a load and its bytes, what adds a product, what takes out the low and high row."""

    load: str
    size: int
    add: str
    low: str
    high: str


_CORES: dict[str, _Core] = {
    "plain": _Core("ldrsh", 2, "mla", "sxtb", "asr {0}, {0}, #8"),
    "dsp": _Core("ldr", 4, "smlad", "sxtb16", "sxtb16 {0}, {0}, ror #8"),  # SMLAD adds the products of two columns
}


def product(shape: Shape, family: str) -> Product:
    """The code of a product."""
    core = _CORES[family]
    looped = shape.turns > 1
    place = ["mov r0, r1", "mov r1, r2"] if looped else ["mov r12, r0", "mov r0, r1", "mov r1, r2", "mov r2, r12"]
    enter = ["push {r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, lr}"]
    if shape.add:
        enter += ["ldr r12, [sp, #52]", "sub r12, r12, r0", "str r12, [sp, #4]"]
    if shape.tiles > 1:
        weights = 2 * shape.columns * (ROWS // 2) * shape.tiles
        enter += [*_moved("r12", weights), "add r12, r12, r2", "str r12, [sp, #8]"]
    leave = ["add sp, sp, #16", "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}"]
    turns = ["subs r2, r2, #1", "bne 2b"], ["cmp r1, lr", "bne 5b"]
    return tiled(
        shape,
        lambda rows: (_start(shape, rows), _step(shape, rows, core), _end(shape, rows)),
        turns,
        enter + place,
        leave,
    )


def _start(shape: Shape, rows: int) -> Lines:
    sums = _sums(rows)
    lines = _moved("r2", shape.turns) if shape.turns > 1 else []
    if shape.bias:
        lines += ["ldr r3, [sp, #12]", f"ldm r3!, {{{', '.join(sums)}}}" if rows > 1 else "ldr r4, [r3], #4"]
        lines += ["str r3, [sp, #12]"]
        return lines if shape.wide else lines + [f"add {b}, {a}, {b}, lsl #8" for a, b in _pairs(rows) if b]
    lines += _moved("r4", shape.half) + (_moved("r5", shape.half * (1 if shape.wide else 257)) if rows > 1 else [])
    return lines + [f"mov {to}, {of}" for to, of in zip(sums[2:], sums, strict=False)]


def _step(shape: Shape, rows: int, core: _Core) -> Lines:
    pairs, load, size = _pairs(rows), core.load, core.size
    lines = [f"{load} r8, [r0, #{size}]", f"{load} r3, [r0], #{2 * size}", *_loads(load, 2 * len(pairs), size)]
    for number, word in enumerate(_WEIGHTS[: 2 * len(pairs)]):
        x, (a, b) = _X[number // len(pairs)], pairs[number % len(pairs)]
        if not b:
            lines.append(f"{core.add} {a}, {word}, {x}, {a}")
            continue
        lines += [f"{core.low} lr, {word}", f"{core.add} {a}, lr, {x}, {a}"]
        lines += [core.high.format(word)] if shape.wide else []
        lines.append(f"{core.add} {b}, {word}, {x}, {b}")
    return lines


def _end(shape: Shape, rows: int) -> Lines:
    sums, shifts = _sums(rows), shape.shifts(rows)
    out, looped = ("r3", True) if shape.turns > 1 else ("r2", False)
    lines = [] if shape.wide else [f"sub {b}, {b}, {a}" for a, b in _pairs(rows) if b]
    lines += ["ldr r3, [sp]"] if looped else []
    shifted = [f", asr #{shift}" if shift else "" for shift in shifts]
    if shape.add:
        lines += ["ldr r8, [sp, #4]", f"add r8, r8, {out}"]
        lines += [f"ldrsh {to}, [r8, #{2 * row}]" for row, to in enumerate(_WEIGHTS[:rows])]
        lines += [f"add {s}, {y}, {s}{by}" for s, y, by in zip(sums, _WEIGHTS, shifted, strict=False)]
        shifted = [""] * rows
    lines += [f"ssat {s}, #{shape.bits}, {s}{by}" for s, by in zip(sums, shifted, strict=True)]
    lines += ["ldr lr, [sp, #8]"] if shape.tiles > 1 and rows == ROWS else []
    lines += [f"strh {s}, [{out}, #{2 * row}]" for row, s in enumerate(sums) if row]
    lines += [f"strh r4, [{out}], #{2 * rows}", f"sub r0, r0, #{2 * shape.columns}"]
    return [*lines, *(["str r3, [sp]"] if looped else [])]


def _sums(rows: int) -> list[str]:
    return [f"r{4 + row}" for row in range(rows)]


def _pairs(rows: int) -> list[tuple[str, str]]:
    """The sums of a tile's pairs of rows; the last row's alone where there is no other."""
    return [(f"r{4 + row}", f"r{5 + row}" if row + 1 < rows else "") for row in range(0, rows, 2)]


def _loads(name: str, count: int, size: int) -> Lines:
    """Loads of weights, which walk on."""
    later = [f"{name} {_WEIGHTS[number]}, [r1, #{size * number}]" for number in range(1, count)]
    return [*later, f"{name} {_WEIGHTS[0]}, [r1], #{size * count}"]


def _moved(register: str, value: int) -> Lines:
    low, high = value & 0xFFFF, value >> 16
    return [f"movw {register}, #{low}"] + ([f"movt {register}, #{high}"] if high else [])
