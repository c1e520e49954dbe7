"""A loop in Thumb, for Cortex-M0+: r0 walks memory up to r11, r1 is 0, r2 walks the stream, r9 is the tables.

Operations work on r3 to r7; a number that is not wanted soon makes room for others in one of the high registers.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.mcu.fused.code import RARE, Generator, Loop, Place, Tables, in_c
from bench.mcu.fused.operations import Operation

_LOW, _HIGH = ("r3", "r4", "r5", "r6", "r7"), ("r8", "r10", "r12", "lr")
_CONSTANTS = 1  # registers for what every unit needs
_NEAR, _FAR = 62, 100  # bytes from r0 that an instruction reaches; instructions that a conditional branch crosses
_SAVED = ("r8", "r9", "r10", "r11")


def loop(operations: Sequence[Operation], size: int, place: Place, tables: Tables) -> Loop:
    """The code of a loop over so many units."""
    made = Thumb(operations, place, tables)
    made.unit()
    if made.columns:
        made(f"adds r2, r2, #{2 * len(made.columns)}")
    made("adds r0, r0, #2", "cmp r0, r11", *(["bne 90b"] if len(made.lines) < _FAR else ["beq 91f", "b 90b"]))
    low = [f"r{number}" for number in range(4, 8)]
    kept = "{" + ", ".join((*low, "lr")) + "}"
    saved = [f"mov {to}, {of}" for to, of in zip(low, _SAVED, strict=True)]
    restored = [f"mov {of}, {to}" for to, of in zip(low, _SAVED, strict=True)]
    fours = "{" + ", ".join(low) + "}"
    start = ["movs r3, #128", "lsls r3, r3, #1", "adds r1, r1, r3", "mov r9, r1", f"ldr r3, ={2 * size}"]
    enter = [f"push {kept}", *saved, f"push {fours}", *start, "adds r3, r3, r0", "mov r11, r3", *made.constants()]
    return Loop(
        (*enter, "movs r1, #0", "90:"),
        tuple(made.lines),
        ("91:", f"pop {fours}", *restored, f"pop {kept[:-3]}pc}}", ".ltorg"),
        size,
        made.stream(made.columns),
        tuple(in_c(operations, made.columns, place, tables)),
    )


class Thumb(Generator):
    """A unit's instructions.

    Attributes:
        free: registers that hold nothing, low ones.
        room: high ones.
        where: by operation, the register of its result, the oldest first.
        held: constants that have a register.
        labels: used so far.
    """

    def __init__(self, operations: Sequence[Operation], place: Place, tables: Tables) -> None:
        super().__init__(operations, place, tables)
        self.free, self.room = list(_LOW), list(_HIGH)
        self.where: dict[int, str] = {}
        self.held: dict[int, str] = {}
        self.labels = 0
        wanted = [2 * self.tables.at(table) for table in self.kinds("table")]
        wanted += [value for line in self.kinds("line") for value in (line.offset, line.factor) if abs(value) > 255]
        for value in wanted:
            if value and value not in self.held and len(self.held) < _CONSTANTS:
                self.held[value] = self.room.pop()

    def constants(self) -> list[str]:
        """What gives constants their registers."""
        return [line for value, at in self.held.items() for line in (f"ldr r3, ={value}", f"mov {at}, r3")]

    def unit(self) -> None:
        """All operations."""
        for operation in self.operations:
            args = [self._low(argument, operation) for argument in operation.args]
            for argument in operation.args:
                self.left[id(argument)] -= 1
            self._rooms(operation, 3)
            result = getattr(self, f"_{operation.kind}")(operation, *args)
            for argument, register in zip(operation.args, args, strict=True):
                if self.left[id(argument)] or id(argument) not in self.where:
                    continue
                del self.where[id(argument)]
                if register != result:
                    self.free.append(register)
            if result:
                self.where[id(operation)] = self._finish(operation, result)

    # Registers.

    def _rooms(self, it: Operation, count: int) -> None:
        """Free low registers; operands stay where they are."""
        mine = {id(argument) for argument in it.args}
        for other, register in list(self.where.items()):
            if len(self.free) >= count:
                return
            if register in _LOW and other not in mine:
                self.where[other] = self.room.pop()
                self(f"mov {self.where[other]}, {register}")
                self.free.append(register)

    def _low(self, argument: Operation, it: Operation) -> str:
        """An operand in a low register."""
        register = self.where[id(argument)]
        if register in _LOW:
            return register
        self._rooms(it, 1)
        self.where[id(argument)] = self.free.pop()
        self(f"mov {self.where[id(argument)]}, {register}")
        self.room.append(register)
        return self.where[id(argument)]

    def _own(self, it: Operation, number: int, register: str) -> str:
        """An operand in a register that may be changed: its own when it is read for the last time."""
        if not self.left[id(it.args[number])]:
            return register
        self(f"mov {self.free[-1]}, {register}")
        return self.free.pop()

    def _number(self, value: int, to: str) -> None:
        """A constant."""
        if value in self.held:
            self(f"mov {to}, {self.held[value]}")
            return
        size, twos = abs(value), 0
        while size > 255 and size % 2 == 0:
            size, twos = size // 2, twos + 1
        bytes_of = size.to_bytes((size.bit_length() + 7) // 8 or 1, "big")
        self(f"movs {to}, #{bytes_of[0]}")
        for byte in bytes_of[1:]:
            self(f"lsls {to}, {to}, #8", *([f"adds {to}, {to}, #{byte}"] if byte else []))
        self(*([f"lsls {to}, {to}, #{twos}"] if twos else []), *([f"rsbs {to}, {to}, #0"] if value < 0 else []))

    def _plus(self, d: str, value: int) -> None:
        """Adds a constant."""
        if value in self.held:
            self(f"add {d}, {self.held[value]}")
        elif 0 < abs(value) < 256:
            self(f"{'adds' if value > 0 else 'subs'} {d}, {d}, #{abs(value)}")
        elif value:
            self._number(value, self.free[0])
            self(f"adds {d}, {d}, {self.free[0]}")

    def _down(self, d: str, shift: int, rounds: bool) -> None:
        """Shifts to the right; the last bit that falls out is the carry, and rounds."""
        if shift:
            self(f"asrs {d}, {d}, #{shift}", *([f"adcs {d}, {d}, r1"] if rounds else []))

    def _label(self) -> int:
        self.labels += 1
        return self.labels

    def _finish(self, it: Operation, d: str) -> str:
        """Clamps."""
        if it.clamp:
            t, end, spare = self.free[0], self._label(), 31 - it.clamp.bit_length()
            narrowed = [f"sxth {t}, {d}"] if spare == 16 else [f"lsls {t}, {d}, #{spare}", f"asrs {t}, {t}, #{spare}"]
            self(*narrowed, f"cmp {t}, {d}", f"beq {end}f", f"{RARE}asrs {d}, {d}, #31", f"{RARE}movs {t}, #1")
            self(f"{RARE}lsls {t}, {t}, #{it.clamp.bit_length()}", f"{RARE}subs {t}, {t}, #1")
            self(f"{RARE}eors {d}, {d}, {t}", f"{end}:")
        return d

    # Operations; the register of each one's result.

    def _load(self, it: Operation) -> str:
        at, d = 2 * self.place(it.place), self.free.pop()
        if at <= _NEAR:
            self(f"ldrh {d}, [r0, #{at}]", f"sxth {d}, {d}")
        else:
            self._number(at, d)
            self(f"ldrsh {d}, [r0, {d}]")
        return d

    def _flash(self, it: Operation) -> str:
        d = self.free.pop()
        self(f"ldrh {d}, [r2, #{2 * len(self.columns)}]", f"sxth {d}, {d}")
        self.columns.append(it)
        return d

    def _store(self, it: Operation, a: str) -> None:
        at = 2 * self.place(it.place)
        if at <= _NEAR:
            self(f"strh {a}, [r0, #{at}]")
        else:
            self._number(at, self.free[0])
            self(f"strh {a}, [r0, {self.free[0]}]")

    def _line(self, it: Operation, a: str) -> str:
        d, size = self._own(it, 0, a), abs(it.factor)
        rounds = it.offset > 0 and it.offset == 1 << it.shift >> 1
        if size & (size - 1):
            self._number(it.factor, self.free[0])
            self(f"muls {d}, {self.free[0]}, {d}")
        else:
            self(*([f"lsls {d}, {d}, #{size.bit_length() - 1}"] if size > 1 else []))
            self(*([f"rsbs {d}, {d}, #0"] if it.factor < 0 else []))
        self._plus(d, 0 if rounds else it.offset)
        self._down(d, it.shift, rounds)
        return d

    def _sum(self, it: Operation, a: str, b: str) -> str:
        both, d = min(it.left, it.right), self.free.pop()
        left, right = it.left - both, it.right - both
        if left:
            self(f"lsls {d}, {a}, #{left}")
            a = d
        elif right:
            self(f"lsls {d}, {b}, #{right}")
            b = d
        self(f"{'adds' if it.factor > 0 else 'subs'} {d}, {a}, {b}", *([f"lsls {d}, {d}, #{both}"] if both else []))
        self._down(d, it.shift, it.offset > 0)
        return d

    def _mul(self, it: Operation, a: str, b: str) -> str:
        if self.left[id(it.args[0])] and not self.left[id(it.args[1])]:
            a, b = b, a
            d = a
        else:
            d = self._own(it, 0, a)
        self(f"muls {d}, {b}, {d}")
        self._down(d, it.shift, it.offset > 0)
        return d

    def _table(self, it: Operation, a: str) -> str:
        d, t, low = self.free.pop(), self.free[0], self._own(it, 0, a)
        self(f"asrs {t}, {a}, #8", f"lsls {t}, {t}, #1", f"add {t}, r9")
        at = 2 * self.tables.at(it)
        if at in self.held:
            self(f"add {t}, {self.held[at]}")
        elif at:
            self._number(at, d)
            self(f"adds {t}, {t}, {d}")
        self(f"ldrsh {d}, [{t}, r1]", f"ldrh {t}, [{t}, #2]", f"sxth {t}, {t}", f"subs {t}, {t}, {d}")
        self(f"uxtb {low}, {low}", f"muls {t}, {low}, {t}", f"asrs {t}, {t}, #8", f"adds {d}, {d}, {t}")
        if low != a:
            self.free.append(low)
        return d

    def _limit(self, it: Operation, a: str) -> str:
        d, (low, high), t = self._own(it, 0, a), it.bounds, self.free[0]
        if low == 0 and high == 32767:
            self(f"asrs {t}, {d}, #31", f"bics {d}, {d}, {t}")
            return d
        for bound, branch in ((low, "bge"), (high, "ble")):
            end = self._label()
            self._number(bound, t)
            self(f"cmp {d}, {t}", f"{branch} {end}f", f"{RARE}mov {d}, {t}", f"{end}:")
        return d

    def _maximum(self, it: Operation, a: str, b: str) -> str:
        return self._chosen(a, b, f"cmp {a}, {b}", "bge")

    def _minimum(self, it: Operation, a: str, b: str) -> str:
        return self._chosen(a, b, f"cmp {a}, {b}", "ble")

    def _select(self, it: Operation, c: str, a: str, b: str) -> str:
        return self._chosen(a, b, f"cmp {c}, #0", "bne")

    def _chosen(self, a: str, b: str, compare: str, branch: str) -> str:
        """A where the branch is taken after the comparison, else b."""
        d, end = self.free.pop(), self._label()
        self(f"mov {d}, {a}", compare, f"{branch} {end}f", f"{RARE}mov {d}, {b}", f"{end}:")
        return d

    def _greater(self, it: Operation, a: str, b: str) -> str:
        d, t, end = self.free.pop(), self.free[0], self._label()
        if it.left:
            self(f"lsls {t}, {a}, #{it.left}")
            a = t
        elif it.right:
            self(f"lsls {t}, {b}, #{it.right}")
            b = t
        self._number(it.offset, d)
        self(f"cmp {a}, {b}", f"bgt {end}f", f"{RARE}movs {d}, #0", f"{end}:")
        return d
