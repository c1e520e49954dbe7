"""A loop in AVR's assembly: Y walks memory, r14 and r12 are the tables and the stream, r2 is 0, r3 counts.

Numbers of 16 bits are kept in r4 to r11 and worked on in r16 to r23, which multiply; wider ones are there alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.mcu.fused.code import RARE, Generator, Loop, Place, Tables, in_c
from bench.mcu.fused.operations import Bounds, Operation

_HOMES = (4, 6, 8, 10, 12, 14)
_KEPT = (*range(2, 18), 28, 29)
_A, _B, _C = 16, 18, 20  # where operands are worked on; a product is in _C
_NEAR = 62  # bytes from Y that an instruction reaches


def loop(operations: Sequence[Operation], size: int, place: Place, tables: Tables) -> Loop:
    """The code of a loop over so many units."""
    made = Avr(operations, place, tables)
    made.unit()
    count = "sbiw r24, 1" if size > 255 else "dec r24"
    made("adiw r28, 2", count, "breq 91f", "rjmp 90b")
    counted = [f"ldi r24, {size & 255}"] + ([f"ldi r25, {size >> 8}"] if size > 255 else [])
    bases = ["movw r28, r24", "clr r2", *made.bases(), *counted]
    return Loop(
        (*(f"push r{number}" for number in _KEPT), *bases, "90:"),
        tuple(made.lines),
        ("91:", "clr r1", *(f"pop r{number}" for number in reversed(_KEPT)), "ret"),
        size,
        made.stream(made.columns),
        tuple(in_c(operations, made.columns, place, tables)),
    )


class Avr(Generator):
    """A unit's instructions. Where a register's number is said, it is the lowest of those that hold a value.

    Attributes:
        free: pairs that hold nothing.
        where: by operation, the pair of its result.
        labels: used so far.
    """

    def __init__(self, operations: Sequence[Operation], place: Place, tables: Tables) -> None:
        super().__init__(operations, place, tables)
        used = {"table": 14, "flash": 12}
        taken = {pair for kind, pair in used.items() if self.kinds(kind)}
        self.free = [pair for pair in _HOMES if pair not in taken]
        self.where: dict[int, int] = {}
        self.labels = 0

    def bases(self) -> list[str]:
        """What brings the arguments to their places; 256 bytes into the tables."""
        tables = ["subi r23, 255", "movw r14, r22"] if self.kinds("table") else []
        return tables + (["movw r12, r20"] if self.kinds("flash") else [])

    def unit(self) -> None:
        """All operations; a load that is read once waits for its reader."""
        for operation in self.operations:
            if operation.kind in ("load", "flash"):
                if self.left[id(operation)] > 1:
                    self.keep(operation, self._loaded(operation, self.free[0]))
            elif operation.kind == "store":
                self._store(operation)
            else:
                self.keep(operation, getattr(self, f"_{operation.kind}")(operation))

    # Where values are.

    def keep(self, it: Operation, at: int) -> None:
        """Brings a result to a pair of its own."""
        home = self.free.pop(0)
        self._move(home, at)
        self.where[id(it)] = home

    def fetch(self, it: Operation, to: int) -> int:
        """An operand, for the last time or not, in a pair to work on."""
        self.left[id(it)] -= 1
        if id(it) not in self.where:
            return self._loaded(it, to)
        self._move(to, self.where[id(it)])
        if not self.left[id(it)]:
            self.free.insert(0, self.where.pop(id(it)))
        return to

    def _move(self, to: int, at: int) -> None:
        if to != at:
            self(*([f"movw r{to}, r{at}"] if at % 2 == 0 else [f"mov r{to}, r{at}", f"mov r{to + 1}, r{at + 1}"]))

    def _loaded(self, it: Operation, to: int) -> int:
        if it.kind == "flash":
            self.columns.append(it)
            self("movw r30, r12", f"lpm r{to}, Z+", f"lpm r{to + 1}, Z+", "movw r12, r30")
            return to
        at = 2 * self.place(it.place)
        if at <= _NEAR:
            self(f"ldd r{to}, Y+{at}", f"ldd r{to + 1}, Y+{at + 1}")
        else:
            self.far(at)
            self(f"ld r{to}, X+", f"ld r{to + 1}, X")
        return to

    def far(self, at: int) -> None:
        """X = Y + at."""
        self("movw r26, r28", f"subi r26, {-at & 255}", f"sbci r27, {-at >> 8 & 255}")

    def _store(self, it: Operation) -> None:
        (value,) = it.args
        at, near = 2 * self.place(it.place), 2 * self.place(it.place) <= _NEAR
        if id(value) not in self.where:
            self.keep(value, self._loaded(value, _A))
        pair = self.where[id(value)]
        if near:
            self(f"std Y+{at}, r{pair}", f"std Y+{at + 1}, r{pair + 1}")
        else:
            self.far(at)
            self(f"st X+, r{pair}", f"st X, r{pair + 1}")
        self.left[id(value)] -= 1
        if not self.left[id(value)]:
            self.free.insert(0, self.where.pop(id(value)))

    # Wider numbers: k bytes from a register on.

    def extend(self, at: int, k: int) -> None:
        """16 bits to k bytes."""
        if k > 2:
            self(f"mov r{at + 2}, r{at + 1}", f"lsl r{at + 2}", f"sbc r{at + 2}, r{at + 2}")
        if k > 3:
            self(f"mov r{at + 3}, r{at + 2}")

    def _up(self, at: int, k: int, shift: int) -> None:
        for _ in range(shift):
            self(f"lsl r{at}", *(f"rol r{at + byte}" for byte in range(1, k)))

    def down(self, at: int, k: int, shift: int, bounds: Bounds, rounds: bool) -> tuple[int, int]:
        """Shifts to the right, with the last bit that falls out added where that rounds; where it is, and its bytes."""
        dropped = -1
        while shift >= 8 and k > 1:
            dropped, at, k, shift = at, at + 1, k - 1, shift - 8
            if k == 1:
                self(f"mov r{_A}, r{at}", f"mov r{_A + 1}, r{at}", f"lsl r{_A + 1}", f"sbc r{_A + 1}, r{_A + 1}")
                at, k = _A, 2
        if shift > 4 and k > 2 and max(-bounds[0] - 1, bounds[1]) < 1 << 8 * k - 1 - (8 - shift):
            self._up(at, k, 8 - shift)
            dropped, at, k, shift = at, at + 1, k - 1, 0
        for _ in range(shift):
            self(f"asr r{at + k - 1}", *(f"ror r{at + byte}" for byte in reversed(range(k - 1))))
        if rounds and not shift:
            self(f"lsl r{dropped}")
        if rounds:
            self(*(f"adc r{at + byte}, r2" for byte in range(k)))
        return at, k

    def _label(self) -> int:
        self.labels += 1
        return self.labels

    def within(self, at: int, k: int, bounds: Bounds, low: int, high: int) -> int:
        """Clamps k bytes that lie in bounds."""
        end = self._label()
        if bounds[1] > high:
            other = end if bounds[0] >= low else self._label()
            self.compared(at, k, high + 1)
            self(f"brlt {other}f", f"{RARE}ldi r{at}, {high & 255}", f"{RARE}ldi r{at + 1}, {high >> 8 & 255}")
            if other != end:
                self(f"{RARE}rjmp {end}f", f"{other}:")
        if bounds[0] < low:
            self.compared(at, k, low)
            self(f"brge {end}f", f"{RARE}ldi r{at}, {low & 255}", f"{RARE}ldi r{at + 1}, {low >> 8 & 255}")
        self(f"{end}:")
        return at

    def compared(self, at: int, k: int, value: int) -> None:
        """Compares k bytes with a constant."""
        self(f"ldi r26, {value >> 8 & 255}")
        if k > 2 and value < 0:
            self("ldi r27, 255")
        top = "r27" if value < 0 else "r2"
        self(f"cpi r{at}, {value & 255}", f"cpc r{at + 1}, r26", *(f"cpc r{at + byte}, {top}" for byte in range(2, k)))

    def finish(self, it: Operation, at: int, k: int) -> int:
        """A result of k bytes, clamped to its 16."""
        if not it.clamp:
            return at
        if k == 2 or it.clamp < 32767 or not it.bounds[0] < -32768 <= 32767 < it.bounds[1]:
            return self.within(at, k, it.bounds, ~it.clamp, it.clamp)
        end = self._label()
        self(f"mov r26, r{at + 1}", "lsl r26", "sbc r26, r26", f"cp r{at + 2}, r26")
        self(*(f"cpc r{at + byte}, r26" for byte in range(3, k)), f"breq {end}f")
        self(f"{RARE}ldi r{at}, 255", f"{RARE}ldi r{at + 1}, 127", f"{RARE}tst r{at + k - 1}", f"{RARE}brpl {end}f")
        self(f"{RARE}ldi r{at}, 0", f"{RARE}ldi r{at + 1}, 128", f"{end}:")
        return at

    # Operations; the register of each one's result.

    def _line(self, it: Operation) -> int:
        (a,) = it.args
        size, power = abs(it.factor), abs(it.factor).bit_length() - 1
        rounds = it.offset > 0 and it.offset == 1 << it.shift >> 1
        offset = 0 if rounds else it.offset
        if size & (size - 1):
            self.fetch(a, _A)
            self(f"ldi r{_B}, {it.factor & 255}", f"ldi r{_B + 1}, {it.factor >> 8 & 255}")
            self.multiplied()
            ends, k, at = _ends(a, it.factor, offset), 4, _C
        else:
            ends = _ends(a, it.factor, offset)
            k, at = _bytes(*ends, *_ends(a, size, 0)), _C
            self.extend(self.fetch(a, at), k)
            self._up(at, k, power)
            if it.factor < 0:
                self(*(f"ldi r{_A + byte}, {offset >> 8 * byte & 255}" for byte in range(k)))
                self(f"sub r{_A}, r{at}", *(f"sbc r{_A + byte}, r{at + byte}" for byte in range(1, k)))
                at, offset = _A, 0
        if offset:
            self(f"subi r{at}, {-offset & 255}")
            self(*(f"sbci r{at + byte}, {-offset >> 8 * byte & 255}" for byte in range(1, k)))
        return self.finish(it, *self.down(at, k, it.shift, ends, rounds))

    def _sum(self, it: Operation) -> int:
        a, b = it.args
        both = min(it.left, it.right)
        ends = (it.bounds[0] << it.shift >> both, it.bounds[1] << it.shift >> both)
        left, right = it.left - both, it.right - both
        k = _bytes(*_ends(a, 1 << left, 0), *_ends(b, 1 << right, 0), *ends)
        overflows = k == 3 and _bytes(*_ends(a, 1 << left, 0), *_ends(b, 1 << right, 0)) == 2
        if overflows and not it.shift and not both and it.clamp == 32767:
            return self.saturated(it, left, right)
        self.extend(self.fetch(a, _C), k)
        self._up(_C, k, left)
        self.extend(self.fetch(b, _A), k)
        self._up(_A, k, right)
        names = ("add", "adc") if it.factor > 0 else ("sub", "sbc")
        self(*(f"{names[byte > 0]} r{_C + byte}, r{_A + byte}" for byte in range(k)))
        wide = _bytes(*it.bounds) if both else k
        for byte in range(k, wide):
            self(f"mov r{_C + byte}, r{_C + byte - 1}", f"lsl r{_C + byte}", f"sbc r{_C + byte}, r{_C + byte}")
        self._up(_C, wide, both)
        return self.finish(it, *self.down(_C, wide, it.shift, ends, it.offset > 0))

    def saturated(self, it: Operation, left: int, right: int) -> int:
        """A sum of 16 bits."""
        a, b = it.args
        self._up(self.fetch(a, _C), 2, left)
        self._up(self.fetch(b, _A), 2, right)
        names = ("add", "adc") if it.factor > 0 else ("sub", "sbc")
        end = self._label()
        self(f"{names[0]} r{_C}, r{_A}", f"{names[1]} r{_C + 1}, r{_A + 1}", f"brvc {end}f")
        self(f"{RARE}ldi r{_C}, 255", f"{RARE}ldi r{_C + 1}, 127", f"{RARE}brmi {end}f")
        self(f"{RARE}ldi r{_C}, 0", f"{RARE}ldi r{_C + 1}, 128", f"{end}:")
        return _C

    def multiplied(self) -> None:
        """C, of 32 bits, = A * B. The carry after mulsu is the product's sign."""
        a, b, c = _A, _B, _C
        self(f"muls r{a + 1}, r{b + 1}", f"movw r{c + 2}, r0", f"mul r{a}, r{b}", f"movw r{c}, r0")
        for one, other in ((a, b), (b, a)):
            self(f"mulsu r{one + 1}, r{other}", f"sbc r{c + 3}, r2")
            self(f"add r{c + 1}, r0", f"adc r{c + 2}, r1", f"adc r{c + 3}, r2")

    def _mul(self, it: Operation) -> int:
        a, b = it.args
        self.fetch(a, _A)
        self.fetch(b, _B)
        self.multiplied()
        ends = (it.bounds[0] << it.shift, it.bounds[1] + 1 << it.shift)
        return self.finish(it, *self.down(_C, 4, it.shift, ends, it.offset > 0))

    def _table(self, it: Operation) -> int:
        (a,) = it.args
        self.fetch(a, _C)
        at = 2 * self.tables.at(it)
        self(f"mov r30, r{_C + 1}", "lsl r30", "sbc r31, r31", "add r30, r14", "adc r31, r15")
        if at:
            self(f"subi r30, {-at & 255}", f"sbci r31, {-at >> 8 & 255}")
        self(f"lpm r{_A}, Z+", f"lpm r{_A + 1}, Z+", f"lpm r{_B}, Z+", f"lpm r{_B + 1}, Z")
        self(f"sub r{_B}, r{_A}", f"sbc r{_B + 1}, r{_A + 1}")
        assert it.values is not None  # noqa: S101 -- a table has knots
        if np.abs(np.diff(it.values.astype(np.int64))).max() > 32767:
            end = self._label()
            self(f"brvc {end}f", f"{RARE}add r{_A + 1}, r{_C}", f"{RARE}brmi {end}f")
            self(f"{RARE}sub r{_A + 1}, r{_C}", f"{RARE}sub r{_A + 1}, r{_C}", f"{end}:")
        self(f"mul r{_B}, r{_C}", f"mov r{_B}, r1", f"mulsu r{_B + 1}, r{_C}", f"add r0, r{_B}", "adc r1, r2")
        self(f"add r{_A}, r0", f"adc r{_A + 1}, r1")
        return self.finish(it, _A, 2)

    def _limit(self, it: Operation) -> int:
        (a,) = it.args
        return self.within(self.fetch(a, _C), 2, (a.least, a.most), *it.bounds)

    def _maximum(self, it: Operation) -> int:
        return self._chosen(it, "brge")

    def _minimum(self, it: Operation) -> int:
        return self._chosen(it, "brlt")

    def _chosen(self, it: Operation, branch: str) -> int:
        a, b = it.args
        self.fetch(a, _C)
        self.fetch(b, _A)
        end = self._label()
        self(f"cp r{_C}, r{_A}", f"cpc r{_C + 1}, r{_A + 1}", f"{branch} {end}f", f"{RARE}movw r{_C}, r{_A}", f"{end}:")
        return self.finish(it, _C, 2)

    def _greater(self, it: Operation) -> int:
        a, b = it.args
        k = _bytes(*_ends(a, 1 << it.left, 0), *_ends(b, 1 << it.right, 0))
        self.extend(self.fetch(a, _C), k)
        self._up(_C, k, it.left)
        self.extend(self.fetch(b, _A), k)
        self._up(_A, k, it.right)
        end = self._label()
        self(f"cp r{_A}, r{_C}", *(f"cpc r{_A + byte}, r{_C + byte}" for byte in range(1, k)))
        self(f"ldi r{_C}, {it.offset & 255}", f"ldi r{_C + 1}, {it.offset >> 8}", f"brlt {end}f")
        self(f"{RARE}ldi r{_C}, 0", f"{RARE}ldi r{_C + 1}, 0", f"{end}:")
        return _C

    def _select(self, it: Operation) -> int:
        c, a, b = it.args
        self.fetch(c, _B)
        self.fetch(a, _C)
        self.fetch(b, _A)
        end = self._label()
        self(f"or r{_B}, r{_B + 1}", f"brne {end}f", f"{RARE}movw r{_C}, r{_A}", f"{end}:")
        return self.finish(it, _C, 2)


def _ends(a: Operation, factor: int, offset: int) -> Bounds:
    low, high = sorted((factor * a.least + offset, factor * a.most + offset))
    return low, high


def _bytes(*values: int) -> int:
    """How many bytes hold them all, two at least."""
    return max(2, *(((value if value >= 0 else ~value).bit_length() + 8) // 8 for value in values))
