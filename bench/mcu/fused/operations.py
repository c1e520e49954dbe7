"""Element-wise kernels as operations on one unit's numbers, which a processor computes in registers.

Every result has known bounds, so that what cannot saturate is not clamped; a sum whose shifts allow it is taken apart,
for floor((a 2^s + b) / 2^s) = a + floor(b / 2^s), and what does not depend on the input is computed beforehand. The
results are those of the kernels, whose meaning :mod:`bench.mcu.program` says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np

from bench.mcu.graph import Ref
from bench.mcu.program import Int16, IntBuffer, Kernel, Limit, Pair, Scale, Select, Table

Kind = Literal[
    "load", "flash", "line", "sum", "mul", "table", "limit", "maximum", "minimum", "greater", "select", "store"
]
Bounds = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation on a unit's numbers.

    ``load``     of ``ref``
    ``flash``    the unit's number of ``values``
    ``line``     (factor a + offset) >> shift
    ``sum``      ((a << left) + factor (b << right) + offset) >> shift, where factor is 1 or -1
    ``mul``      (a b + offset) >> shift
    ``table``    of a by ``values``, 257 knots
    ``limit``    a within the bounds
    ``maximum``, ``minimum``  of a and b
    ``greater``  offset where (a << left) > (b << right), else 0
    ``select``   b where a is not 0, else c
    ``store``    of a to ``ref``

    Attributes:
        kind: which.
        args: the operations whose results it takes: a, b, c.
        bounds: of the result before it is clamped.
        clamp: the limit at which the result saturates; 0 where it cannot exceed it.
    """

    kind: Kind
    args: tuple[Operation, ...] = ()
    bounds: Bounds = (0, 0)
    clamp: int = 0
    factor: int = 1
    offset: int = 0
    left: int = 0
    right: int = 0
    shift: int = 0
    ref: Ref | None = None
    values: Int16 | None = None

    @property
    def place(self) -> Ref:
        """The vector in memory."""
        assert self.ref is not None  # noqa: S101 -- of what loads and stores
        return self.ref

    @property
    def least(self) -> int:
        """The smallest result."""
        return max(self.bounds[0], ~self.clamp) if self.clamp else self.bounds[0]

    @property
    def most(self) -> int:
        """The largest result."""
        return min(self.bounds[1], self.clamp) if self.clamp else self.bounds[1]


def lowered(buffers: Sequence[IntBuffer], run: Sequence[Kernel], out: Collection[Ref]) -> tuple[Operation, ...]:
    """The operations of kernels of one length.

    Args:
        buffers: of the program.
        run: the kernels, in order.
        out: what of their results must be in memory after.
    """
    lowering = _Lowering(buffers)
    for kernel in run:
        lowering.held[kernel.out] = lowering.clamped(kernel)
    last = {kernel.out: lowering.held[kernel.out] for kernel in run if kernel.out in out}
    return tuple(_ordered([Operation("store", (value,), ref=ref) for ref, value in last.items()]))


def _ordered(stores: Sequence[Operation]) -> Iterator[Operation]:
    """What the stores need, every operation after its arguments; what is overwritten is loaded before."""
    loads: list[Operation] = []
    done: set[int] = set()

    def visit(operation: Operation) -> Iterator[Operation]:
        if id(operation) not in done:
            done.add(id(operation))
            for argument in operation.args:
                yield from visit(argument)
            yield operation

    for store in stores:
        loads += [operation for operation in visit(store) if operation.kind == "load"]
    done.clear()
    for store in stores:
        yield from visit(store.args[0])
        for load in loads:
            if load.ref == store.ref:
                yield from visit(load)
        yield store


def alive(operations: Sequence[Operation]) -> int:
    """The most numbers that are kept from one operation to a later one."""
    last = {id(argument): number for number, operation in enumerate(operations) for argument in operation.args}
    return max(
        (
            sum(last.get(id(before), -1) > number for before in operations[: number + 1])
            for number in range(len(operations))
        ),
        default=0,
    )


class _Lowering:
    def __init__(self, buffers: Sequence[IntBuffer]) -> None:
        self.buffers = buffers
        self.held: dict[Ref, Operation] = {}

    def at(self, ref: Ref) -> Operation:
        """A number of memory or of flash, or the result that stands for it."""
        if ref not in self.held:
            buffer = self.buffers[ref.buffer]
            if buffer.value is None:
                self.held[ref] = Operation("load", bounds=(~buffer.limit, buffer.limit), ref=ref)
            else:
                self.held[ref] = _flash(buffer.value[ref.offset : ref.offset + ref.size])
        return self.held[ref]

    def clamped(self, kernel: Kernel) -> Operation:
        """A kernel's operation, clamped to the bits of its buffer where its bounds are beyond."""
        limit = self.buffers[kernel.out.buffer].limit
        made = self.operation(kernel, limit)
        beyond = made.least < ~limit or made.most > limit
        return replace(made, clamp=limit) if beyond else made

    def operation(self, kernel: Kernel, limit: int) -> Operation:
        match kernel:
            case Pair(a=a, b=b):
                return _pair(kernel, self.at(a), self.at(b), limit)
            case Select(condition=condition, a=a, b=b):
                c, x, y = self.at(condition), self.at(a), self.at(b)
                return Operation("select", (c, x, y), (min(x.least, y.least), max(x.most, y.most)))
            case Scale(a=a, factor=factor, offset=offset, shift=shift):
                return _line(self.at(a), factor, offset, shift)
            case Table(a=a, knots=knots):
                return Operation("table", (self.at(a),), (int(knots.min()), int(knots.max())), values=knots)
            case Limit(a=a, low=low, high=high):
                return Operation("limit", (self.at(a),), (max(low, ~limit), min(high, limit)))
        raise AssertionError(f"no element-wise kernel: {kernel}")


def _flash(values: Int16) -> Operation:
    return Operation("flash", bounds=(int(values.min()), int(values.max())), values=values)


def _line(a: Operation, factor: int, offset: int, shift: int) -> Operation:
    """Twos that the factor and the shift share are taken out of both."""
    shared = min((factor & -factor).bit_length() - 1, shift) if factor else 0
    factor, offset, shift = factor >> shared, offset >> shared, shift - shared
    ends = sorted((factor * end + offset) >> shift for end in (a.least, a.most))
    return Operation("line", (a,), (ends[0], ends[1]), factor=factor, offset=offset, shift=shift)


def _pair(kernel: Pair, a: Operation, b: Operation, limit: int) -> Operation:
    match kernel.function:
        case "add":
            return _sum(a, b, 1, kernel)
        case "sub":
            return _sum(a, b, -1, kernel)
        case "mul":
            half = 1 << kernel.shift >> 1
            ends = [x * y for x, y in product((a.least, a.most), (b.least, b.most))]
            bounds = ((min(ends) + half) >> kernel.shift, (max(ends) + half) >> kernel.shift)
            return Operation("mul", (a, b), bounds, offset=half, shift=kernel.shift)
        case "maximum":
            return Operation("maximum", (a, b), (max(a.least, b.least), max(a.most, b.most)))
        case "minimum":
            return Operation("minimum", (a, b), (min(a.least, b.least), min(a.most, b.most)))
    common = min(kernel.shift_a, kernel.shift_b)
    left, right, one = kernel.shift_a - common, kernel.shift_b - common, min(1 << kernel.shift, limit)
    return Operation("greater", (a, b), (0, one), left=left, right=right, offset=one)


def _sum(a: Operation, b: Operation, sign: int, kernel: Pair) -> Operation:
    shared = min(kernel.shift_a, kernel.shift_b, kernel.shift)
    left, right, shift = kernel.shift_a - shared, kernel.shift_b - shared, kernel.shift - shared
    half = 1 << shift >> 1
    if shift and left >= shift:
        left, b, right, sign, shift, half = left - shift, _down(b, sign, right, half, shift), 0, 1, 0, 0
    elif shift and right >= shift:
        right, a, left, shift, half = right - shift, _down(a, 1, left, half, shift), 0, 0, 0
    low, high = a.least << left, a.most << left
    others = sorted((sign * (b.least << right), sign * (b.most << right)))
    bounds = ((low + others[0] + half) >> shift, (high + others[1] + half) >> shift)
    return Operation("sum", (a, b), bounds, factor=sign, left=left, right=right, offset=half, shift=shift)


def _down(a: Operation, sign: int, left: int, half: int, shift: int) -> Operation:
    """(sign (a << left) + half) >> shift, of values in flash beforehand where int16 holds it."""
    if a.kind == "flash" and a.values is not None:
        values = (sign * (a.values.astype(np.int64) << left) + half) >> shift
        if values.min() >= -32768 and values.max() <= 32767:
            return _flash(values.astype(np.int16))
    return _line(a, sign << left if sign > 0 else -(1 << left), half, shift)
