"""A loop in AVR's assembly: Y walks memory, r14 and r12 are the tables and the stream, r2 is 0, r3 counts.

Numbers of 16 bits are kept in r4 to r11 and worked on in r16 to r23, which multiply; wider ones are there alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.mcu.fused.avr_registers import A, B, C, Registers
from bench.mcu.fused.code import RARE, Loop, Place, Tables, in_c
from bench.mcu.fused.operations import Bounds, Operation

_KEPT = (*range(2, 18), 28, 29)


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


class Avr(Registers):
    """A unit's instructions."""

    def bases(self) -> list[str]:
        """What brings the arguments to their places; 256 bytes into the tables."""
        tables = ["subi r23, 255", "movw r14, r22"] if self.kinds("table") else []
        return tables + (["movw r12, r20"] if self.kinds("flash") else [])

    def unit(self) -> None:
        """All operations; a load that is read once waits for its reader."""
        waiting = [it for it in self.operations if it.kind not in ("load", "flash") or self.left[id(it)] > 1]
        for it, reader in zip(waiting, [*waiting[1:], None], strict=True):
            if it.kind == "store":
                self._store(it)
            elif it.kind in ("load", "flash"):
                self.keep(it, self._loaded(it, self.free[0]), None)
            else:
                self.keep(it, getattr(self, f"_{it.kind}")(it), reader)

    # Operations; the register of each one's result.

    def _line(self, it: Operation) -> int:
        (a,) = it.args
        size, power = abs(it.factor), abs(it.factor).bit_length() - 1
        rounds = it.offset > 0 and it.offset == 1 << it.shift >> 1
        offset = 0 if rounds else it.offset
        if size & (size - 1):
            self.fetch(a, A)
            self(f"ldi r{B}, {it.factor & 255}", f"ldi r{B + 1}, {it.factor >> 8 & 255}")
            self.multiplied(a.least >= 0, it.factor > 0)
            ends, k, at = _ends(a, it.factor, offset), 4, C
        else:
            ends = _ends(a, it.factor, offset)
            k, at = _bytes(*ends, *_ends(a, size, 0)), C
            self.extend(self.fetch(a, at), k)
            self._up(at, k, power)
            if it.factor < 0:
                self(*(f"ldi r{A + byte}, {offset >> 8 * byte & 255}" for byte in range(k)))
                self(f"sub r{A}, r{at}", *(f"sbc r{A + byte}, r{at + byte}" for byte in range(1, k)))
                at, offset = A, 0
        if offset:
            self(f"subi r{at}, {-offset & 255}")
            self(*(f"sbci r{at + byte}, {-offset >> 8 * byte & 255}" for byte in range(1, k)))
        return self.finish(it, *self.down(at, k, it, ends, rounds))

    def _sum(self, it: Operation) -> int:
        a, b = it.args
        both = min(it.left, it.right)
        ends = (it.bounds[0] << it.shift >> both, it.bounds[1] << it.shift >> both)
        left, right = it.left - both, it.right - both
        k = _bytes(*_ends(a, 1 << left, 0), *_ends(b, 1 << right, 0), *ends)
        overflows = k == 3 and _bytes(*_ends(a, 1 << left, 0), *_ends(b, 1 << right, 0)) == 2
        if overflows and not it.shift and not both and it.clamp == 32767:
            return self.saturated(it, left, right)
        self.fetched((a, C), (b, A))
        self.extend(C, k)
        self._up(C, k, left)
        self.extend(A, k)
        self._up(A, k, right)
        names = ("add", "adc") if it.factor > 0 else ("sub", "sbc")
        self(*(f"{names[byte > 0]} r{C + byte}, r{A + byte}" for byte in range(k)))
        wide = _bytes(*it.bounds) if both else k
        for byte in range(k, wide):
            self(f"mov r{C + byte}, r{C + byte - 1}", f"lsl r{C + byte}", f"sbc r{C + byte}, r{C + byte}")
        self._up(C, wide, both)
        return self.finish(it, *self.down(C, wide, it, ends, it.offset > 0))

    def saturated(self, it: Operation, left: int, right: int) -> int:
        """A sum of 16 bits."""
        a, b = it.args
        self.fetched((a, C), (b, A))
        self._up(C, 2, left)
        self._up(A, 2, right)
        names = ("add", "adc") if it.factor > 0 else ("sub", "sbc")
        end = self._label()
        self(f"{names[0]} r{C}, r{A}", f"{names[1]} r{C + 1}, r{A + 1}", f"brvc {end}f")
        self(f"{RARE}ldi r{C}, 255", f"{RARE}ldi r{C + 1}, 127", f"{RARE}brmi {end}f")
        self(f"{RARE}ldi r{C}, 0", f"{RARE}ldi r{C + 1}, 128", f"{end}:")
        return C

    def multiplied(self, *positive: bool) -> None:
        """C, of 32 bits, = A * B, either of which may be known to be positive. The carry after mulsu is a sign."""
        a, b, c = A, B, C
        self(f"muls r{a + 1}, r{b + 1}", f"movw r{c + 2}, r0", f"mul r{a}, r{b}", f"movw r{c}, r0")
        for one, other, unsigned in zip((a, b), (b, a), positive, strict=True):
            name = "mul" if unsigned else "mulsu"
            self(f"{name} r{one + 1}, r{other}", *([] if unsigned else [f"sbc r{c + 3}, r2"]))
            self(f"add r{c + 1}, r0", f"adc r{c + 2}, r1", f"adc r{c + 3}, r2")

    def _mul(self, it: Operation) -> int:
        a, b = it.args
        self.fetched((a, A), (b, B))
        self.multiplied(a.least >= 0, b.least >= 0)
        ends = (it.bounds[0] << it.shift, it.bounds[1] + 1 << it.shift)
        return self.finish(it, *self.down(C, 4, it, ends, it.offset > 0))

    def _table(self, it: Operation) -> int:
        (a,) = it.args
        self.fetch(a, C)
        at = 2 * self.tables.at(it)
        self(f"mov r30, r{C + 1}", "lsl r30", "sbc r31, r31", "add r30, r14", "adc r31, r15")
        if at:
            self(f"subi r30, {-at & 255}", f"sbci r31, {-at >> 8 & 255}")
        self(f"lpm r{A}, Z+", f"lpm r{A + 1}, Z+", f"lpm r{B}, Z+", f"lpm r{B + 1}, Z")
        self(f"sub r{B}, r{A}", f"sbc r{B + 1}, r{A + 1}")
        assert it.values is not None  # noqa: S101 -- a table has knots
        if np.abs(np.diff(it.values.astype(np.int64))).max() > 32767:
            end = self._label()
            self(f"brvc {end}f", f"{RARE}add r{A + 1}, r{C}", f"{RARE}brmi {end}f")
            self(f"{RARE}sub r{A + 1}, r{C}", f"{RARE}sub r{A + 1}, r{C}", f"{end}:")
        self(f"mul r{B}, r{C}", f"mov r{B}, r1", f"mulsu r{B + 1}, r{C}", f"add r0, r{B}", "adc r1, r2")
        self(f"add r{A}, r0", f"adc r{A + 1}, r1")
        return self.finish(it, A, 2)

    def _limit(self, it: Operation) -> int:
        (a,) = it.args
        return self.within(self.fetch(a, C), 2, (a.least, a.most), *it.bounds)

    def _maximum(self, it: Operation) -> int:
        return self._chosen(it, "brge")

    def _minimum(self, it: Operation) -> int:
        return self._chosen(it, "brlt")

    def _chosen(self, it: Operation, branch: str) -> int:
        a, b = it.args
        self.fetched((a, C), (b, A))
        end = self._label()
        self(f"cp r{C}, r{A}", f"cpc r{C + 1}, r{A + 1}", f"{branch} {end}f", f"{RARE}movw r{C}, r{A}", f"{end}:")
        return self.finish(it, C, 2)

    def _greater(self, it: Operation) -> int:
        a, b = it.args
        k = _bytes(*_ends(a, 1 << it.left, 0), *_ends(b, 1 << it.right, 0))
        self.fetched((a, C), (b, A))
        self.extend(C, k)
        self._up(C, k, it.left)
        self.extend(A, k)
        self._up(A, k, it.right)
        end = self._label()
        self(f"cp r{A}, r{C}", *(f"cpc r{A + byte}, r{C + byte}" for byte in range(1, k)))
        self(f"ldi r{C}, {it.offset & 255}", f"ldi r{C + 1}, {it.offset >> 8}", f"brlt {end}f")
        self(f"{RARE}ldi r{C}, 0", f"{RARE}ldi r{C + 1}, 0", f"{end}:")
        return C

    def _select(self, it: Operation) -> int:
        c, a, b = it.args
        self.fetched((c, B), (a, C), (b, A))
        end = self._label()
        self(f"or r{B}, r{B + 1}", f"brne {end}f", f"{RARE}movw r{C}, r{A}", f"{end}:")
        return self.finish(it, C, 2)


def _ends(a: Operation, factor: int, offset: int) -> Bounds:
    low, high = sorted((factor * a.least + offset, factor * a.most + offset))
    return low, high


def _bytes(*values: int) -> int:
    """How many bytes hold them all, two at least."""
    return max(2, *(((value if value >= 0 else ~value).bit_length() + 8) // 8 for value in values))
