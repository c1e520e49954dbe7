"""A loop in Thumb-2, for Cortex-M3 and M4: r0 walks memory, r1 is the tables, r2 walks the stream, r3 counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bench.mcu.fused.code import Generator, Loop, Place, Tables, in_c
from bench.mcu.fused.operations import Operation

_POOL = ("r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr")
_KEPT = ("r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11")
_CONSTANTS = 3  # registers for what every unit needs
_UNROLLED = (4, 2, 1)


def loop(operations: Sequence[Operation], size: int, place: Place, tables: Tables) -> Loop:
    """The code of a loop over so many units."""
    made = Thumb2(operations, place, tables)
    together = next(units for units in _UNROLLED if size % units == 0)
    for unit in range(together):
        made.unit(2 * unit)
    made(f"adds r0, r0, #{2 * together}", "subs r3, r3, #1", "bne 0b")
    columns = made.columns[: len(made.columns) // together]
    return Loop(
        ("push {" + ", ".join((*_KEPT, "lr")) + "}", f"movw r3, #{size // together}", *made.constants(), "0:"),
        tuple(made.lines),
        ("pop {" + ", ".join((*_KEPT, "pc")) + "}",),
        size // together,
        made.stream(columns),
        tuple(in_c(operations, columns, place, tables)),
    )


class Thumb2(Generator):
    """Units, one after the other.

    Attributes:
        free: registers that hold nothing.
        where: by operation, the register of its result.
        held: constants that have a register.
        at: bytes from r0 to the unit.
    """

    def __init__(self, operations: Sequence[Operation], place: Place, tables: Tables) -> None:
        super().__init__(operations, place, tables)
        self.free = list(_POOL)
        self.where: dict[int, str] = {}
        self.held: dict[int, str] = {}
        self.at = 0
        wanted = [
            value for line in self.kinds("line") for value in (line.factor, line.offset) if not _power(abs(line.factor))
        ]
        halves = Counter(product.offset for product in self.kinds("mul") if product.offset)
        for value in (*wanted, *(half for half, _ in halves.most_common())):
            if value not in self.held and len(self.held) < _CONSTANTS:
                self.held[value] = self.free.pop()

    def constants(self) -> list[str]:
        """What gives constants their registers."""
        return [line for value, register in self.held.items() for line in _moved(register, value)]

    def unit(self, at: int) -> None:
        """One unit's operations."""
        self.at, left = at, dict(self.left)
        for operation in self.operations:
            args = [self.where[id(argument)] for argument in operation.args]
            for argument in operation.args:
                left[id(argument)] -= 1
            dying = {self.where[id(one)] for one in operation.args if not left[id(one)]}
            getattr(self, f"_{operation.kind}")(operation, args, dying)
            self.free += sorted(dying - set(self.free), reverse=True)

    def made(self, it: Operation, dying: set[str]) -> str:
        """A register for a result: one whose number dies with this operation, or a free one."""
        register = sorted(dying)[0] if dying else self.free.pop()
        dying.discard(register)
        self.where[id(it)] = register
        return register

    def fresh(self, it: Operation) -> str:
        """A register for a result that is begun before its operands are done with."""
        self.where[id(it)] = self.free.pop()
        return self.where[id(it)]

    def number(self, value: int) -> str:
        """A register with a constant; not to be kept."""
        if value not in self.held:
            self(*_moved(self.free[0], value))
            return self.free[0]
        return self.held[value]

    def finish(self, it: Operation, d: str) -> None:
        """Shifts and clamps."""
        if it.clamp:
            self(f"ssat {d}, #{it.clamp.bit_length() + 1}, {d}" + (f", asr #{it.shift}" if it.shift else ""))
        elif it.shift:
            self(f"asr {d}, {d}, #{it.shift}")

    def plus(self, d: str, a: str, value: int) -> None:
        """Puts a + a constant into d."""
        if value and _immediate(abs(value)):
            self(f"{'add' if value > 0 else 'sub'} {d}, {a}, #{abs(value)}")
        elif value:
            self(f"add {d}, {a}, {self.number(value)}")
        elif d != a:
            self(f"mov {d}, {a}")

    def _memory(self, it: Operation) -> str:
        at = 2 * self.place(it.place) + self.at
        if at < 4096:
            return f"[r0, #{at}]"
        self(f"add {self.free[0]}, r0, #{at & ~4095}")
        return f"[{self.free[0]}, #{at & 4095}]"

    def _load(self, it: Operation, args: list[str], dying: set[str]) -> None:
        place = self._memory(it)
        self(f"ldrsh {self.made(it, dying)}, {place}")

    def _flash(self, it: Operation, args: list[str], dying: set[str]) -> None:
        self.columns.append(it)
        self(f"ldrsh {self.made(it, dying)}, [r2], #2")

    def _store(self, it: Operation, args: list[str], dying: set[str]) -> None:
        self(f"strh {args[0]}, {self._memory(it)}")

    def _line(self, it: Operation, args: list[str], dying: set[str]) -> None:
        (a,) = args
        d = self.made(it, dying)
        power = _power(abs(it.factor))
        if not power and it.factor in self.held and it.offset in self.held:
            self(f"mla {d}, {a}, {self.held[it.factor]}, {self.held[it.offset]}")
        elif not power:
            self(f"mul {d}, {a}, {self.number(it.factor)}")
            self.plus(d, d, it.offset)
        else:
            if power > 1:
                self(f"lsl {d}, {a}, #{power - 1}")
                a = d
            if it.factor < 0:
                self(f"rsb {d}, {a}, #0")
                a = d
            self.plus(d, a, it.offset)
        self.finish(it, d)

    def _sum(self, it: Operation, args: list[str], dying: set[str]) -> None:
        a, b = args
        d, both = self.made(it, dying), min(it.left, it.right)
        left, right = it.left - both, it.right - both
        name = "add" if it.factor > 0 else "sub"
        if left:
            self(f"{'add' if it.factor > 0 else 'rsb'} {d}, {b}, {a}, lsl #{left}")
        else:
            self(f"{name} {d}, {a}, {b}" + (f", lsl #{right}" if right else ""))
        if both:
            self(f"lsl {d}, {d}, #{both}")
        self.plus(d, d, it.offset)
        self.finish(it, d)

    def _mul(self, it: Operation, args: list[str], dying: set[str]) -> None:
        d = self.made(it, dying)
        if it.offset in self.held:
            self(f"mla {d}, {args[0]}, {args[1]}, {self.held[it.offset]}")
        else:
            self(f"mul {d}, {args[0]}, {args[1]}")
            self.plus(d, d, it.offset)
        self.finish(it, d)

    def _table(self, it: Operation, args: list[str], dying: set[str]) -> None:
        at = 2 * self.tables.at(it) + 256
        base = "r1"
        d, t, low = self.fresh(it), self.free[-1], self.free[-2]
        self(f"asr {t}, {args[0]}, #8", f"add {t}, {base}, {t}, lsl #1")
        if at + 2 > 4095:
            self(f"add {t}, {t}, #{at & ~4095}")
            at &= 4095
        self(f"ldrsh {d}, [{t}, #{at}]", f"ldrsh {t}, [{t}, #{at + 2}]", f"uxtb {low}, {args[0]}")
        self(f"sub {t}, {t}, {d}", f"mul {t}, {t}, {low}", f"add {d}, {d}, {t}, asr #8")
        self.finish(it, d)

    def _limit(self, it: Operation, args: list[str], dying: set[str]) -> None:
        (a,), (low, high) = args, it.bounds
        d = self.made(it, dying)
        bits = (high + 1).bit_length() - 1
        if high + 1 == 1 << bits and low in (0, ~high):
            self(f"usat {d}, #{bits}, {a}" if low == 0 else f"ssat {d}, #{bits + 1}, {a}")
            return
        self.plus(d, a, 0)
        for bound, name in ((low, "lt"), (high, "gt")):
            number = self.number(bound)
            self(f"cmp {d}, {number}", f"it {name}", f"mov{name} {d}, {number}")

    def _maximum(self, it: Operation, args: list[str], dying: set[str]) -> None:
        self._chosen(it, args, dying, ("ge", "lt"))

    def _minimum(self, it: Operation, args: list[str], dying: set[str]) -> None:
        self._chosen(it, args, dying, ("le", "gt"))

    def _chosen(self, it: Operation, args: list[str], dying: set[str], names: tuple[str, str]) -> None:
        d = self.made(it, dying)
        self(f"cmp {args[0]}, {args[1]}", f"ite {names[0]}")
        self(f"mov{names[0]} {d}, {args[0]}", f"mov{names[1]} {d}, {args[1]}")
        self.finish(it, d)

    def _greater(self, it: Operation, args: list[str], dying: set[str]) -> None:
        d, t = self.made(it, dying), self.free[-1]
        self(f"lsl {t}, {args[0]}, #{it.left}", f"cmp {t}, {args[1]}, lsl #{it.right}", "ite gt")
        self(f"movgt {d}, #{it.offset}", f"movle {d}, #0")

    def _select(self, it: Operation, args: list[str], dying: set[str]) -> None:
        c, a, b = args
        d = self.made(it, dying)
        self(f"cmp {c}, #0", "ite ne", f"movne {d}, {a}", f"moveq {d}, {b}")
        self.finish(it, d)


def _power(value: int) -> int:
    """One more than the exponent of a power of two; 0 of anything else."""
    return value.bit_length() if value and value & (value - 1) == 0 else 0


def _immediate(value: int) -> bool:
    """Whether an instruction holds a number: twelve bits, or eight anywhere."""
    lowest = (value & -value).bit_length() - 1 if value else 0
    return value < 4096 or value >> lowest < 256


def _moved(register: str, value: int) -> list[str]:
    low, high = value & 0xFFFF, value >> 16 & 0xFFFF
    return [f"movw {register}, #{low}"] + ([f"movt {register}, #{high}"] if high else [])
