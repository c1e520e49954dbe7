"""Runs a graph in real numbers, in NumPy, a whole batch at once, in float64 or float32."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.mcu.graph import (
    Affine,
    Binary,
    Clamp,
    Floats,
    Gather,
    Graph,
    Linear,
    Memory,
    Operation,
    Ref,
    Unary,
    Where,
)
from cells.formula import OPS

TOLERANCE = 1e-4
"""How far a float32 score of the C code may be from NumPy's, relative to 1 + its size: they sum in another order."""
Watch = Callable[[int, int, Floats], None]


class RealInterpreter:
    """A graph at work on N independent sequences.

    Args:
        graph: from :func:`bench.mcu.lower`.
        batch: N.
        dtype: of every number and every rounding: float64, or float32 as the exported code has it.
    """

    def __init__(self, graph: Graph, batch: int, dtype: type[np.floating[Any]] = np.float64) -> None:
        self.graph = graph
        self.dtype = dtype
        self.memory = Memory(
            [
                np.zeros((batch, buffer.size), dtype)
                if buffer.value is None
                else np.broadcast_to(buffer.value.astype(dtype), (batch, buffer.size))
                for buffer in graph.buffers
            ]
        )

    def step(self, x: npt.NDArray[Any]) -> None:
        """One sample [N, D]."""
        self.memory[Ref(0, 0, x.shape[1])] = x
        self._run(self.graph.step)

    def scores(self) -> npt.NDArray[Any]:
        """[N, C], of the present state."""
        self._run(self.graph.head)
        return self.memory[self.graph.scores].copy()

    def _run(self, operations: tuple[Operation, ...]) -> None:
        # exp of a large number is infinite and a gate then 0; what else is not finite, calibration refuses
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            for operation in operations:
                self.memory[operation.out] = _value(operation, self.memory, self.dtype)


def _value(operation: Operation, memory: Memory, dtype: type[np.floating[Any]]) -> Any:
    match operation:
        case Linear(x=x, weight=weight, bias=bias, add=add):
            product = memory[x] @ weight.T.astype(dtype)
            product = product if bias is None else product + bias.astype(dtype)
            return product if add is None else product + memory[add]
        case Binary(a=a, b=b, function=function):
            return OPS[function].real(np, memory[a], memory[b])
        case Where(condition=condition, a=a, b=b):
            return OPS["where"].real(np, memory[condition] != 0, memory[a], memory[b])
        case Affine(a=a, scale=scale, offset=offset):
            return dtype(scale) * memory[a] + dtype(offset)
        case Unary(a=a, function=function):
            return OPS[function].real(np, memory[a])
        case Clamp(a=a, low=low, high=high):
            return np.clip(memory[a], dtype(low), dtype(high))
        case Gather(parts=parts):
            return np.concatenate([memory[part] for part in parts], axis=1)


def _tell(watch: Watch, step: int, memory: Memory, number: int) -> None:
    watch(step, number, memory.arrays[number])


def run_float(graph: Graph, x: Floats, watch: Watch | None = None) -> Floats:
    """Scores after the last step, in float64: what the quantised program approximates.

    Args:
        graph: from :func:`bench.mcu.lower`.
        x: [N, T, D].
        watch: is told every step, buffer and value [N, size] that is written; scores, at every step.

    Returns:
        [N, C].
    """
    machine = RealInterpreter(graph, len(x))
    for step in range(x.shape[1]):
        if watch is not None:
            machine.memory.written = partial(_tell, watch, step, machine.memory)
        machine.step(x[:, step])
        if watch is not None:
            machine.scores()
    return machine.scores()
