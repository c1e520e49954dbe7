"""Which kernels of a program become one loop: runs of element-wise kernels on vectors of one length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from bench.mcu.fused.operations import Operation, alive, lowered
from bench.mcu.graph import Ref, reads
from bench.mcu.program import Kernel, Limit, Pair, Program, Scale, Select, Table

MOST_ALIVE = 4
"""Numbers that a loop keeps from one operation to the next: as many as every processor has registers for."""
_MOST_PARTS = 8  # of a long vector, which a loop takes side by side


@dataclass(frozen=True)
class Fused:
    """Element-wise kernels as one loop.

    Attributes:
        out: what it leaves in memory.
        x: what it reads.
        size: units.
        operations: on a unit's numbers, in order.
    """

    out: tuple[Ref, ...]
    x: tuple[Ref, ...]
    size: int
    operations: tuple[Operation, ...]

    @property
    def memory(self) -> list[Ref]:
        """What it loads and stores."""
        return [operation.place for operation in self.operations if operation.kind in ("load", "store")]


def fused(program: Program) -> Program:
    """The program with every run of element-wise kernels as one :class:`Fused`: what code is made from."""
    step, head = (tuple(_joined(program, kernels)) for kernels in (program.step, program.head))
    return replace(program, step=cast(Any, step), head=cast(Any, head))


def _joined(program: Program, kernels: Sequence[Kernel]) -> Iterator[Kernel | Fused]:
    at = 0
    while at < len(kernels):
        loop, end = None, at + 1
        while end <= len(kernels) and (longer := _loop(program, kernels[at:end])) is not None:
            loop, end = longer, end + 1
        if loop is None:
            yield kernels[at]
        elif loop.operations:
            yield loop
        at = max(at + 1, end - 1)


def _loop(program: Program, kernels: Sequence[Kernel]) -> Fused | None:
    """Kernels as one loop; ``None`` where they cannot be."""
    size = min(kernel.out.size for kernel in kernels)
    if not all(
        _elementwise(kernel) and kernel.out.size in range(size, _MOST_PARTS * size + 1, size) for kernel in kernels
    ):
        return None
    run = [part for kernel in kernels for part in _cut(kernel, size)]
    if not _apart(run):
        return None
    outside = [kernel for kernel in program.kernels if not any(kernel is one for one in kernels)]
    kept = {ref for kernel in outside for ref in reads(kernel)} | {program.scores}
    states = {number for number, buffer in enumerate(program.buffers) if buffer.role == "state"}
    out = {part.out for part in run if part.out.buffer in states or any(_meet(part.out, ref) for ref in kept)}
    operations = lowered(program.buffers, run, out)
    if len(kernels) > 1 and alive(operations) > MOST_ALIVE:
        return None
    x = {ref for part in run for ref in reads(part)}
    return Fused(tuple(sorted(out, key=_place)), tuple(sorted(x, key=_place)), size, operations)


def _place(ref: Ref) -> tuple[int, int]:
    return ref.buffer, ref.offset


def _elementwise(kernel: Kernel) -> bool:
    return isinstance(kernel, Pair | Select | Scale | Table | Limit) and getattr(kernel, "function", "") != "div"


def _cut(kernel: Kernel, size: int) -> Iterator[Kernel]:
    """A kernel as kernels of so many of its numbers."""
    refs = {field.name: getattr(kernel, field.name) for field in fields(kernel)}
    for start in range(0, kernel.out.size, size):
        parts = {name: Ref(ref.buffer, ref.offset + start, size) for name, ref in refs.items() if isinstance(ref, Ref)}
        yield replace(kernel, **cast(Any, parts))


def _meet(one: Ref, other: Ref) -> bool:
    """Whether two vectors share numbers."""
    starts, ends = max(one.offset, other.offset), min(one.offset + one.size, other.offset + other.size)
    return one.buffer == other.buffer and starts < ends


def _apart(run: Sequence[Kernel]) -> bool:
    """Whether no unit depends on another: what is written is read at its very place, or not at all."""
    written = {kernel.out for kernel in run}
    touched = written | {ref for kernel in run for ref in reads(kernel)}
    return not any(one != other and _meet(one, other) for one in written for other in touched)
