"""A loop as code: what every processor's generator shares, and the same in C."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from bench.mcu.fused.operations import Operation
from bench.mcu.graph import Ref
from bench.mcu.program import KNOTS, Int16

Place = Callable[[Ref], int]
"""Where a vector begins in memory, in numbers."""
RARE = "\\"
"""Begins an instruction that runs only where a number saturates."""


@dataclass(frozen=True)
class Part:
    """Instructions that run one after the other.

    Attributes:
        lines: the instructions.
        times: how often they run.
        ends: how often their last branch is not taken.
        rare: how often what is rare of them may run, where that is more often.
        more: cycles beyond those of all lines that often, by branches; on AVR alone.
    """

    lines: tuple[str, ...]
    times: int = 1
    ends: int = 0
    rare: int = 0
    more: int = 0


class Code(Protocol):
    """A function that computes one kernel.

    Attributes:
        arguments: how many it takes.
    """

    arguments: ClassVar[int]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The function's instructions, and how often they run."""

    @property
    def text(self) -> tuple[str, ...]:
        """The function's assembly."""


@dataclass(frozen=True)
class Loop:
    """A function of one loop.

    Attributes:
        arguments: how many it takes.
        enter: instructions before it.
        body: those of a turn.
        leave: those after.
        turns: how often the body runs.
        stream: constants in the order in which units read them; empty where there are none.
        c: the same function's body in C.
    """

    arguments: ClassVar[int] = 3
    enter: tuple[str, ...]
    body: tuple[str, ...]
    leave: tuple[str, ...]
    turns: int
    stream: Int16
    c: tuple[str, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The function's instructions, and how often they run."""
        return Part(self.enter), Part(self.body, self.turns, 1), Part(self.leave, rare=self.turns)

    @property
    def text(self) -> tuple[str, ...]:
        """The function's assembly."""
        return text(self.parts)


def text(parts: Sequence[Part]) -> tuple[str, ...]:
    """Returns the assembly of a function's parts."""
    return tuple(line.removeprefix(RARE) for part in parts for line in part.lines)


class Tables:
    """All knots of a program in one array, so that a loop needs one pointer to them."""

    def __init__(self, tables: Sequence[Int16]) -> None:
        self.offsets: dict[bytes, int] = {}
        unique = {table.tobytes(): table for table in tables}
        for number, key in enumerate(unique):
            self.offsets[key] = number * KNOTS
        self.values: Int16 = np.concatenate([*unique.values(), np.zeros(0, np.int16)])

    def at(self, table: Operation) -> int:
        """Where an operation's knots begin, in numbers."""
        assert table.values is not None  # noqa: S101 -- a table has knots
        return self.offsets[table.values.tobytes()]


def in_c(operations: Sequence[Operation], columns: Sequence[Operation], place: Place, tables: Tables) -> list[str]:
    """A unit's operations in C.

    Args:
        operations: in order.
        columns: those of flash in the order in which a unit reads them.
        place: of vectors.
        tables: of the program.
    """
    names = {id(operation): f"v{number}" for number, operation in enumerate(operations)}

    def line(operation: Operation) -> str:
        names_of = [names[id(argument)] for argument in operation.args]
        if operation.kind == "store":
            return f"m[{place(operation.place)}] = (int16_t){names_of[0]};"
        value = _value(operation, names_of, columns, place, tables)
        value = f"rnn_clamp({value}, {operation.clamp})" if operation.clamp else value
        return f"const int32_t {names[id(operation)]} = {value};"

    return [line(operation) for operation in operations]


def _value(it: Operation, args: list[str], columns: Sequence[Operation], place: Place, tables: Tables) -> str:
    a, b, c = (*args, "", "", "")[:3]
    least, most = (f"({bound}L)" for bound in it.bounds)
    match it.kind:
        case "load":
            return f"m[{place(it.place)}]"
        case "flash":
            return f"stream[{next(number for number, column in enumerate(columns) if column is it)}]"
        case "line":
            return f"({a} * {it.factor}L + {it.offset}L) >> {it.shift}"
        case "sum":
            sign = "+" if it.factor > 0 else "-"
            return f"({a} * {1 << it.left}L {sign} {b} * {1 << it.right}L + {it.offset}L) >> {it.shift}"
        case "mul":
            return f"({a} * {b} + {it.offset}L) >> {it.shift}"
        case "table":
            return f"rnn_knots(tables + {tables.at(it)}, {a})"
        case "limit":
            return f"{a} < {least} ? {least} : {a} > {most} ? {most} : {a}"
        case "maximum":
            return f"{a} > {b} ? {a} : {b}"
        case "minimum":
            return f"{a} < {b} ? {a} : {b}"
        case "greater":
            return f"{a} * {1 << it.left}L > {b} * {1 << it.right}L ? {it.offset} : 0"
        case "select":
            return f"{a} ? {b} : {c}"
    raise AssertionError(f"no value: {it.kind}")


class Generator:
    """The instructions of a loop's operations, one processor's.

    Args:
        operations: in order.
        place: of vectors.
        tables: of the program.

    Attributes:
        lines: so far.
        columns: the operations of flash, in the order in which a unit reads them.
        left: by operation, how many reads of its result are still to come.
    """

    def __init__(self, operations: Sequence[Operation], place: Place, tables: Tables) -> None:
        self.operations, self.place, self.tables = operations, place, tables
        self.lines: list[str] = []
        self.columns: list[Operation] = []
        self.left = {id(operation): 0 for operation in operations}
        for operation in operations:
            for argument in operation.args:
                self.left[id(argument)] += 1

    def __call__(self, *lines: str) -> None:
        """Adds instructions."""
        self.lines += lines

    def kinds(self, kind: str) -> list[Operation]:
        """The operations of a kind."""
        return [operation for operation in self.operations if operation.kind == kind]

    @staticmethod
    def stream(columns: Sequence[Operation]) -> Int16:
        """The constants of all units, unit by unit."""
        values = [column.values for column in columns if column.values is not None]
        return np.stack(values, 1).ravel() if values else np.zeros(0, np.int16)
