"""Buffers and operations of a graph while it is built, and where the numbers of a value stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.mcu.graph import Buffer, Floats, Gather, Operation, Ref, Role

Parts = tuple[Ref, ...]
"""Where the numbers of a value stand, run by run."""
Value = Floats | Parts
"""A constant, or the places of what depends on the inputs."""


class Places:
    """Buffers and operations while they are collected."""

    def __init__(self) -> None:
        self.buffers: list[Buffer] = []
        self.operations: list[Operation] = []

    def buffer(self, size: int, role: Role, value: Floats | None = None) -> Ref:
        """A new buffer, whole."""
        self.buffers.append(Buffer(size, role, value))
        return Ref(len(self.buffers) - 1, 0, size)

    def temporary(self, size: int) -> Ref:
        """A new temporary, whole."""
        return self.buffer(size, "temporary")

    def emit(self, operation: Operation) -> Ref:
        """Adds an operation; where its result stands."""
        self.operations.append(operation)
        return operation.out

    def parts(self, value: Value) -> Parts:
        """Where a value stands; a constant in a buffer of its own."""
        return value if isinstance(value, tuple) else (self.buffer(value.size, "constant", value),)

    def ref(self, value: Value, size: int | None = None) -> Ref:
        """Where a value stands in one run, gathered where it does not; a number repeated to ``size``."""
        if not isinstance(value, tuple):
            value = np.broadcast_to(value, value.size if size is None else size).copy()
        parts = self.parts(value)
        if len(parts) == 1:
            return parts[0]
        return self.emit(Gather(self.temporary(sum(part.size for part in parts)), parts))

    def in_memory(self, value: Value, size: int) -> Ref:
        """As :meth:`ref`, a constant copied to memory: kernels read their last operand alone from flash."""
        ref = self.ref(value, size)
        return ref if isinstance(value, tuple) else self.emit(Gather(self.temporary(size), (ref,)))


def cut(parts: Parts, first: int, end: int) -> Parts:
    """The numbers from ``first`` to ``end`` of a value."""
    kept, at = [], 0
    for part in parts:
        low, high = max(first - at, 0), min(end - at, part.size)
        if low < high:
            kept.append(Ref(part.buffer, part.offset + low, high - low))
        at += part.size
    return tuple(kept)


def joined(parts: list[Ref]) -> Parts:
    """Runs that follow each other in memory, as one."""
    runs: list[Ref] = []
    for part in parts:
        if runs and runs[-1].buffer == part.buffer and runs[-1].offset + runs[-1].size == part.offset:
            runs[-1] = replace(runs[-1], size=runs[-1].size + part.size)
        else:
            runs.append(part)
    return tuple(runs)
