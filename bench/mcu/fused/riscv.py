"""A loop for RV32IM: a0 walks memory, a1 is the tables, a2 walks the stream, a3 counts.

All registers are the caller's to save. A number that saturates leaves the loop for a block behind it, and comes back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bench.mcu.fused.code import RARE, Generator, Loop, Place, Tables, in_c
from bench.mcu.fused.operations import Operation

_POOL = ("a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6")
_CONSTANTS = 3  # registers for what every unit needs
_UNROLLED = (4, 2, 1)
_REACH = 2048
FIRST = 1000
"""The first number of labels of what is rare."""


def loop(operations: Sequence[Operation], size: int, place: Place, tables: Tables) -> Loop:
    """The code of a loop over so many units."""
    made = RiscV(operations, place, tables)
    together = next(units for units in _UNROLLED if size % units == 0)
    for unit in range(together):
        made.unit(2 * unit)
    stream = [f"addi a2, a2, {2 * len(made.columns)}"] if made.columns else []
    made(f"addi a0, a0, {2 * together}", "addi a3, a3, -1", *stream, "bnez a3, 0b")
    columns = made.columns[: len(made.columns) // together]
    return Loop(
        (f"li a3, {size // together}", *made.constants(), "0:"),
        tuple(made.lines),
        ("ret", *made.rare),
        size // together,
        made.stream(columns),
        tuple(in_c(operations, columns, place, tables)),
    )


class RiscV(Generator):
    """Units, one after the other.

    Attributes:
        free: registers that hold nothing.
        where: by operation, the register of its result.
        held: constants that have a register.
        at: bytes from a0 to the unit.
        rare: what runs only where a number saturates.
    """

    def __init__(self, operations: Sequence[Operation], place: Place, tables: Tables) -> None:
        super().__init__(operations, place, tables)
        self.free = list(_POOL)
        self.where: dict[int, str] = {}
        self.held: dict[int, str] = {}
        self.at = self.labels = 0
        self.rare: list[str] = []
        wanted = [line.factor for line in self.kinds("line") if not _is_power(abs(line.factor))]
        wanted += [it.offset for it in operations if not -_REACH <= it.offset < _REACH]
        for value, _ in Counter(wanted).most_common(_CONSTANTS):
            self.held[value] = self.free.pop()

    def constants(self) -> list[str]:
        """What gives constants their registers."""
        return [line for value, register in self.held.items() for line in _moved(register, value)]

    def unit(self, at: int) -> None:
        """One unit's operations."""
        self.at, left = at, dict(self.left)
        for it in self.operations:
            args = [self.where[id(argument)] for argument in it.args]
            result = None if it.kind == "store" else self.free.pop()
            getattr(self, f"_{it.kind}")(it, args, result)
            if result:
                self.where[id(it)] = result
                self._clamp(it, result)
            for argument in dict.fromkeys(it.args):
                left[id(argument)] -= sum(one is argument for one in it.args)
                if not left[id(argument)]:
                    self.free.append(self.where[id(argument)])

    def number(self, value: int) -> str:
        """A register with a constant; not to be kept."""
        if value not in self.held:
            self(*_moved(self.free[0], value))
            return self.free[0]
        return self.held[value]

    def plus(self, d: str, value: int) -> None:
        """Adds a constant."""
        if -_REACH <= value < _REACH:
            self(*([f"addi {d}, {d}, {value}"] if value else []))
        else:
            self(f"add {d}, {d}, {self.number(value)}")

    def _down(self, it: Operation, d: str) -> None:
        """Rounds and shifts to the right."""
        self.plus(d, it.offset)
        self(*([f"srai {d}, {d}, {it.shift}"] if it.shift else []))

    def _clamp(self, it: Operation, d: str) -> None:
        if it.clamp:
            bits, t, label = 31 - it.clamp.bit_length(), self.free[0], FIRST + 2 * len(self.rare)
            self(f"slli {t}, {d}, {bits}", f"srai {t}, {t}, {bits}", f"bne {t}, {d}, {label}f", f"{label + 1}:")
            rare = [f"{label}:", f"srai {d}, {d}, 31", *_moved(t, it.clamp), f"xor {d}, {d}, {t}", f"j {label + 1}b"]
            self.rare += [RARE + line for line in rare]

    def _near(self, at: int, base: str) -> str:
        """A place so many bytes from a register."""
        if at < _REACH:
            return f"{at}({base})"
        self(*_moved(self.free[0], at), f"add {self.free[0]}, {self.free[0]}, {base}")
        return f"0({self.free[0]})"

    def _load(self, it: Operation, args: list[str], d: str) -> None:
        place = self._near(2 * self.place(it.place) + self.at, "a0")
        self(f"lh {d}, {place}")

    def _flash(self, it: Operation, args: list[str], d: str) -> None:
        self(f"lh {d}, {2 * len(self.columns)}(a2)")
        self.columns.append(it)

    def _store(self, it: Operation, args: list[str], _: None) -> None:
        self(f"sh {args[0]}, {self._near(2 * self.place(it.place) + self.at, 'a0')}")

    def _line(self, it: Operation, args: list[str], d: str) -> None:
        size = abs(it.factor)
        if _is_power(size):
            sign = "neg" if it.factor < 0 else "mv"
            twos = size.bit_length() - 1
            self(f"slli {d}, {args[0]}, {twos}" if twos else f"{sign} {d}, {args[0]}")
            self(*([f"neg {d}, {d}"] if twos and it.factor < 0 else []))
        else:
            self(f"mul {d}, {args[0]}, {self.number(it.factor)}")
        self._down(it, d)

    def _shifted(self, a: str, b: str, left: int, right: int, d: str) -> tuple[str, str]:
        """Two numbers, of which one at most is shifted to the left, into d."""
        if left:
            self(f"slli {d}, {a}, {left}")
            return d, b
        if right:
            self(f"slli {d}, {b}, {right}")
            return a, d
        return a, b

    def _sum(self, it: Operation, args: list[str], d: str) -> None:
        a, b = args
        both = min(it.left, it.right)
        a, b = self._shifted(a, b, it.left - both, it.right - both, d)
        self(f"{'add' if it.factor > 0 else 'sub'} {d}, {a}, {b}", *([f"slli {d}, {d}, {both}"] if both else []))
        self._down(it, d)

    def _mul(self, it: Operation, args: list[str], d: str) -> None:
        self(f"mul {d}, {args[0]}, {args[1]}")
        self._down(it, d)

    def _table(self, it: Operation, args: list[str], d: str) -> None:
        t, low, at = self.free[-1], self.free[-2], 2 * self.tables.at(it) + 256
        self(f"srai {t}, {args[0]}, 8", f"slli {t}, {t}, 1", f"add {t}, {t}, a1")
        if at + 2 >= _REACH:
            self(f"add {t}, {t}, {self.number(at)}")
            at = 0
        self(f"lh {d}, {at}({t})", f"lh {t}, {at + 2}({t})", f"andi {low}, {args[0]}, 255")
        self(f"sub {t}, {t}, {d}", f"mul {t}, {t}, {low}", f"srai {t}, {t}, 8", f"add {d}, {d}, {t}")

    def _limit(self, it: Operation, args: list[str], d: str) -> None:
        (a,), (low, high), (of,) = args, it.bounds, it.args
        if low == 0:
            self(f"srai {d}, {a}, 31", f"not {d}, {d}", f"and {d}, {d}, {a}")
        else:
            self(f"mv {d}, {a}")
        if low and of.least < low:
            t = self.number(low)
            self._unless(f"bge {d}, {t}", f"mv {d}, {t}")
        if of.most > high:
            t = self.number(high)
            self._unless(f"bge {t}, {d}", f"mv {d}, {t}")

    def _unless(self, branch: str, otherwise: str) -> None:
        """An instruction that a branch skips."""
        self.labels += 1
        self(f"{branch}, {self.labels}f", RARE + otherwise, f"{self.labels}:")

    def _maximum(self, it: Operation, args: list[str], d: str) -> None:
        self(f"mv {d}, {args[0]}")
        self._unless(f"bge {args[0]}, {args[1]}", f"mv {d}, {args[1]}")

    def _minimum(self, it: Operation, args: list[str], d: str) -> None:
        self(f"mv {d}, {args[0]}")
        self._unless(f"bge {args[1]}, {args[0]}", f"mv {d}, {args[1]}")

    def _greater(self, it: Operation, args: list[str], d: str) -> None:
        a, b = self._shifted(args[0], args[1], it.left, it.right, d)
        self(f"slt {d}, {b}, {a}", f"neg {d}, {d}")
        if it.offset < _REACH:
            self(f"andi {d}, {d}, {it.offset}")
        else:
            self(f"and {d}, {d}, {self.number(it.offset)}")

    def _select(self, it: Operation, args: list[str], d: str) -> None:
        self(f"mv {d}, {args[1]}")
        self._unless(f"bnez {args[0]}", f"mv {d}, {args[2]}")


def _is_power(value: int) -> bool:
    return value > 0 and value & (value - 1) == 0


def _moved(register: str, value: int) -> list[str]:
    """A constant in one instruction or two, as the assembler would take."""
    low = (value + _REACH & 0xFFF) - _REACH
    high = (value - low) >> 12 & 0xFFFFF
    if not high:
        return [f"li {register}, {value}"]
    return [f"lui {register}, {high}"] + ([f"addi {register}, {register}, {low}"] if low else [])
