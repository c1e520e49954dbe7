"""Runs a graph in real numbers, in NumPy, a whole batch at once, in float64 or float32."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from bench.mcu.graph import Affine, Binary, Clamp, Floats, Gather, Graph, Linear, Operation, Unary, Where
from bench.mcu.machine import Machine
from cells.formula import OPS

TOLERANCE = 1e-4
"""How far a float32 score of the C code may be from NumPy's, relative to 1 + its size: they sum in another order."""


class RealInterpreter(Machine):
    """A graph at work on N independent sequences.

    Args:
        graph: from :func:`bench.mcu.lower`.
        batch: N.
        dtype: of every number and every rounding: float64, or float32 as the exported code has it.
    """

    def __init__(self, graph: Graph, batch: int, dtype: type[np.floating[Any]] = np.float64) -> None:
        super().__init__(graph, batch, dtype)

    def run(self, kernels: Iterable[Operation]) -> None:
        """Computes operations in order, infinities included: a gate of one is 0; calibration refuses the rest."""
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            super().run(kernels)

    def value(self, kernel: Operation) -> Any:
        """What an operation computes."""
        match kernel:
            case Linear(x=x, weight=weight, bias=bias, add=add):
                product = self[x] @ weight.T.astype(self.dtype)
                product = product if bias is None else product + bias.astype(self.dtype)
                return product if add is None else product + self[add]
            case Binary(a=a, b=b, function=function):
                return OPS[function].real(np, self[a], self[b])
            case Where(condition=condition, a=a, b=b):
                return np.where(self[condition] != 0, self[a], self[b])
            case Affine(a=a, scale=scale, offset=offset):
                return self.dtype(scale) * self[a] + self.dtype(offset)
            case Unary(a=a, function=function):
                return OPS[function].real(np, self[a])
            case Clamp(a=a, low=low, high=high):
                return np.clip(self[a], self.dtype(low), self.dtype(high))
            case Gather(parts=parts):
                return np.concatenate([self[part] for part in parts], axis=1)


def run_float(graph: Graph, x: Floats, watch: Callable[[int, int, Floats], None] | None = None) -> Floats:
    """Scores [N, C] after the last step, in float64: what the quantised program approximates.

    Args:
        graph: from :func:`bench.mcu.lower`.
        x: [N, T, D].
        watch: is told every step, buffer and value [N, size] that is written; scores, at every step.
    """
    machine = RealInterpreter(graph, len(x))
    for step in range(x.shape[1]):
        if watch is not None:
            machine.written = lambda number, step=step: watch(step, number, machine.arrays[number])  # type: ignore[misc]
        machine.step(x[:, step])
        if watch is not None:
            machine.scores()
    return machine.scores()
