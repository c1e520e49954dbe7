"""AVR's registers: where a loop's numbers are, and what is done with those of more than 16 bits."""

from __future__ import annotations

from collections.abc import Sequence

from bench.mcu.fused.code import RARE, Generator, Place, Tables
from bench.mcu.fused.operations import Bounds, Operation

_HOMES = (4, 6, 8, 10, 12, 14)
A, B, C = 16, 18, 20
"""Where operands are worked on; a product is in ``C``."""
_NEAR = 62  # bytes from Y that an instruction reaches


class Registers(Generator):
    """What a unit works with. Where a register's number is said, it is the lowest of those that hold a value.

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

    # Where values are.

    def keep(self, it: Operation, at: int, reader: Operation | None) -> None:
        """Brings a result to a pair of its own, unless the next operation alone reads it."""
        if reader is not None and self.left[id(it)] == 1 and it in reader.args:
            self.where[id(it)] = at
            return
        home = self.free.pop(0)
        self._move(home, at)
        self.where[id(it)] = home

    def fetched(self, *operands: tuple[Operation, int]) -> None:
        """Operands to pairs to work on, first what is there from the operation before."""
        for operand, to in sorted(operands, key=lambda pair: self.where.get(id(pair[0]), 0) < A):
            self.fetch(operand, to)

    def fetch(self, it: Operation, to: int) -> int:
        """An operand, for the last time or not, in a pair to work on."""
        self.left[id(it)] -= 1
        if id(it) not in self.where:
            return self._loaded(it, to)
        self._move(to, self.where[id(it)])
        if not self.left[id(it)]:
            self.release(it)
        return to

    def release(self, it: Operation) -> None:
        """Frees the pair of what is not read again."""
        pair = self.where.pop(id(it))
        if pair < A:
            self.free.insert(0, pair)

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
        at = 2 * self.place(it.place)
        if id(value) not in self.where:
            self.where[id(value)] = self._loaded(value, A)
        pair = self.where[id(value)]
        if at <= _NEAR:
            self(f"std Y+{at}, r{pair}", f"std Y+{at + 1}, r{pair + 1}")
        else:
            self.far(at)
            self(f"st X+, r{pair}", f"st X, r{pair + 1}")
        self.left[id(value)] -= 1
        if not self.left[id(value)]:
            self.release(value)

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

    def down(self, at: int, k: int, it: Operation, bounds: Bounds, rounds: bool) -> tuple[int, int]:
        """Shifts to the right, with the last bit that falls out added where that rounds; where it is, and its bytes."""
        dropped, shift = -1, it.shift
        while shift >= 8 and k > 1:
            dropped, at, k, shift = at, at + 1, k - 1, shift - 8
            bounds = bounds[0] >> 8, bounds[1] >> 8
            if k == 1:
                self(f"mov r{A}, r{at}", f"mov r{A + 1}, r{at}", f"lsl r{A + 1}", f"sbc r{A + 1}, r{A + 1}")
                at, k = A, 2
        if shift > 4 and k > 2 and max(-bounds[0] - 1, bounds[1]) < 1 << 8 * k - 1 - (8 - shift):
            self._up(at, k, 8 - shift)
            dropped, at, k, shift = at, at + 1, k - 1, 0
        for _ in range(shift):
            self(f"asr r{at + k - 1}", *(f"ror r{at + byte}" for byte in reversed(range(k - 1))))
        if rounds and not shift:
            self(f"lsl r{dropped}")
        if rounds:
            self(*(f"adc r{at + byte}, r2" for byte in range(k if it.clamp else 2)))
        return at, k

    def _label(self) -> int:
        self.labels += 1
        return self.labels

    def within(self, at: int, k: int, bounds: Bounds, low: int, high: int) -> int:
        """Clamps k bytes that lie in bounds; of powers of two, the high byte of two alone says whether it is needed."""
        end = self._label()
        if -32768 <= bounds[0] < low == ~high <= -256 and high < bounds[1] <= 32767 and not high + 1 & high:
            self(
                f"mov r26, r{at + 1}", f"subi r26, {256 - (high + 1 >> 8)}", f"cpi r26, {high + 1 >> 7}", f"brlo {end}f"
            )
            self(f"{RARE}lsl r{at + 1}", f"{RARE}ldi r{at}, 255", f"{RARE}ldi r{at + 1}, {high >> 8}")
            self(f"{RARE}brcc {end}f", f"{RARE}com r{at}", f"{RARE}com r{at + 1}", f"{end}:")
            return at
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
