"""Calls of the float32 kernels: the operations as they are, without scales."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.mcu.emit.layout import is_sparse_float, sparse_float
from bench.mcu.emit.source import Call, Emitter
from bench.mcu.emit.template import literal
from bench.mcu.graph import Affine, Binary, Clamp, Gather, Graph, Linear, Operation, Unary, Where
from bench.mcu.reference import RealInterpreter
from bench.mcu.target import Target

_PROBES = (16, 12)  # sequences, steps


class FloatEmitter(Emitter):
    """Calls of the float32 kernels."""

    model: Graph
    format, number, bytes, template = "float32", "float", 4, "kernels_float.c.j2"

    def __init__(self, model: Graph, target: Target) -> None:
        super().__init__(model, target)
        self.zeros = _zeros(model)

    def stored(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A constant vector in float32."""
        return value.astype(np.float32)

    def calls(self, operation: Operation) -> list[Call]:
        """What computes an operation."""
        out, n, size = self.at(operation.out), operation.out.size, str(operation.out.size)

        def call(name: str, *arguments: str) -> list[Call]:
            return [Call(name, (out, *arguments), n, operation)]

        match operation:
            case Linear():
                return [self._linear(operation, out)]
            case Binary(a=a, b=b, function=function):
                return call(function + self.in_flash(b), self.at(a), self.at(b), size)
            case Where(condition=condition, a=a, b=b):
                return call("where" + self.in_flash(b), self.at(condition), self.at(a), self.at(b), size)
            case Affine(a=a, scale=scale, offset=offset):
                return call("scale", self.at(a), size, literal(float(scale)), literal(float(offset)))
            case Unary(a=a, function=function):
                return call(function, self.at(a), size)
            case Clamp(a=a, low=low, high=high):
                return call("limit", self.at(a), size, _bound(low), _bound(high))
            case Gather():
                return self.copies(operation)

    def _linear(self, operation: Linear, out: str) -> Call:
        rows, columns = operation.weight.shape
        weight = operation.weight.astype(np.float32)
        bias = "0" if operation.bias is None else self.constant("b", operation.bias.astype(np.float32))
        add = "0" if operation.add is None else self.at(operation.add)
        x, zeros = self.at(operation.x), self.zeros.get(operation.x.buffer, 0.0)
        if is_sparse_float(operation, self.target):
            index, values = sparse_float(weight)
            names = (self.constant("s", values), self.constant("i", index))
            return Call("sparse", (out, x, *names, bias, add, str(rows)), rows, operation, zeros)
        arguments = (out, x, self.constant("w", weight), bias, add, str(rows), str(columns))
        return Call("matvec", arguments, rows, operation, zeros)


def _zeros(graph: Graph) -> dict[int, float]:
    """The part of 0 in every rectified buffer, on a few random sequences."""
    rectified = {
        operation.out.buffer for operation in graph.kernels if isinstance(operation, Clamp) and operation.low == 0
    }
    if not rectified:
        return {}
    machine = RealInterpreter(graph, _PROBES[0])
    seen: list[dict[int, float]] = []
    for x in np.random.default_rng(0).normal(size=(_PROBES[1], _PROBES[0], graph.buffers[0].size)):
        machine.step(x)
        seen.append({number: float((machine.arrays[number] == 0).mean()) for number in rectified})
    return {number: float(np.mean([part[number] for part in seen])) for number in rectified}


def _bound(value: float) -> str:
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    return literal(float(value))
